"""Bring a file to fal for a while, in bounded memory.

Wire: that of fal-client's own upload, which reads files of up to 100 MB into memory
(https://github.com/fal-ai/fal/blob/main/projects/fal_client/src/fal_client/client.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import IO, Any

import httpx
from fal_client.auth import MissingCredentialsError

from ..conf import conf
from ..exceptions import RemoteFailure, TryLater
from .answers import authorization, exchange, told

IN_PARTS_FROM = 100 * 1024**2
"""Bytes from which on fal's storage wants a file in parts."""
PART = 10 * 1024**2
CHUNK = 256 * 1024
TIMEOUT = httpx.Timeout(60, connect=10)
TOO_LARGE = 413


@dataclass(frozen=True)
class Token:
    """What fal's storage wants to see, and where it is."""

    base_url: str
    authorization: str


async def upload(name: str, content_type: str, file: IO[bytes], life: timedelta) -> str:
    """Copy a file to fal's storage for so long, and return its URL there.

    Raise `TryLater` for what may pass, `RemoteFailure` when fal will not have it.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        token = await _token()
        headers = {
            "Authorization": token.authorization,
            "Content-Type": content_type,
            "X-Fal-File-Name": name,
            **_life(life),
        }
        send = _upload_parts if size > IN_PARTS_FROM else _upload_whole
        return await send(token.base_url, headers, file, size)
    except MissingCredentialsError as error:
        raise RemoteFailure("credentials_refused", str(error)) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TryLater(told(error)) from error
    except (KeyError, ValueError, TypeError) as error:
        raise TryLater(told(error)) from error


async def _token() -> Token:
    response = await _client().post(
        f"{conf.SORA_REMIX_FAL_REST_URL}/storage/auth/token",
        params={"storage_type": "fal-cdn-v3"},
        headers={"Authorization": await authorization(), "Accept": "application/json"},
        json={},
    )
    body = _checked(response).json()
    return Token(str(body["base_url"]), f"{body['token_type']} {body['token']}")


def _life(life: timedelta) -> dict[str, str]:
    lifecycle = json.dumps({"expiration_duration_seconds": int(life.total_seconds())})
    return {
        "X-Fal-Object-Lifecycle": lifecycle,
        "X-Fal-Object-Lifecycle-Preference": lifecycle,
    }


async def _upload_whole(
    base_url: str, headers: Mapping[str, str], file: IO[bytes], size: int
) -> str:
    response = await _client().post(
        f"{base_url}/files/upload",
        headers={**headers, "Content-Length": str(size)},
        content=_chunks(file),
    )
    return str(_checked(response).json()["access_url"])


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


async def _upload_parts(
    base_url: str, headers: Mapping[str, str], file: IO[bytes], size: int
) -> str:
    started = await _client().post(f"{base_url}/files/upload/multipart", headers=headers)
    upload: dict[str, Any] = _checked(started).json()
    url = f"{upload['access_url']}/multipart/{upload['uploadId']}"
    plain = {name: headers[name] for name in ("Authorization", "Content-Type")}
    parts: list[dict[str, Any]] = []
    while part := file.read(PART):
        number = len(parts) + 1
        response = await _client().put(f"{url}/{number}", headers=plain, content=part)
        parts.append({"partNumber": number, "etag": _checked(response).headers["etag"]})
    body = {"parts": parts}
    auth = {"Authorization": headers["Authorization"]}
    _checked(await _client().post(f"{url}/complete", headers=auth, json=body))
    return str(upload["access_url"])


def _checked(response: httpx.Response) -> httpx.Response:
    """Return an answer that says yes; raise for the others."""
    if response.is_success:
        return response
    if response.status_code in (401, 402, 403):
        raise RemoteFailure("credentials_refused", exchange(response))
    if response.status_code == TOO_LARGE:
        raise RemoteFailure("source_unreachable", exchange(response))
    raise TryLater(exchange(response))


def _client() -> httpx.AsyncClient:
    return _client_of(os.getpid())


@cache
def _client_of(pid: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT)
