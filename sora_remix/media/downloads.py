"""From a URL to a temporary file, in bounded memory."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from functools import cache
from tempfile import SpooledTemporaryFile
from typing import IO

import httpx
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..exceptions import FileGone, FileRefused, TryLater

PLACES = 8
"""Downloads at once."""
IN_MEMORY = 1024**2
"""Bytes of a download that are kept in memory before it goes to disk."""
REDIRECTS = 5
ATTEMPTS = 5
"""How often a broken download is resumed before the caller gets to decide."""
TIMEOUT = httpx.Timeout(30, connect=10, pool=None)


async def download(url: str) -> IO[bytes]:
    """Stream a file to a temporary one and return that, at its start.

    Raise `FileRefused` when its host, size or kind is not allowed, `FileGone` when it is no
    longer there, `TryLater` for everything that may pass.
    """
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (the caller closes it)
    try:
        for attempt in range(ATTEMPTS):
            try:
                await _fetch_rest(url, file)
            except (httpx.TransportError, TryLater) as error:
                if attempt + 1 == ATTEMPTS:
                    raise TryLater(f"{type(error).__name__}: {error}") from error
                await asyncio.sleep(0.2 * 2**attempt)
            else:
                file.seek(0)
                return file
        raise AssertionError("unreachable")
    except BaseException:
        file.close()
        raise


async def _fetch_rest(url: str, file: IO[bytes]) -> None:
    """Add to the file what it lacks; start again when the server can't resume."""
    have = file.seek(0, os.SEEK_END)
    async with _answer(url, have) as response:
        if not _resumes(response, have):
            have = file.seek(0)
            file.truncate()
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise TryLater("HTTP 416")
        length = _length(response)
        _check_size(have + (length or 0))
        got = 0
        async for chunk in response.aiter_raw():
            got += len(chunk)
            _check_size(have + got)
            file.write(chunk)
        if length is not None and got != length:
            raise TryLater(f"{got} of {length} bytes came")


def _resumes(response: httpx.Response, have: int) -> bool:
    sent = response.headers.get("content-range", "")
    return response.status_code == httpx.codes.PARTIAL_CONTENT and sent.startswith(f"bytes {have}-")


def _length(response: httpx.Response) -> int | None:
    value = response.headers.get("content-length", "")
    return int(value) if value.isdecimal() else None


def _check_size(size: int) -> None:
    if size > conf.SORA_REMIX_MAX_RESULT_BYTES:
        message = _("The file is larger than %(most)d bytes (SORA_REMIX_MAX_RESULT_BYTES).")
        raise FileRefused(message % {"most": conf.SORA_REMIX_MAX_RESULT_BYTES})


@asynccontextmanager
async def _answer(url: str, have: int) -> AsyncIterator[httpx.Response]:
    """Open a URL, following redirects of which each is checked like the first."""
    target = _parsed(url)
    for _hop in range(REDIRECTS + 1):
        request = await _request(target, have)
        response = await _client().send(request, stream=True)
        try:
            if response.has_redirect_location:
                target = _parsed(response.headers["location"], base=target)
                continue
            _check_answer(response)
            yield response
            return
        finally:
            await response.aclose()
    raise FileRefused(_("The file's URL redirects too often."))


def _parsed(url: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        return base.join(url) if base else httpx.URL(url)
    except httpx.InvalidURL as error:
        message = _("The file's URL can't be read: %(error)s")
        raise FileRefused(message % {"error": error}) from error


def _check_answer(response: httpx.Response) -> None:
    status = response.status_code
    if status in (403, 404, 410):
        raise FileGone(f"HTTP {status}")
    if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        return
    if not response.is_success:
        raise TryLater(f"HTTP {status}")
    if response.headers.get("content-type", "").startswith("text/"):
        raise FileRefused(_("The server sent a page instead of a file."))


async def _request(url: httpx.URL, have: int) -> httpx.Request:
    """Build the request to an address that was checked, not to a name that may change."""
    address = await _checked_address(url)
    headers = {"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    return _client().build_request(
        "GET",
        url.copy_with(host=address),
        headers=headers,
        extensions={"sni_hostname": url.host},
    )


async def _checked_address(url: httpx.URL) -> str:
    """Return what to connect to; raise `FileRefused` when it isn't allowed.

    A host that is named exactly is trusted, wherever it is. What a wildcard lets in must be
    public, and the address that was looked at is the one that is used.
    """
    if url.scheme != "https" or not url.host:
        raise FileRefused(_("Results are downloaded over https only."))
    hosts = conf.SORA_REMIX_RESULT_HOSTS
    if not any(fnmatchcase(url.host, host) for host in hosts):
        message = _("Results may not be downloaded from “%(host)s” (SORA_REMIX_RESULT_HOSTS).")
        raise FileRefused(message % {"host": url.host})
    if url.host in hosts:
        return url.host
    addresses = await _resolve(url.host, url.port or 443)
    if not all(ipaddress.ip_address(address).is_global for address in addresses):
        message = _("“%(host)s” is not a public address.")
        raise FileRefused(message % {"host": url.host})
    return addresses[0]


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TryLater(f"{host}: {error}") from error
    return [str(entry[4][0]) for entry in found]


def _client() -> httpx.AsyncClient:
    return _client_of(os.getpid())


@cache
def _client_of(pid: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT, limits=httpx.Limits(max_connections=2 * PLACES))


def keep(url: str, file: IO[bytes]) -> None:
    pass
