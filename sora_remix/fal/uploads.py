"""Upload a file to fal's storage for a limited time, in bounded memory.

The protocol is that of fal-client, whose own upload reads files of up to 100 MB into memory
(https://github.com/fal-ai/fal/blob/main/projects/fal_client/src/fal_client/client.py).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import IO

import httpx
from fal_client.auth import MissingCredentialsError

from ..conf import conf
from ..exceptions import AccountUnusable, RemoteFailure, TryLater
from .account import HoldCode, hold_code
from .answers import MAX_URL, describe, exchange, json_of
from .cleaning import clean
from .credentials import Credentials, credentials
from .transport import MIB, BoundedClient
from .urls import is_safe_url

IN_PARTS_FROM = 100 * MIB
"""Size in bytes above which fal's storage requires a multipart upload."""
PART = 10 * MIB
CHUNK = 256 * 1024
TIMEOUT = httpx.Timeout(60, connect=10)
ANSWER_SECONDS = 60
"""Time limit of a call, plus the time for the bytes that it sends."""
SLOWEST = 32 * 1024
"""Lowest upload rate, in bytes per second."""
MOST_BYTES = MIB
MAX_VALUE = MAX_URL
"""Characters of a value from fal's storage: a token, an upload id or an ETag."""
MAX_NAME = 100
TOO_LARGE = 413


@dataclass(frozen=True)
class UploadToken:
    """Access to fal's storage: its URL and the key for it."""

    base_url: str
    key: Credentials


async def upload(name: str, content_type: str, file: IO[bytes], life: timedelta) -> str:
    """Copy a file to fal's storage for this time, and return its URL there.

    Raise `AccountUnusable` if fal accepts nothing from the account, `TryLater` for other temporary
    errors, and `RemoteFailure` if fal refuses the file or the key may not upload. Errors of the
    file and the arguments are not converted.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    headers = {
        "Content-Type": content_type,
        "X-Fal-File-Name": _header_name(name),
        **_lifetime_headers(life),
    }
    try:
        token = await _token()
        send = _upload_parts if size > IN_PARTS_FROM else _upload_whole
        return await send(token, headers, file, size)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TryLater(describe(error)) from None


def _header_name(name: str) -> str:
    """Return the end of a name, with its extension, in characters that a header allows."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[-MAX_NAME:] or "file"


async def _token() -> UploadToken:
    response = await _call(
        "POST",
        f"{conf.SORA_REMIX_FAL_REST_URL}/storage/auth/token",
        key=await _key(),
        is_token_call=True,
        params={"storage_type": "fal-cdn-v3"},
        headers={"Accept": "application/json"},
        json={},
    )
    # The token gets no variable, because error reports print them.
    key = Credentials(f"{_value(response, 'token_type')} {_value(response, 'token')}")
    return UploadToken(_url(response, "base_url"), key)


async def _key() -> Credentials:
    try:
        return await credentials()
    except MissingCredentialsError as error:
        raise AccountUnusable(HoldCode.KEY_MISSING, clean(error)) from None
    except OSError as error:
        raise TryLater(describe(error)) from None


def _lifetime_headers(life: timedelta) -> dict[str, str]:
    lifecycle = json.dumps({"expiration_duration_seconds": int(life.total_seconds())})
    return {
        "X-Fal-Object-Lifecycle": lifecycle,
        "X-Fal-Object-Lifecycle-Preference": lifecycle,
    }


async def _upload_whole(
    token: UploadToken, headers: Mapping[str, str], file: IO[bytes], size: int
) -> str:
    response = await _call(
        "POST",
        f"{token.base_url}/files/upload",
        key=token.key,
        size=size,
        headers={**headers, "Content-Length": str(size)},
        content=_chunks(file),
    )
    return _url(response, "access_url")


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


async def _upload_parts(
    token: UploadToken, headers: Mapping[str, str], file: IO[bytes], size: int
) -> str:
    start = f"{token.base_url}/files/upload/multipart"
    started = await _call("POST", start, key=token.key, headers=headers)
    access_url, upload_id = _url(started, "access_url"), _value(started, "uploadId")
    url = f"{access_url}/multipart/{upload_id}"
    plain = {"Content-Type": headers["Content-Type"]}
    parts: list[dict[str, object]] = []
    while part := file.read(PART):
        number = len(parts) + 1
        response = await _call(
            "PUT", f"{url}/{number}", key=token.key, size=len(part), headers=plain, content=part
        )
        parts.append({"partNumber": number, "etag": _checked("etag", response.headers.get("etag"))})
    await _call("POST", f"{url}/complete", key=token.key, json={"parts": parts})
    return access_url


async def _call(
    method: str,
    url: str,
    *,
    key: Credentials,
    size: int = 0,
    is_token_call: bool = False,
    **content: object,
) -> httpx.Response:
    """Make a call that sends this many bytes, and return its successful answer.

    Only the call for a token carries the site's key; the others carry the token.
    """
    client = _client()
    try:
        async with asyncio.timeout(ANSWER_SECONDS + size / SLOWEST):
            response = await client.request(method, url, auth=key, **content)  # type: ignore[arg-type]
    except TimeoutError as error:
        raise TryLater(describe(error)) from None
    if response.is_success:
        return response
    code = hold_code(response)
    if code and (is_token_call or code != HoldCode.KEY_REFUSED):
        raise AccountUnusable(code, exchange(response))
    if is_token_call and response.status_code == httpx.codes.FORBIDDEN:
        raise RemoteFailure("upload_forbidden", exchange(response))
    if response.status_code == TOO_LARGE:
        raise RemoteFailure("source_unreachable", exchange(response))
    raise TryLater(exchange(response))


def _url(response: httpx.Response, name: str) -> str:
    """Return a URL from fal's answer. It must be safe, because files and tokens are sent there."""
    url = _value(response, name)
    if not is_safe_url(url):
        raise TryLater(f"fal's storage returned a “{name}” that is not an https URL: {clean(url)}")
    return url


def _value(response: httpx.Response, name: str) -> str:
    return _checked(name, json_of(response).get(name))


def _checked(name: str, value: object) -> str:
    """Return a value that is safe in a URL or a header. The errors don't show it."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_VALUE:
        raise TryLater(f"fal's storage returned no “{name}”, or one that is too long.")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise TryLater(f"fal's storage returned a “{name}” with invalid characters.")
    return value


def _client() -> httpx.AsyncClient:
    return _client_of(os.getpid())


@cache
def _client_of(pid: int) -> httpx.AsyncClient:
    return BoundedClient(MOST_BYTES, timeout=TIMEOUT)
