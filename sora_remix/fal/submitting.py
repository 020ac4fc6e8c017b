"""Send a request once, and report what is certain about it.

Protocol: https://fal.ai/docs/documentation/model-apis/inference/queue/submit
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx
from fal_client.auth import FAL_QUEUE_RUN_HOST, MissingCredentialsError

from ..conf import conf
from .account import HoldCode, hold_code
from .answers import describe, exchange, failure_code, is_id, json_of
from .cleaning import clean
from .credentials import Credentials, credentials
from .transport import MIB, BoundedClient

MAX_PARALLEL_CALLS = 10
"""Calls at the same time. httpx searches all open connections at every call."""

# The event loop stops while answers are committed. Reading must be allowed to take longer than a
# database may block a transaction.
TIMEOUT = httpx.Timeout(60, connect=10)
SUBMIT_SECONDS = 90
"""Time limit of one POST in all, because httpx's read timeout restarts with each byte."""
# An idle connection that fal has closed would look like a lost answer.
LIMITS = httpx.Limits(max_connections=MAX_PARALLEL_CALLS, keepalive_expiry=2)
NO_CONNECTION = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)
"""Errors that httpx raises before it sends any byte of a request, also in TLS handshakes."""
NOT_SENDABLE = "request_not_sendable"
"""The app's code for a request that this machine can never send."""
MOST_BYTES = MIB
DEFAULT_WAIT, LEAST_WAIT, MOST_WAIT = 5.0, 1.0, 3600.0
"""Default and limits, in seconds, of the wait before a refused request is sent again."""


@dataclass(frozen=True)
class Accepted:
    """fal accepted the request and will charge for it."""

    request_id: str


@dataclass(frozen=True)
class NotSent:
    """There was no connection, so nothing was sent."""

    message: str


@dataclass(frozen=True)
class Refused:
    """fal refused the request. Nothing is charged."""

    code: str
    message: str


@dataclass(frozen=True)
class AccountHeld:
    """fal accepts nothing from the account at present. Nothing is charged."""

    code: HoldCode
    message: str


@dataclass(frozen=True)
class RefusedForNow:
    """fal asked to send the request later. Nothing is charged."""

    seconds: float
    message: str


@dataclass(frozen=True)
class Unknown:
    """It is unknown whether fal accepted the request."""

    message: str


Submitted = Accepted | AccountHeld | NotSent | Refused | RefusedForNow | Unknown


async def submit(
    endpoint_id: str, arguments: Mapping[str, Any], webhook_url: str = ""
) -> Submitted:
    """Send a request with exactly one POST, and return what is certain about it. Raise nothing.

    fal-client's own `submit` may repeat its POST ten times, and fal's queue has no idempotency
    key. fal calls the `webhook_url`, if given, when it has finished.
    """
    try:
        key = await credentials()
        client = _client()
        request = client.build_request(
            "POST",
            f"https://{FAL_QUEUE_RUN_HOST}/{endpoint_id}",
            json=arguments,
            params={"fal_webhook": webhook_url} if webhook_url else None,
            headers=_headers(),
        )
    except MissingCredentialsError as error:
        return AccountHeld(HoldCode.KEY_MISSING, clean(error))
    except (httpx.HTTPError, OSError) as error:
        return NotSent(describe(error))
    except Exception as error:  # noqa: BLE001 - nothing was sent, and trying again would not help
        return Refused(NOT_SENDABLE, describe(error))
    return await _sent(client, request, key)


def _headers() -> dict[str, str]:
    """Return what fal may do with a request besides running it.

    https://fal.ai/docs/documentation/model-apis/common-parameters
    """
    headers = {"x-app-fal-disable-fallback": "true"}
    if conf.SORA_REMIX_START_TIMEOUT is not None:
        headers["X-Fal-Request-Timeout"] = str(conf.SORA_REMIX_START_TIMEOUT)
    if not conf.SORA_REMIX_FAL_RETRIES:
        headers["X-Fal-No-Retry"] = "1"
    return headers


async def _sent(client: httpx.AsyncClient, request: httpx.Request, key: Credentials) -> Submitted:
    try:
        async with asyncio.timeout(SUBMIT_SECONDS):
            return _submitted(await client.send(request, auth=key))
    except NO_CONNECTION as error:
        return NotSent(describe(error))
    except httpx.UnsupportedProtocol as error:
        return Refused(NOT_SENDABLE, describe(error))
    except Exception as error:  # noqa: BLE001 - the POST may have been sent
        return Unknown(describe(error))


def _submitted(response: httpx.Response) -> Submitted:
    status = response.status_code
    if response.is_success:
        return _accepted(response)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return RefusedForNow(_retry_after(response), exchange(response))
    if code := hold_code(response):
        return AccountHeld(code, exchange(response))
    if status == httpx.codes.REQUEST_TIMEOUT or not response.is_client_error:
        return Unknown(exchange(response))
    return Refused(_refusal_code(response), exchange(response))


def _accepted(response: httpx.Response) -> Submitted:
    request_id = json_of(response).get("request_id")
    if is_id(request_id):
        return Accepted(request_id)
    if isinstance(request_id, str) and request_id:
        # fal has the request, and a person must be able to find it there.
        return Unknown(
            f"fal returned a request id that can't be used. It starts with: {clean(request_id)}"
        )
    return Unknown(exchange(response))


def _refusal_code(response: httpx.Response) -> str:
    if response.status_code == httpx.codes.NOT_FOUND:
        return "endpoint_retired"
    if response.status_code == httpx.codes.FORBIDDEN:
        return failure_code(response, "endpoint_forbidden")
    return failure_code(response)


def _retry_after(response: httpx.Response) -> float:
    """Parse seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)."""
    value = response.headers.get("retry-after", "")
    try:
        seconds = _seconds(value)
    except (ValueError, TypeError, ArithmeticError, LookupError):
        return DEFAULT_WAIT
    return min(max(seconds, LEAST_WAIT), MOST_WAIT) if math.isfinite(seconds) else DEFAULT_WAIT


def _seconds(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()


def _client() -> httpx.AsyncClient:
    return _client_of(os.getpid())


@cache
def _client_of(pid: int) -> httpx.AsyncClient:
    return BoundedClient(MOST_BYTES, timeout=TIMEOUT, limits=LIMITS)
