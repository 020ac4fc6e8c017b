"""Fetch the files that a request refers to."""

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import aiohttp
from aiohttp import web
from yarl import URL

from .fal_queue import Timing
from .loopback import is_loopback

AT_ONCE = 20
CHUNK = 256 * 1024
OWN = "X-Sandbox-Fetch"


class FetchFailed(Exception):
    """The URL could not be fetched."""


class TooLarge(Exception):
    """The file is too large."""


def is_own(http: web.Request) -> bool:
    """Tell whether the sandbox itself fetches. Such calls are not counted and no rule applies."""
    return OWN in http.headers


def shown(url: str) -> str:
    """Return the URL, or the start of what is a whole file."""
    return f"{url[:60]}…" if url.startswith("data:") and len(url) > 60 else url


class Fetcher:
    """Fetches from this machine and from data URIs; equal files are kept once."""

    def __init__(self, folder: Path, timing: Timing, calls: Counter[str]) -> None:
        self.urls: list[str] = []
        self._folder = folder
        self._timing = timing
        self._calls = calls
        self._places = asyncio.Semaphore(AT_ONCE)
        self._session = aiohttp.ClientSession(headers={OWN: "1"}, auto_decompress=False)
        folder.mkdir(exist_ok=True)
        for draft in folder.glob(".*"):
            draft.unlink()

    async def fetch(self, url: str, most: int, kind: str) -> Path:
        """Return the file behind the URL. Raise FetchFailed or TooLarge."""
        self._calls[kind] += 1
        self.urls.append(shown(url))
        draft = self._folder / f".{secrets.token_hex(8)}"
        try:
            async with self._places, asyncio.timeout(self._timing.fetch_seconds):
                kept = self._folder / await self._save(url, draft, most)
            # Renderings go by the file: an equal one must not take its place.
            return kept if kept.exists() else draft.replace(kept)
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            raise FetchFailed(f"{type(error).__name__}: {error}") from error
        finally:
            draft.unlink(missing_ok=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _save(self, url: str, draft: Path, most: int) -> str:
        digest, size = hashlib.sha256(), 0
        with draft.open("wb") as file:
            async for chunk in self._read(url):
                size += len(chunk)
                if size > most:
                    raise TooLarge
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    async def _read(self, url: str) -> AsyncIterator[bytes]:
        if url.startswith("data:"):
            yield _decode(url)
            return
        place = URL(url)
        if place.scheme not in ("http", "https") or not is_loopback(place.host or ""):
            raise FetchFailed("The sandbox reaches this machine only.")
        # No check of the certificate: whoever serves files here has made it himself.
        async with self._session.get(place, allow_redirects=False, ssl=False) as answer:
            if answer.status != 200:
                raise FetchFailed(f"The answer was {answer.status}.")
            async for chunk in answer.content.iter_chunked(CHUNK):
                yield chunk


def _decode(url: str) -> bytes:
    kind, comma, content = url.partition(",")
    if not comma:
        raise FetchFailed("The data URI has no data.")
    raw = unquote_to_bytes(content)
    try:
        return base64.b64decode(raw, validate=True) if kind.endswith(";base64") else raw
    except binascii.Error as error:
        raise FetchFailed("The data URI is not base64.") from error
