"""From a URL to a temporary file, in bounded memory and at no less than a least rate."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

import httpx
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..exceptions import FileGone, FileRefused, TryLater
from .connections import get
from .hosts import plain, read_url
from .parts import Part, Version

REDIRECTS = 5
ATTEMPTS = 5
"""How often a broken download is resumed before the caller gets to decide."""
LEAST_RATE = 4 * 1024
"""Bytes a second below which a server is given up for now."""
RATE_SECONDS = 30.0
"""Seconds over which the rate is averaged, from the request on: headers and redirects count."""
LATE_SECONDS = 1.0
"""An alarm that comes this late says that our own loop stood still, not the server."""
CONTENT_RANGE = re.compile(r"bytes (\d{1,20})-(\d{1,20})/(\d{1,20}|\*)", re.ASCII)
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')
COMPRESSED = {"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"}


class _TooSlow(TryLater):
    """The server sends less than the least rate: to ask it again at once would not help."""


async def download(url: str, *, most_bytes: int | None = None) -> IO[bytes]:
    """Stream a file to a temporary one and return that, at its start.

    A file of more than `most_bytes` is refused; None stands for SORA_REMIX_MAX_RESULT_BYTES.
    What has come when it is cancelled or put off is kept on disk for a day, and the next download
    of the same URL goes on from there; its query string may be another one.

    Raise `FileRefused` when its host, size or kind is not allowed, `FileGone` when it is no
    longer there, `TryLater` for everything that may pass.
    """
    part = Part(url)
    try:
        await _complete(url, part, most_bytes)
        part.file.seek(0)
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, TryLater):
            part.discard()
        else:
            part.keep()
        raise
    return part.file


async def _complete(url: str, part: Part, most_bytes: int | None) -> None:
    for attempt in range(ATTEMPTS):
        try:
            return await _fetch_rest_in_time(url, part, most_bytes)
        except _TooSlow:
            raise
        except (httpx.TransportError, TryLater, OSError) as error:
            if attempt + 1 == ATTEMPTS:
                raise TryLater(plain(f"{type(error).__name__}: {error}")) from error
            await asyncio.sleep(0.2 * 2**attempt)
    raise AssertionError("unreachable")


async def _fetch_rest_in_time(url: str, part: Part, most_bytes: int | None) -> None:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RATE_SECONDS) as deadline:
            await _fetch_rest(url, part, most_bytes, deadline)
    except TimeoutError as error:
        message = f"less than {LEAST_RATE} bytes a second came"
        is_late = loop.time() > (deadline.when() or 0) + LATE_SECONDS
        raise (TryLater if is_late else _TooSlow)(message) from error


async def _fetch_rest(
    url: str, part: Part, most_bytes: int | None, deadline: asyncio.Timeout
) -> None:
    """Add to the part what it lacks; start again when the server can't resume."""
    async with _answer(url, part) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            _check_complete(response, part, most_bytes)
            return
        length, total = _prepare(response, part)
        _check_size(max(part.size + (length or 0), total or 0), most_bytes)
        got = recent = 0
        async for chunk in response.aiter_raw():
            _check_size(part.size + len(chunk), most_bytes)
            part.write(chunk)
            got += len(chunk)
            recent += len(chunk)
            if recent >= LEAST_RATE * RATE_SECONDS:
                recent = 0
                _postpone(deadline)
        if length not in (None, got) or total not in (None, part.size):
            raise TryLater(f"{part.size} of {total or length} bytes came")


def _postpone(deadline: asyncio.Timeout) -> None:
    deadline.reschedule(asyncio.get_running_loop().time() + RATE_SECONDS)


def _prepare(response: httpx.Response, part: Part) -> tuple[int | None, int | None]:
    """Make the part ready for the body; return the bytes of that, and of the file, if known."""
    if response.status_code != httpx.codes.PARTIAL_CONTENT:
        total = _length(response)
        part.start(Version(_strong_etag(response), total))
        return total, total
    found = CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    first, last = (int(found[1]), int(found[2])) if found else (-1, -1)
    total = int(found[3]) if found and found[3] != "*" else None
    version = Version(_strong_etag(response), total)
    if first != part.size or part.version.contradicts(version):
        part.start(Version())
        raise TryLater("another part came than was asked for")
    if not part.size:
        part.start(version)
    return last + 1 - first, total or part.version.total


def _check_complete(response: httpx.Response, part: Part, most_bytes: int | None) -> None:
    """Believe that nothing follows what there is; start again after any other 416."""
    size = part.size
    is_all = response.headers.get("content-range", "") == f"bytes */{size}"
    if not size or not is_all or part.version.contradicts(Version(total=size)):
        part.start(Version())
        raise TryLater("HTTP 416")
    _check_size(size, most_bytes)


def _length(response: httpx.Response) -> int | None:
    value = response.headers.get("content-length", "")
    is_framed = "transfer-encoding" in response.headers
    return int(value) if re.fullmatch("[0-9]{1,20}", value) and not is_framed else None


def _strong_etag(response: httpx.Response) -> str:
    value: str = response.headers.get("etag", "")
    return value if STRONG_ETAG.fullmatch(value) else ""


def _check_size(size: int, most_bytes: int | None) -> None:
    if most_bytes is None and size > conf.SORA_REMIX_MAX_RESULT_BYTES:
        message = _("The file is larger than %(most)d bytes (SORA_REMIX_MAX_RESULT_BYTES).")
        raise FileRefused(message % {"most": conf.SORA_REMIX_MAX_RESULT_BYTES})
    if most_bytes is not None and size > most_bytes:
        raise FileRefused(_("The file is larger than %(most)d bytes.") % {"most": most_bytes})


@asynccontextmanager
async def _answer(url: str, part: Part) -> AsyncIterator[httpx.Response]:
    """Open a URL, following redirects of which each is checked like the first."""
    target = read_url(url)
    headers = _range_headers(part)
    for _hop in range(REDIRECTS + 1):
        response = await get(target, headers)
        try:
            if response.has_redirect_location:
                target = read_url(response.headers["location"], base=target)
                continue
            _check_answer(response)
            yield response
            return
        finally:
            await response.aclose()
    raise FileRefused(_("The file's URL redirects too often."))


def _range_headers(part: Part) -> dict[str, str]:
    if not (have := part.size):
        return {}
    same = {"If-Range": part.version.etag} if part.version.etag else {}
    return {"Range": f"bytes={have}-"} | same


def _check_answer(response: httpx.Response) -> None:
    status = response.status_code
    if status in (403, 404, 410):
        raise FileGone(f"HTTP {status}")
    if status not in (200, 206, 416):
        raise TryLater(f"HTTP {status}")
    if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        return
    if response.headers.get("content-type", "").lower().startswith("text/"):
        raise FileRefused(_("The server sent a page instead of a file."))
    if COMPRESSED & set(re.split(r"[\s,]+", response.headers.get("content-encoding", "").lower())):
        raise FileRefused(_("The server sent the file compressed, which it was not asked for."))
