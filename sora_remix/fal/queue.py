"""The queue: send once, ask, fetch.

Protocol: https://fal.ai/docs/documentation/model-apis/inference/queue
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import fal_client
import httpx
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from fal_client.auth import (
    FAL_QUEUE_RUN_HOST,
    MissingCredentialsError,
    fetch_auth_credentials_async,
)

from ..conf import conf
from ..endpoints import Outputs
from ..exceptions import NotReady, RemoteCancelled, RemoteFailure, TryLater

logger = logging.getLogger(__name__)

PLACES = 10
"""Calls in the air at once. httpx looks through all open connections at every call."""

# The event loop stands still while answers are committed: reading must be allowed to take longer
# than a database may keep a transaction waiting.
SUBMIT_TIMEOUT = httpx.Timeout(60, connect=10)
# An idle connection that fal has closed meanwhile looks like a lost answer.
SUBMIT_LIMITS = httpx.Limits(max_connections=PLACES, keepalive_expiry=2)
ASK_SECONDS = 20
NO_CONNECTION = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""What httpx raises before any byte of a request has left, TLS handshakes included."""
BODY_SHOWN = 500
MILLIONTH = Decimal("0.000001")
MOST_UNITS = 10**12
OURS = {"EndpointDeprecated": "endpoint_retired", "file_download_error": "source_unreachable"}
"""fal's types of errors for which the app has a name of its own."""
CANCELLED = 499
"""nginx's code for a caller who went away; fal's for a request that was cancelled."""


@dataclass(frozen=True)
class Accepted:
    """fal has the request and will charge for it."""

    request_id: str


@dataclass(frozen=True)
class NotSent:
    """No connection came about: nothing left this machine."""

    message: str


@dataclass(frozen=True)
class Refused:
    """fal answered that it does not take it: nothing is charged."""

    code: str
    message: str


@dataclass(frozen=True)
class RefusedForNow:
    """fal asks to come back later: nothing is charged."""

    seconds: float
    message: str


@dataclass(frozen=True)
class Unknown:
    """Nobody knows whether fal took it."""

    message: str


Submitted = Accepted | NotSent | Refused | RefusedForNow | Unknown


@dataclass(frozen=True)
class Progress:
    """Where a request stands at fal."""

    is_finished: bool
    """Finished, not succeeded: only the result tells."""
    position: int | None = None


@dataclass(frozen=True)
class Result:
    """What fal made; the URLs are foreign input."""

    video_url: str
    sora_id: str = ""
    thumbnail_url: str = ""
    spritesheet_url: str = ""
    billable_units: Decimal | None = None
    """What fal counts for its bill, in the units of its price."""


async def submit(
    endpoint_id: str, arguments: Mapping[str, Any], webhook_url: str = ""
) -> Submitted:
    """Send one request by exactly one POST and say what is certain about it; raise nothing.

    fal-client's own `submit` may send its POST ten times, and fal's queue has no idempotency key.
    With a `webhook_url`, fal calls that when it is done.
    """
    try:
        value = await authorization()
    except MissingCredentialsError as error:
        return Refused("credentials_refused", str(error))
    except (httpx.HTTPError, OSError) as error:
        return NotSent(told(error))
    url = f"https://{FAL_QUEUE_RUN_HOST}/{endpoint_id}"
    try:
        response = await _submit_client().post(
            url,
            json=arguments,
            params={"fal_webhook": webhook_url} if webhook_url else None,
            headers={"Authorization": value},
        )
    except NO_CONNECTION as error:
        return NotSent(told(error))
    except httpx.HTTPError as error:
        return Unknown(told(error))
    return _submitted(response)


def _submitted(response: httpx.Response) -> Submitted:
    status = response.status_code
    if response.is_success:
        request_id = _json(response).get("request_id")
        if isinstance(request_id, str) and request_id:
            return Accepted(request_id)
        return Unknown(exchange(response))
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return RefusedForNow(_retry_after(response), exchange(response))
    if status == httpx.codes.REQUEST_TIMEOUT or not response.is_client_error:
        return Unknown(exchange(response))
    return Refused(_refusal_code(response), exchange(response))


def _refusal_code(response: httpx.Response) -> str:
    if response.status_code in (401, 402, 403):
        return "credentials_refused"
    if response.status_code == httpx.codes.NOT_FOUND:
        return "endpoint_retired"
    return _failure_code(response)


async def progress(endpoint_id: str, request_id: str) -> Progress:
    """Ask where a request stands; raise `TryLater` for every answer that does not say it."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            status = await _fal().status(endpoint_id, request_id)
    except MissingCredentialsError as error:
        raise TryLater(str(error)) from error
    except (fal_client.FalClientError, httpx.HTTPError, TimeoutError) as error:
        raise TryLater(told(error)) from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        # fal-client raises these for answers that are no JSON, lack a key or name a new status.
        raise TryLater(told(error)) from error
    if isinstance(status, fal_client.Queued):
        return Progress(is_finished=False, position=status.position)
    return Progress(is_finished=isinstance(status, fal_client.Completed))


async def result(endpoint_id: str, request_id: str, outputs: Outputs) -> Result:
    """Fetch the result of a finished request, which is free however often it is done.

    Raise `NotReady` when it isn't there yet, `TryLater` when the answer says nothing,
    `RemoteFailure` when fal says that the remix failed or gives no usable result.
    """
    try:
        async with asyncio.timeout(ASK_SECONDS):
            handle = await _fal().get_handle(endpoint_id, request_id)
            # fal-client's own `result` asks for the status again, without a deadline.
            response = await handle.client.get(handle.response_url)
            if response.is_server_error and not _says_failed(response):
                await _raise_error_in_status(handle)
    except (MissingCredentialsError, httpx.HTTPError, TimeoutError) as error:
        raise TryLater(told(error)) from error
    if response.status_code == httpx.codes.OK:
        return _result(response, outputs)
    if _is_pending(response):
        raise NotReady
    if response.status_code == CANCELLED:
        raise RemoteCancelled("client_cancelled", exchange(response))
    if _says_failed(response):
        raise RemoteFailure(_failure_code(response), exchange(response))
    raise TryLater(exchange(response))


async def cancel(endpoint_id: str, request_id: str) -> None:
    """Ask fal to stop a request; raise `TryLater` when it did not answer.

    That is a wish: a request that runs already may end with a result all the same, and one that
    has ended (400) or is unknown (404) stays what it is.
    """
    try:
        async with asyncio.timeout(ASK_SECONDS):
            await _fal().cancel(endpoint_id, request_id)
    except fal_client.FalClientHTTPError as error:
        if error.status_code not in (400, 404):
            raise TryLater(told(error)) from error
    except (MissingCredentialsError, httpx.HTTPError, TimeoutError) as error:
        raise TryLater(told(error)) from error


async def _raise_error_in_status(handle: fal_client.AsyncRequestHandle) -> None:
    """Raise `RemoteFailure` if the status says what a gateway's answer to the result does not."""
    try:
        status = await handle.status()
    except (fal_client.FalClientError, KeyError, ValueError, TypeError, AttributeError):
        return
    if isinstance(status, fal_client.Completed) and status.error:
        raise RemoteFailure(status.error_type or "internal_error", str(status.error))


def _result(response: httpx.Response, outputs: Outputs) -> Result:
    try:
        output = response.json()
    except ValueError as error:
        raise TryLater(exchange(response)) from error
    if not isinstance(output, dict):
        raise TryLater(exchange(response))
    url = _url(output, outputs.video)
    if not url:
        message = _("fal's result holds no video. %(exchange)s")
        raise RemoteFailure("result_missing", message % {"exchange": exchange(response)})
    sora_id = output.get(outputs.sora_id)
    return Result(
        video_url=url,
        sora_id=sora_id if isinstance(sora_id, str) else "",
        thumbnail_url=_url(output, outputs.thumbnail),
        spritesheet_url=_url(output, outputs.spritesheet),
        billable_units=_units(response.headers.get("x-fal-billable-units", "")),
    )


def _units(text: str) -> Decimal | None:
    try:
        units = Decimal(text)
    except InvalidOperation:
        return None
    return units.quantize(MILLIONTH) if 0 <= units < MOST_UNITS else None


def _url(output: Mapping[str, Any], key: str) -> str:
    file = output.get(key)
    url = file.get("url") if isinstance(file, dict) else None
    return url if isinstance(url, str) else ""


def _is_pending(response: httpx.Response) -> bool:
    """Tell the answers for a request that is still running: 202, or 400 with this text."""
    if response.status_code == httpx.codes.ACCEPTED:
        return True
    detail = _json(response).get("detail")
    return isinstance(detail, str) and "still in progress" in detail


def _says_failed(response: httpx.Response) -> bool:
    """Tell fal's own word for a failure from a gateway's, or a key that is refused just now."""
    if response.status_code in (401, 403, 408, 429):
        return False
    body = _json(response)
    said = "detail" in body or "error_type" in body or "x-fal-error-type" in response.headers
    return response.is_client_error or (response.is_server_error and said)


def _failure_code(response: httpx.Response) -> str:
    """Return fal's type of an error. `detail` may be a text, a list or an object."""
    body = _json(response)
    detail = body.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        code = detail[0].get("type")
    elif isinstance(detail, dict):
        code = detail.get("error")
    else:
        code = body.get("error_type") or response.headers.get("x-fal-error-type")
    code = code if isinstance(code, str) and code else f"http_{response.status_code}"
    return OURS.get(code, code)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def exchange(response: httpx.Response) -> str:
    """Show what was answered, short; the request's headers hold the key and stay out."""
    return f"HTTP {response.status_code}: {response.text[:BODY_SHOWN]}"


def told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:BODY_SHOWN]


def _retry_after(response: httpx.Response, default: float = 5.0) -> float:
    """Read seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)."""
    value = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return default


async def authorization() -> str:
    """Return the value of the header; raise `MissingCredentialsError` when there is no key."""
    if conf.SORA_REMIX_FAL_KEY:
        value = f"Key {conf.SORA_REMIX_FAL_KEY.strip()}"
    else:
        value = (await fetch_auth_credentials_async()).header_value
    if not (value.isascii() and value.isprintable()):
        raise MissingCredentialsError(gettext("The key holds characters that no key has."))
    return value


def _fal() -> fal_client.AsyncClient:
    return _fal_of(os.getpid(), conf.SORA_REMIX_FAL_KEY or None)


@cache
def _fal_of(pid: int, key: str | None) -> fal_client.AsyncClient:
    return fal_client.AsyncClient(key=key)


def _submit_client() -> httpx.AsyncClient:
    return _submit_client_of(os.getpid())


@cache
def _submit_client_of(pid: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=SUBMIT_TIMEOUT, limits=SUBMIT_LIMITS)
