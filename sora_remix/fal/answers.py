"""Read fal's responses: errors, request ids and URLs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeGuard

import httpx

from ..exceptions import RemoteError, TryLater
from .account import REFUSALS
from .cleaning import clean
from .credentials import without_origin

MAX_ID = 255
"""Characters of a request id that its column can hold."""
MAX_URL = 4096
"""Characters of a URL that the app accepts."""
MAX_CODE = 100
"""Characters of an error code that its column can hold."""
OWN_CODES = {"EndpointDeprecated": "endpoint_retired", "file_download_error": "source_unreachable"}
"""Error types of fal for which the app has its own code."""


@asynccontextmanager
async def remote_call(seconds: float) -> AsyncIterator[None]:
    """Limit calls to this time in all. Raise `TryLater` for any error except a `RemoteError`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except RemoteError:
        raise
    except Exception as error:  # noqa: BLE001 - a foreign answer can cause any error
        raise TryLater(describe(without_origin(error))) from None


def exchange(response: httpx.Response) -> str:
    """Return a short text of the response. The request, which holds the key, stays out."""
    return f"HTTP {response.status_code}: {clean(response.text)}"


def describe(error: BaseException) -> str:
    """Return a short text of an error."""
    return f"{type(error).__name__}: {clean(error)}"


def is_final_failure(response: httpx.Response) -> bool:
    """Tell whether fal itself reports a final failure, not a gateway and not about the account."""
    if response.status_code in (*REFUSALS, 408, 429):
        return False
    body = json_of(response)
    said = "detail" in body or "error_type" in body or "x-fal-error-type" in response.headers
    return response.is_client_error or (response.is_server_error and said)


def failure_code(response: httpx.Response, default: str = "") -> str:
    """Return fal's error type, or the default. `detail` may be a text, a list or an object."""
    body = json_of(response)
    detail = body.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        code = detail[0].get("type")
    elif isinstance(detail, dict):
        code = detail.get("error")
    else:
        code = body.get("error_type") or response.headers.get("x-fal-error-type")
    return error_code(code, default or f"http_{response.status_code}")


def error_code(code: object, default: str) -> str:
    """Return an error code that its column can hold, or the default if fal gave none."""
    cleaned = clean(code, MAX_CODE) if isinstance(code, str) else ""
    return OWN_CODES.get(cleaned, cleaned) or default


def json_of(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object in a response, or an empty one if there is none."""
    return object_in(response) or {}


def object_in(response: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object in a response, or None if there is none."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def is_id(value: object) -> TypeGuard[str]:
    """Tell whether a value can be a request id."""
    return isinstance(value, str) and 0 < len(value) <= MAX_ID and value.isprintable()


def is_url(value: object) -> TypeGuard[str]:
    """Tell whether a value can be a URL. Whether the app may load it is checked elsewhere."""
    return isinstance(value, str) and 0 < len(value) <= MAX_URL and value.isprintable()
