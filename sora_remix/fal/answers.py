"""What fal's answers say, in the few words that the gateway needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeGuard

import httpx

from ..exceptions import RemoteError, TryLater
from .cleaning import clean
from .credentials import without_origin

MAX_ID = 255
"""Characters of a request id that a remix can hold."""
MAX_URL = 4096
"""Characters of a URL that is used."""
MAX_CODE = 100
"""Characters of an error code that a remix can hold."""
OURS = {"EndpointDeprecated": "endpoint_retired", "file_download_error": "source_unreachable"}
"""fal's types of errors for which the app has a name of its own."""


@asynccontextmanager
async def asking(seconds: float) -> AsyncIterator[None]:
    """Give calls so many seconds in all; raise `TryLater` for any error but a `RemoteError`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except RemoteError:
        raise
    except Exception as error:  # noqa: BLE001 - answers can make any error come up
        raise TryLater(describe(without_origin(error))) from None


def exchange(response: httpx.Response) -> str:
    """Show what was answered, short; the request's headers hold the key and stay out."""
    return f"HTTP {response.status_code}: {clean(response.text)}"


def describe(error: BaseException) -> str:
    """Show an error, short."""
    return f"{type(error).__name__}: {clean(error)}"


def says_failed(response: httpx.Response) -> bool:
    """Tell fal's own word for a failure from a gateway's, or a key that is refused just now."""
    if response.status_code in (401, 403, 408, 429):
        return False
    body = json_of(response)
    said = "detail" in body or "error_type" in body or "x-fal-error-type" in response.headers
    return response.is_client_error or (response.is_server_error and said)


def failure_code(response: httpx.Response) -> str:
    """Return fal's type of an error. `detail` may be a text, a list or an object."""
    body = json_of(response)
    detail = body.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        code = detail[0].get("type")
    elif isinstance(detail, dict):
        code = detail.get("error")
    else:
        code = body.get("error_type") or response.headers.get("x-fal-error-type")
    return error_code(code, f"http_{response.status_code}")


def error_code(code: object, otherwise: str) -> str:
    """Return an error code that a remix can hold; the other one if fal gave none."""
    cleaned = clean(code, MAX_CODE) if isinstance(code, str) else ""
    return OURS.get(cleaned, cleaned) or otherwise


def json_of(response: httpx.Response) -> dict[str, Any]:
    """Return the object that was answered; an empty one when it was something else."""
    return object_in(response) or {}


def object_in(response: httpx.Response) -> dict[str, Any] | None:
    """Return the object that was answered; None when it was something else."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def is_id(value: object) -> TypeGuard[str]:
    """Tell whether this can be the id of a request."""
    return isinstance(value, str) and 0 < len(value) <= MAX_ID and value.isprintable()


def is_url(value: object) -> TypeGuard[str]:
    """Tell whether this can be a URL; whether it may be used is for others to say."""
    return isinstance(value, str) and 0 < len(value) <= MAX_URL and value.isprintable()
