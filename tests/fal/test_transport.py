"""Answers are read within limits, whatever the server sends; over the wire."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest
from django.utils import timezone

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.fal import queue, submitting, uploads
from sora_remix.fal.transport import BoundedClient
from sora_remix.request_pool import wait_for
from tests.fal.conftest import KeyServer
from tests.fal.proxy import TunnelProxy, tunnel_proxy
from tests.fal.test_queue import BODY, ID

MOST = 1000


def get(url: str, times: int = 1) -> httpx.Response:
    async def call() -> httpx.Response:
        async with BoundedClient(MOST) as client:
            for _ in range(times - 1):
                await client.get(url)
            return await client.get(url)

    return wait_for(call())


def packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("", bytes),
        ("identity", bytes),
        ("gzip", packed),
        ("x-gzip", packed),
        (" GZIP ", packed),
        ("deflate", zlib.compress),
    ],
)
@pytest.mark.parametrize("size", [0, 1, MOST])
def test_body_within_the_limit_is_read(
    key_server: KeyServer, encoding: str, pack: Callable[[bytes], bytes], size: int
) -> None:
    key_server.say(pack(b"x" * size), 422, {"Content-Encoding": encoding, "X-Other": "1"})

    response = get(key_server.url)

    assert response.content == b"x" * size
    assert (response.status_code, response.headers["x-other"]) == (422, "1")
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", b"x" * (MOST + 1)),
        ("gzip", packed(b"x" * (MOST + 1))),
        ("gzip", packed(b"x" * 50_000_000)),
        ("gzip", packed(b"x") + b"x" * MOST),
        ("deflate", zlib.compress(b"x" * (MOST + 1))),
    ],
)
def test_larger_body_is_refused(key_server: KeyServer, encoding: str, body: bytes) -> None:
    key_server.say(body, headers={"Content-Encoding": encoding})

    with pytest.raises(httpx.DecodingError, match="more than 1000 bytes"):
        get(key_server.url)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"no gzip"),
        ("gzip", packed(b"x" * 500)[:-4]),
        ("gzip, gzip", packed(packed(b"x"))),
        ("br", b"x"),
        ("zstd", b"x"),
        ("unheard-of", b"x"),
    ],
)
def test_body_that_can_not_be_decompressed_is_refused(
    key_server: KeyServer, encoding: str, body: bytes
) -> None:
    key_server.say(body, headers={"Content-Encoding": encoding})

    with pytest.raises(httpx.DecodingError):
        get(key_server.url)


def test_only_uncompressed_bodies_are_requested(key_server: KeyServer) -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers["Accept-Encoding"])
        handler.send_response(204)
        handler.end_headers()

    key_server.answer = answer

    get(key_server.url)

    assert asked == ["identity"]


@pytest.mark.parametrize("charset", ["zlib", "base64", "utf-16", "idna", "\xff", "utf-8"])
def test_text_is_decoded_as_utf_8_whatever_the_header_names(
    key_server: KeyServer, charset: str
) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    key_server.say("größer".encode() + b"\xff", headers=headers)

    assert get(key_server.url).text == "größer\ufffd"


def test_cookies_are_ignored(
    key_server: KeyServer,
) -> None:
    sent: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        sent.append(handler.headers["Cookie"])
        handler.send_response(200)
        handler.send_header("Set-Cookie", "a=\xfc\xdf; Path=/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    key_server.answer = answer

    get(key_server.url, times=2)

    assert sent == [None, None]


def test_connection_is_reused(key_server: KeyServer) -> None:
    ports: set[int] = set()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.protocol_version = "HTTP/1.1"
        ports.add(handler.client_address[1])
        handler.send_response(200)
        handler.send_header("Content-Length", "1")
        handler.end_headers()
        handler.wfile.write(b"x")
        handler.close_connection = False

    key_server.answer = answer

    get(key_server.url, times=5)

    assert len(ports) == 1


@pytest.fixture
def proxy(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[TunnelProxy]:
    """A proxy that the environment names, and clients that were not made yet."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    made: list[httpx.AsyncClient] = []

    def maker(module: Any) -> Callable[[], httpx.AsyncClient]:
        @cache
        def make() -> httpx.AsyncClient:
            made.append(module._client_of.__wrapped__(0))
            return made[-1]

        return make

    with tunnel_proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        for module in (queue, submitting, uploads):
            monkeypatch.setattr(module, "_client", maker(module))
        yield proxy
        for client in made:
            wait_for(client.aclose())


def _all_calls(sandbox: SandboxProcess, settings: Any) -> None:
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url
    answer = wait_for(fal.submit(ID, BODY))
    assert isinstance(answer, fal.Accepted)
    wait_for(fal.progress(ID, answer.request_id))
    wait_for(fal.sent_requests(ID, timezone.now()))
    wait_for(fal.upload("a.mp4", "video/mp4", io.BytesIO(b"x"), timedelta(days=1)))


def test_all_calls_use_the_proxy_of_the_environment(
    sandbox: SandboxProcess, settings: Any, proxy: TunnelProxy
) -> None:
    _all_calls(sandbox, settings)

    assert proxy.targets == [sandbox.host] * 4


def test_no_proxy_of_the_environment_is_respected(
    sandbox: SandboxProcess, settings: Any, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    _all_calls(sandbox, settings)

    assert proxy.targets == []


def test_unreachable_proxy_sends_nothing(
    sandbox: SandboxProcess, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    assert isinstance(wait_for(fal.submit(ID, BODY)), fal.NotSent)


def test_unusable_proxy_is_no_outage(
    sandbox: SandboxProcess, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://127.0.0.1:9")

    answer = wait_for(fal.submit(ID, BODY))

    assert isinstance(answer, fal.Refused)
    assert answer.code == "request_not_sendable"
