"""fal's queue: check progress, fetch results, cancel.

Protocol: https://fal.ai/docs/documentation/model-apis/inference/queue
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import count, islice
from typing import Any, TypeGuard
from urllib.parse import quote

import fal_client
import httpx
from django.utils.translation import gettext_lazy as _
from fal_client.client import USER_AGENT, AsyncBackupDomainTransport

from ..endpoints import Outputs
from ..exceptions import NotReady, RemoteCancelled, RemoteFailure, TryLater
from .answers import (
    error_code,
    exchange,
    failure_code,
    is_final_failure,
    is_url,
    json_of,
    object_in,
    remote_call,
)
from .cleaning import clean
from .credentials import CurrentCredentials
from .transport import MIB, BoundedClient

ASK_SECONDS = 20
TIMEOUT = 120.0
"""Seconds that fal-client allows its calls. The app's limit is shorter."""
MOST_BYTES = 4 * MIB
"""Size limit of an answer. A status contains log lines, a result anything the model returns."""
MILLIONTH = Decimal("0.000001")
MOST_UNITS = 10**12
MOST_WAITING = 2**31
LOG_LINES = 5
LOG_LINE = 200
SORA_ID = 200
"""Characters of a Sora id that its column can hold."""
CANCELLED = 499
"""fal's status code for a cancelled request."""
MAX_PARALLEL_QUESTIONS = 20
"""Questions at the same time."""
CLIENTS = 5
"""Clients with connections of their own: httpcore checks all idle ones before and after a call."""

_calls = count()


@dataclass(frozen=True)
class Progress:
    """The progress of a request at fal."""

    is_finished: bool
    """Whether it has finished. Only the result tells whether it succeeded."""
    position: int | None = None
    """Number of requests ahead of it in the queue."""
    logs: tuple[str, ...] = ()
    """The last log lines of the runner. They are foreign text."""


@dataclass(frozen=True)
class Result:
    """The files that fal made. Their URLs are foreign input."""

    video_url: str
    sora_id: str = ""
    thumbnail_url: str = ""
    spritesheet_url: str = ""
    billable_units: Decimal | None = None
    """Number of units that fal charges for."""


async def progress(endpoint_id: str, request_id: str) -> Progress:
    """Return the progress of a request. Raise `TryLater` if the answer doesn't tell."""
    async with remote_call(ASK_SECONDS):
        status = await _handle(endpoint_id, request_id).status(with_logs=True)
        if isinstance(status, fal_client.Queued):
            return Progress(is_finished=False, position=_place(status.position))
        if isinstance(status, fal_client.InProgress):
            return Progress(is_finished=False, logs=_log_lines(status.logs))
    return Progress(is_finished=True)


async def result(endpoint_id: str, request_id: str, outputs: Outputs) -> Result:
    """Fetch the result of a finished request. This is always free.

    Raise `NotReady` if it hasn't finished, `TryLater` if the answer doesn't tell, and
    `RemoteFailure` if fal reports a failure or sends no usable result.
    """
    async with remote_call(ASK_SECONDS):
        handle = _handle(endpoint_id, request_id)
        # fal-client's own `result` checks the status again, without a time limit.
        response = await handle.client.get(handle.response_url)
        if response.is_server_error and not is_final_failure(response):
            await _raise_error_in_status(handle)
        return _result_in(response, outputs)


async def cancel(endpoint_id: str, request_id: str) -> None:
    """Ask fal to stop a request. Raise `TryLater` if fal doesn't answer.

    A running request may still finish with a result. A finished (400) or unknown (404) one is left
    as it is.
    """
    async with remote_call(ASK_SECONDS):
        try:
            await _handle(endpoint_id, request_id).cancel()
        except fal_client.FalClientHTTPError as error:
            if error.status_code not in (400, 404):
                raise


def _result_in(response: httpx.Response, outputs: Outputs) -> Result:
    if response.status_code == httpx.codes.OK:
        return _result(response, outputs)
    if _is_pending(response):
        raise NotReady
    if response.status_code == CANCELLED:
        raise RemoteCancelled("client_cancelled", exchange(response))
    if is_final_failure(response):
        raise RemoteFailure(failure_code(response), exchange(response))
    raise TryLater(exchange(response))


async def _raise_error_in_status(handle: fal_client.AsyncRequestHandle) -> None:
    """Raise `RemoteFailure` if the status reports an error that the result does not show."""
    try:
        status = await handle.status()
    except (fal_client.FalClientError, LookupError, ValueError, TypeError, AttributeError):
        return
    if isinstance(status, fal_client.Completed) and status.error:
        code = error_code(status.error_type, "internal_error")
        raise RemoteFailure(code, clean(status.error))


def _place(position: object) -> int | None:
    if isinstance(position, bool) or not isinstance(position, int):
        return None
    return position if 0 <= position < MOST_WAITING else None


def _log_lines(logs: object) -> tuple[str, ...]:
    """Return the last lines that are not empty."""
    entries = reversed(logs) if isinstance(logs, list) else ()
    said = (entry.get("message") for entry in entries if isinstance(entry, dict))
    lines = (clean(text, LOG_LINE) for text in said if isinstance(text, str))
    return tuple(islice(filter(None, lines), LOG_LINES))[::-1]


def _result(response: httpx.Response, outputs: Outputs) -> Result:
    output = object_in(response)
    if output is None:
        raise TryLater(exchange(response))
    url = _url(output, outputs.video)
    if not url:
        message = _("fal's result contains no video. %(exchange)s")
        raise RemoteFailure("result_missing", message % {"exchange": exchange(response)})
    sora_id = output.get(outputs.sora_id)
    return Result(
        video_url=url,
        sora_id=sora_id if _is_sora_id(sora_id) else "",
        thumbnail_url=_url(output, outputs.thumbnail),
        spritesheet_url=_url(output, outputs.spritesheet),
        billable_units=_units(response.headers.get("x-fal-billable-units", "")),
    )


def _units(text: str) -> Decimal | None:
    try:
        units = Decimal(text)
        return units.quantize(MILLIONTH) if 0 <= units < MOST_UNITS else None
    except InvalidOperation:
        return None


def _url(output: Mapping[str, Any], key: str) -> str:
    file = output.get(key)
    url = file.get("url") if isinstance(file, dict) else None
    return url if is_url(url) else ""


def _is_sora_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= SORA_ID and value.isprintable()


def _is_pending(response: httpx.Response) -> bool:
    """Recognise the answers for a running request: 202, or 400 with this text."""
    if response.status_code == httpx.codes.ACCEPTED:
        return True
    detail = json_of(response).get("detail")
    return isinstance(detail, str) and "still in progress" in detail


def _handle(endpoint_id: str, request_id: str) -> fal_client.AsyncRequestHandle:
    return fal_client.AsyncRequestHandle.from_request_id(
        _client(), endpoint_id, quote(request_id, safe="")
    )


def _client() -> httpx.AsyncClient:
    return _client_of(os.getpid(), next(_calls) % CLIENTS)


@cache
def _client_of(pid: int, number: int = 0) -> httpx.AsyncClient:
    """Return a client like fal-client's own, but with size limits."""
    return BoundedClient(
        MOST_BYTES,
        headers={"User-Agent": USER_AGENT},
        auth=CurrentCredentials(),
        transport=AsyncBackupDomainTransport(),
        timeout=TIMEOUT,
    )
