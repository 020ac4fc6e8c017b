"""What fal's answers say, in the few words that the gateway needs."""

from __future__ import annotations

from typing import Any

import httpx
from django.utils.translation import gettext
from fal_client.auth import MissingCredentialsError, fetch_auth_credentials_async

from ..conf import conf

BODY_SHOWN = 500
OURS = {"EndpointDeprecated": "endpoint_retired", "file_download_error": "source_unreachable"}
"""fal's types of errors for which the app has a name of its own."""


async def authorization() -> str:
    """Return the value of the header; raise `MissingCredentialsError` when there is no key."""
    if conf.SORA_REMIX_FAL_KEY:
        value = f"Key {conf.SORA_REMIX_FAL_KEY.strip()}"
    else:
        value = (await fetch_auth_credentials_async()).header_value
    if not (value.isascii() and value.isprintable()):
        raise MissingCredentialsError(gettext("The key holds characters that no key has."))
    return value


def exchange(response: httpx.Response) -> str:
    """Show what was answered, short; the request's headers hold the key and stay out."""
    return f"HTTP {response.status_code}: {response.text[:BODY_SHOWN]}"


def told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:BODY_SHOWN]


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
    code = code if isinstance(code, str) and code else f"http_{response.status_code}"
    return OURS.get(code, code)


def json_of(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
