"""A key server, signatures of fal, and a clock that tests can set."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from pytest_django import Settings

from example_project.fal_sandbox.webhooks import Signer
from sora_remix.fal import webhook_keys

Answer = Callable[[BaseHTTPRequestHandler], object]


class KeyServer(ThreadingHTTPServer):
    """Count the calls, and send the given answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), KeyHandler)
        self.url = f"http://127.0.0.1:{self.server_port}/jwks.json"
        self.calls: list[str] = []
        self.ended = threading.Event()
        self.publish()

    def publish(self, *entries: Any) -> None:
        self.say(json.dumps({"keys": entries}).encode())

    def say(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)

        self.answer: Answer = answer


class KeyHandler(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        self.server.calls.append(self.path)
        self.server.answer(self)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class Clock:
    """The current time; it changes only when set."""

    def __init__(self) -> None:
        self.now = time.time()

    def turn(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def key_server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyServer]:
    """A key server that the settings name, and a cache that knows nothing of it."""
    monkeypatch.setattr(webhook_keys, "TIMEOUT", httpx.Timeout(60))
    monkeypatch.setattr(webhook_keys, "READ_SECONDS", 60)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)  # the sandbox may not have written it yet
    cache.clear()
    with KeyServer() as server:
        settings.SORA_REMIX_JWKS_URL = server.url
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.ended.set()
        server.shutdown()
        thread.join()
    cache.clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", lambda: clock.now)
    return clock


@pytest.fixture
def signer(tmp_path: Path, key_server: KeyServer) -> Signer:
    """fal, whose key the server publishes."""
    signer = Signer(tmp_path / "key.pem")
    key_server.publish(*signer.key_set()["keys"])
    return signer
