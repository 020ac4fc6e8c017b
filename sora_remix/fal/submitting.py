"""Send a request once, and say what is certain about it.

Protocol: https://fal.ai/docs/documentation/model-apis/inference/queue/submit
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx
from fal_client.auth import FAL_QUEUE_RUN_HOST, MissingCredentialsError

from .answers import authorization, exchange, failure_code, json_of, told

PLACES = 10
"""Calls in the air at once. httpx looks through all open connections at every call."""

# The event loop stands still while answers are committed: reading must be allowed to take longer
# than a database may keep a transaction waiting.
TIMEOUT = httpx.Timeout(60, connect=10)
# An idle connection that fal has closed meanwhile looks like a lost answer.
LIMITS = httpx.Limits(max_connections=PLACES, keepalive_expiry=2)
NO_CONNECTION = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""What httpx raises before any byte of a request has left, TLS handshakes included."""


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
        response = await _client().post(
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
        request_id = json_of(response).get("request_id")
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
    return failure_code(response)


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


def _client() -> httpx.AsyncClient:
    return _client_of(os.getpid())


@cache
def _client_of(pid: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT, limits=LIMITS)
