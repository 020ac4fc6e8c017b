"""Send requests for files, through the environment's proxy or to verified addresses."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import count
from typing import Any
from urllib.request import getproxies

import httpx

from ..exceptions import TryLater
from .hosts import check_public, is_trusted, plain

MAX_PARALLEL_DOWNLOADS = 8
"""Downloads at the same time."""
POOLS = 8
"""Pools of connections. httpcore checks all idle connections of a pool before and after each call:
with one large pool, that took a fifth of a remix's CPU time."""
TIMEOUT = httpx.Timeout(30, connect=10, pool=None)
"""Seconds."""
LIMITS = httpx.Limits(max_keepalive_connections=3)
"""A remix has three files."""
HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "sora-remix"}

_calls = count()


async def get(url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
    """Request an allowed URL without following redirects. The caller reads and closes the answer.

    Raise `FileRefused` if the host has an address that is not public, `TryLater` if it can't be
    resolved, and httpx's `TransportError` if the server can't be reached.
    """
    # Not `httpx.AsyncClient`, which logs URLs with their signatures and keeps cookies.
    proxy = proxy_for(url)
    request = _request(url, headers) if proxy else await _direct_request(url, headers)
    pool = next(_calls) % POOLS
    return await _transport(os.getpid(), proxy, pool).handle_async_request(request)


def proxy_for(url: httpx.URL) -> str | None:
    """Return the environment's proxy for a URL, by the same rules as httpx.

    See https://www.python-httpx.org/environment_variables/.
    """
    proxies = getproxies()
    if any(_is_exception(entry.strip(), url) for entry in proxies.get("no", "").split(",")):
        return None
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def _is_exception(entry: str, url: httpx.URL) -> bool:
    """Tell whether an entry of NO_PROXY matches this URL."""
    if entry in ("", "*"):
        return entry == "*"
    pattern = httpx.URL(entry if "://" in entry else f"all://{_host_pattern(entry)}")
    return (
        pattern.scheme in ("all", url.scheme)
        and pattern.port in (None, url.port)
        and _host_matches(pattern.host, url.host)
    )


def _host_pattern(entry: str) -> str:
    """Convert a host in NO_PROXY to a pattern. A domain also matches its subdomains."""
    try:
        address = ip_address(entry.partition("/")[0])
    except ValueError:
        return entry if entry.lower() == "localhost" else f"*{entry}"
    return f"[{entry}]" if isinstance(address, IPv6Address) else entry


def _host_matches(pattern: str, host: str) -> bool:
    if pattern in ("", "*"):
        return True
    if not pattern.startswith("*"):
        return host == pattern
    domain = pattern[1:].removeprefix(".")
    is_itself = host == domain and not pattern.startswith("*.")
    return is_itself or (host.endswith(f".{domain}") and host != f".{domain}")


def _request(url: httpx.URL, headers: dict[str, str], **extensions: Any) -> httpx.Request:
    extensions["timeout"] = TIMEOUT.as_dict()
    return httpx.Request("GET", url, headers=HEADERS | headers, extensions=extensions)


async def _direct_request(url: httpx.URL, headers: dict[str, str]) -> httpx.Request:
    """Build a request to a verified address, because the name could resolve to another one."""
    if is_trusted(url):
        return _request(url, headers)
    host = url.raw_host.decode("ascii")
    addresses = await _resolve(host, url.port or 443)
    for address in addresses:
        check_public(url, address)
    headers = headers | {"Host": url.netloc.decode("ascii")}
    return _request(url.copy_with(host=str(addresses[0])), headers, sni_hostname=host)


async def _resolve(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TryLater(plain(f"{host}: {error}")) from error
    return [ip_address(entry[4][0]) for entry in found]


@cache
def _transport(pid: int, proxy: str | None, pool: int) -> httpx.AsyncHTTPTransport:
    """Return connections of this process; a forked worker must not use its parent's."""
    return httpx.AsyncHTTPTransport(verify=_ssl_context(), proxy=proxy, limits=LIMITS)


@cache
def _ssl_context() -> ssl.SSLContext:
    """Return what all pools share, because it takes a megabyte."""
    return httpx.create_ssl_context()
