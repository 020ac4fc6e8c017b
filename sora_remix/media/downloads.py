"""Download a URL to a temporary file, in bounded memory and with a minimum rate."""

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
from .partial_downloads import FileVersion, PartialDownload

REDIRECTS = 5
ATTEMPTS = 5
"""Attempts to complete a broken download before `TryLater` is raised."""
LEAST_RATE = 4 * 1024
"""Lowest rate in bytes per second before the download is postponed."""
RATE_SECONDS = 30.0
"""Seconds over which the rate is averaged. Headers and redirects count."""
LATE_SECONDS = 1.0
"""If the timeout fires this late, our own event loop was blocked, not the server."""
CONTENT_RANGE = re.compile(r"bytes (\d{1,20})-(\d{1,20})/(\d{1,20}|\*)", re.ASCII)
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')
COMPRESSED = {"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"}


class _TooSlow(TryLater):
    """The server is slower than the lowest rate. Trying again at once would not help."""


async def download(url: str, *, most_bytes: int | None = None) -> IO[bytes]:
    """Stream a file to a temporary one, and return that at its start.

    A file of more than `most_bytes` is refused. None means SORA_REMIX_MAX_RESULT_BYTES. After a
    cancelled or postponed download, the received bytes stay on disk for a day. The next download
    of the same URL continues from there, even if its query string differs.

    Raise `FileRefused` if the host, size or file type is not allowed, `FileGone` if the server no
    longer has the file, and `TryLater` for temporary errors.
    """
    part = PartialDownload(url)
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


async def _complete(url: str, part: PartialDownload, most_bytes: int | None) -> None:
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


async def _fetch_rest_in_time(url: str, part: PartialDownload, most_bytes: int | None) -> None:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RATE_SECONDS) as deadline:
            await _fetch_rest(url, part, most_bytes, deadline)
    except TimeoutError as error:
        message = f"the server sent less than {LEAST_RATE} bytes per second"
        is_late = loop.time() > (deadline.when() or 0) + LATE_SECONDS
        raise (TryLater if is_late else _TooSlow)(message) from error


async def _fetch_rest(
    url: str, part: PartialDownload, most_bytes: int | None, deadline: asyncio.Timeout
) -> None:
    """Fetch the missing bytes, or all of them if the server can't resume."""
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
            raise TryLater(f"received {part.size} of {total or length} bytes")


def _postpone(deadline: asyncio.Timeout) -> None:
    deadline.reschedule(asyncio.get_running_loop().time() + RATE_SECONDS)


def _prepare(response: httpx.Response, part: PartialDownload) -> tuple[int | None, int | None]:
    """Prepare for the body. Return the sizes of the body and of the whole file, if known."""
    if response.status_code != httpx.codes.PARTIAL_CONTENT:
        total = _length(response)
        part.start(FileVersion(_strong_etag(response), total))
        return total, total
    found = CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    first, last = (int(found[1]), int(found[2])) if found else (-1, -1)
    total = int(found[3]) if found and found[3] != "*" else None
    version = FileVersion(_strong_etag(response), total)
    if first != part.size or part.version.contradicts(version):
        part.start(FileVersion())
        raise TryLater("the server sent another range than requested")
    if not part.size:
        part.start(version)
    return last + 1 - first, total or part.version.total


def _check_complete(
    response: httpx.Response, part: PartialDownload, most_bytes: int | None
) -> None:
    """Accept a 416 that confirms that the file is complete. Otherwise start over."""
    size = part.size
    is_all = response.headers.get("content-range", "") == f"bytes */{size}"
    if not size or not is_all or part.version.contradicts(FileVersion(total=size)):
        part.start(FileVersion())
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
async def _answer(url: str, part: PartialDownload) -> AsyncIterator[httpx.Response]:
    """Open a URL and follow redirects, checking each target like the first URL."""
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


def _range_headers(part: PartialDownload) -> dict[str, str]:
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
        raise FileRefused(_("The server sent a web page instead of a file."))
    if COMPRESSED & set(re.split(r"[\s,]+", response.headers.get("content-encoding", "").lower())):
        raise FileRefused(_("The server sent the file compressed, which this site doesn't accept."))
