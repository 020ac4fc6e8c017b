"""The queue: ask, fetch, cancel.

Protocol: https://fal.ai/docs/documentation/model-apis/inference/queue
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import islice
from typing import Any, TypeGuard
from urllib.parse import quote

import fal_client
import httpx
from django.utils.translation import gettext_lazy as _
from fal_client.client import USER_AGENT, AsyncBackupDomainTransport

from ..endpoints import Outputs
from ..exceptions import NotReady, RemoteCancelled, RemoteFailure, TryLater
from .answers import (
    asking,
    error_code,
    exchange,
    failure_code,
    is_url,
    json_of,
    object_in,
    says_failed,
)
from .cleaning import clean
from .credentials import CurrentCredentials
from .transport import MIB, BoundedClient

ASK_SECONDS = 20
TIMEOUT = 120.0
"""Seconds that fal-client gives its calls; ours end sooner."""
MOST_BYTES = 4 * MIB
"""A status carries log lines, a result whatever the model says."""
MILLIONTH = Decimal("0.000001")
MOST_UNITS = 10**12
MOST_WAITING = 2**31
LOG_LINES = 5
LOG_LINE = 200
SORA_ID = 200
"""Characters of a Sora id that a video can hold."""
CANCELLED = 499
"""nginx's code for a caller who went away; fal's for a request that was cancelled."""


@dataclass(frozen=True)
class Progress:
    """Where a request stands at fal."""

    is_finished: bool
    """Finished, not succeeded: only the result tells."""
    position: int | None = None
    """How many requests are before it in the queue."""
    logs: tuple[str, ...] = ()
    """The last lines that the runner wrote: foreign text."""


@dataclass(frozen=True)
class Result:
    """What fal made; the URLs are foreign input."""

    video_url: str
    sora_id: str = ""
    thumbnail_url: str = ""
    spritesheet_url: str = ""
    billable_units: Decimal | None = None
    """What fal counts for its bill, in the units of its price."""


async def progress(endpoint_id: str, request_id: str) -> Progress:
    """Ask where a request stands; raise `TryLater` for every answer that does not say it."""
    async with asking(ASK_SECONDS):
        status = await _handle(endpoint_id, request_id).status(with_logs=True)
        if isinstance(status, fal_client.Queued):
            return Progress(is_finished=False, position=_place(status.position))
        if isinstance(status, fal_client.InProgress):
            return Progress(is_finished=False, logs=_log_lines(status.logs))
    return Progress(is_finished=True)


async def result(endpoint_id: str, request_id: str, outputs: Outputs) -> Result:
    """Fetch the result of a finished request, which is free however often it is done.

    Raise `NotReady` when it isn't there yet, `TryLater` when the answer says nothing,
    `RemoteFailure` when fal says that the remix failed or gives no usable result.
    """
    async with asking(ASK_SECONDS):
        handle = _handle(endpoint_id, request_id)
        # fal-client's own `result` asks for the status again, without a deadline.
        response = await handle.client.get(handle.response_url)
        if response.is_server_error and not says_failed(response):
            await _raise_error_in_status(handle)
        return _result_in(response, outputs)


async def cancel(endpoint_id: str, request_id: str) -> None:
    """Ask fal to stop a request; raise `TryLater` when it did not answer.

    That is a wish: a request that runs already may end with a result all the same, and one that
    has ended (400) or is unknown (404) stays what it is.
    """
    async with asking(ASK_SECONDS):
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
    if says_failed(response):
        raise RemoteFailure(failure_code(response), exchange(response))
    raise TryLater(exchange(response))


async def _raise_error_in_status(handle: fal_client.AsyncRequestHandle) -> None:
    """Raise `RemoteFailure` if the status says what a gateway's answer to the result does not."""
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
    """Keep the last lines that say something."""
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
        message = _("fal's result holds no video. %(exchange)s")
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
    """Tell the answers for a request that is still running: 202, or 400 with this text."""
    if response.status_code == httpx.codes.ACCEPTED:
        return True
    detail = json_of(response).get("detail")
    return isinstance(detail, str) and "still in progress" in detail


def _handle(endpoint_id: str, request_id: str) -> fal_client.AsyncRequestHandle:
    return fal_client.AsyncRequestHandle.from_request_id(
        _client(), endpoint_id, quote(request_id, safe="")
    )


def _client() -> httpx.AsyncClient:
    return _client_of(os.getpid())


@cache
def _client_of(pid: int) -> httpx.AsyncClient:
    """Return the client that fal-client makes for itself, with bounds."""
    return BoundedClient(
        MOST_BYTES,
        headers={"User-Agent": USER_AGENT},
        auth=CurrentCredentials(),
        transport=AsyncBackupDomainTransport(),
        timeout=TIMEOUT,
    )
