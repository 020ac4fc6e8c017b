"""Requests for files, directly and through proxies, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from sora_remix.exceptions import FileRefused, TryLater
from sora_remix.media import connections, downloads, hosts
from sora_remix.request_pool import wait_for
from tests.media.servers import Authority, ConnectProxy, FileServer, answer, download, header

NAME = "v3.fal.test"
pytestmark = pytest.mark.usefixtures("own_connections", "parts_folder")


@pytest.fixture
def files(authority: Authority) -> Iterator[FileServer]:
    """A server that has a certificate for a name that can't be resolved."""
    context = authority.context(NAME, f"b.{NAME}", "localhost", "127.0.0.1")
    with FileServer(context, lambda head: answer(b"a file")) as server:
        yield server


@pytest.fixture
def proxy(files: FileServer) -> Iterator[ConnectProxy]:
    """A proxy that leads every name to the server; nothing names it yet."""
    with ConnectProxy(files.port) as server:
        yield server


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the proxies of whoever runs the tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were looked up; all of them lead to this machine."""
    names: list[str] = []

    async def getaddrinfo(loop: object, host: Any, port: Any, **options: Any) -> list[Any]:
        names.append(host.decode() if isinstance(host, bytes) else host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return names


PROXIES = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"]
EXCEPTIONS = [
    "*",
    f"else.test, {NAME}",
    f".{NAME}",
    "fal.test",
    ".fal.test",
    "al.test",
    "*.fal.test",
    f"{NAME}:PORT",
    f"{NAME}:443",
    f"https://{NAME}",
    f"http://{NAME}",
    "https://*.fal.test",
    f"all://{NAME}:PORT",
    "https://",
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "127.0.0.0/8",
    "127.0.0.1/8",
    "127.0.0.1:PORT",
    "::1",
    " ,, ",
]


@pytest.mark.parametrize("host", [NAME, f"b.{NAME}", "localhost", "127.0.0.1"])
@pytest.mark.parametrize(
    ("variable", "exceptions"),
    [(name, "") for name in PROXIES] + [("HTTPS_PROXY", entry) for entry in EXCEPTIONS],
)
def test_proxy_is_used_where_httpx_uses_it(
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    files: FileServer,
    proxy: ConnectProxy,
    looked_up: list[str],
    variable: str,
    exceptions: str,
    host: str,
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = [host]
    monkeypatch.setenv(variable, f"127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", exceptions.replace("PORT", str(files.port)))
    url = f"https://{host}:{files.port}/x"

    async def ask_plain_httpx() -> bytes:
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).content

    content, of_httpx = wait_for(ask_plain_httpx()), list(proxy.targets)

    assert download(url) == content == b"a file"
    assert proxy.targets == of_httpx * 2


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_no_name_is_resolved_behind_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    proxy: ConnectProxy,
    looked_up: list[str],
    variable: str,
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.test"]
    monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")

    assert download(f"https://{NAME}/x") == b"a file"
    assert proxy.targets == [f"{NAME}:443"]
    assert looked_up == []


def test_tls_proxy_is_verified_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch, settings: Any, files: FileServer, authority: Authority
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.test"]
    with ConnectProxy(files.port, authority.context("127.0.0.1")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{proxy.port}")

        assert download(f"https://{NAME}/x") == b"a file"


def test_server_behind_a_proxy_is_verified_by_its_name(
    monkeypatch: pytest.MonkeyPatch, settings: Any, proxy: ConnectProxy
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.test"]
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")

    with pytest.raises(TryLater, match="mismatch"):
        download("https://other.fal.test/x")


def test_refusal_of_a_proxy_is_temporary(
    monkeypatch: pytest.MonkeyPatch, settings: Any, files: FileServer
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.test"]
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)
    refusal = b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n"
    with ConnectProxy(files.port, refusal=refusal) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")

        with pytest.raises(TryLater, match="407"):
            download(f"https://{NAME}/x")


@pytest.mark.parametrize(
    "location",
    [
        "https://example.com/x",
        f"http://{NAME}/x",
        "https://127.0.0.1/x",
        "https://0x7f.1/x",
        "https://2130706433/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://localhost./x",
        f"https://{NAME}@127.0.0.1/x",
    ],
)
def test_redirect_behind_a_proxy_is_checked_again(
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    files: FileServer,
    proxy: ConnectProxy,
    location: str,
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.test", "*.1", "*[0-9]", "*[[]*", "local*"]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    files.answer = lambda head: answer(b"", f"Location: {location}", status="302 Found")

    with pytest.raises(FileRefused):
        download(f"https://{NAME}/x")

    assert proxy.targets == [f"{NAME}:443"]


def test_redirect_behind_a_proxy_is_followed_by_name(
    monkeypatch: pytest.MonkeyPatch, settings: Any, files: FileServer, proxy: ConnectProxy
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.test"]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    there = answer(b"", f"Location: https://b.{NAME}/y", status="302 Found")
    files.answer = lambda head: there if "GET /x" in head else answer(b"a file")

    assert download(f"https://{NAME}/x") == b"a file"
    assert proxy.targets == [f"{NAME}:443", f"b.{NAME}:443"]


def test_host_excluded_from_the_proxy_is_resolved_and_checked(
    monkeypatch: pytest.MonkeyPatch, settings: Any, proxy: ConnectProxy, looked_up: list[str]
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.test"]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", ".fal.test")

    with pytest.raises(FileRefused, match="public"):
        download(f"https://{NAME}/x")

    assert (looked_up, proxy.targets) == ([NAME], [])


def test_checked_address_is_the_contacted_one(
    monkeypatch: pytest.MonkeyPatch, settings: Any, authority: Authority, looked_up: list[str]
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.test"]
    monkeypatch.setattr(hosts, "is_public", lambda address: True)
    with FileServer(authority.context(NAME), lambda head: answer(b"a file")) as server:
        assert download(f"https://{NAME}:{server.port}/x") == b"a file"

    assert header(server.heads[0], "host") == f"{NAME}:{server.port}"
    assert looked_up == [NAME]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "::1", "fd00::1"]
)
def test_name_with_one_private_address_is_never_contacted(
    monkeypatch: pytest.MonkeyPatch, settings: Any, address: str
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.media"]

    async def resolve(host: str, port: int) -> list[Any]:
        return [ip_address("93.184.215.14"), ip_address(address)]

    monkeypatch.setattr(connections, "_resolve", resolve)

    with pytest.raises(FileRefused, match="public"):
        download("https://v3.fal.media/x.mp4")


def test_unresolvable_name_is_temporary(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.invalid"]
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)

    with pytest.raises(TryLater):
        download("https://files.invalid/x.mp4")


def test_calls_are_spread_over_pools_of_few_connections(
    files: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["localhost"]
    pools: list[int] = []
    make = connections._transport

    def transport(pid: int, proxy: str | None, pool: int) -> httpx.AsyncHTTPTransport:
        pools.append(pool)
        return make(pid, proxy, pool)

    monkeypatch.setattr(connections, "_transport", transport)
    for _ in range(2 * connections.POOLS):
        download(f"https://localhost:{files.port}/")

    assert sorted(pools) == sorted([*range(connections.POOLS)] * 2)
