"""Webhook keys are read from one server, rarely, and within limits."""

from __future__ import annotations

import base64
import json
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from pytest_django import Settings

from sora_remix.exceptions import TryLater
from sora_remix.fal import webhook_keys
from tests.fal.conftest import Clock, KeyServer

KEY = bytes(range(32))
X = base64.urlsafe_b64encode(KEY).decode().rstrip("=")
GOOD = {"kty": "OKP", "crv": "Ed25519", "x": X}


def _unavailable() -> float:
    """Return the seconds until the keys are reported as unavailable."""
    start = time.monotonic()
    with pytest.raises(TryLater):
        webhook_keys.current()
    return time.monotonic() - start


@pytest.mark.parametrize("x", [X, X + "=", X + "=="])
def test_a_key_may_be_padded(key_server: KeyServer, x: str) -> None:
    key_server.publish({**GOOD, "x": x})

    assert webhook_keys.current() == [KEY]


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "text",
        {},
        {**GOOD, "x": None},
        {**GOOD, "x": ""},
        {**GOOD, "x": "="},
        {**GOOD, "x": X[:-1]},
        {**GOOD, "x": X + "AAAA"},
        {**GOOD, "x": "ü" * 43},
        {**GOOD, "x": "!" * 43},
        {**GOOD, "kty": "RSA"},
        {**GOOD, "crv": "X25519"},
        {**GOOD, "crv": None},
    ],
)
def test_unusable_key_is_skipped(key_server: KeyServer, entry: Any) -> None:
    key_server.publish(entry, GOOD)

    assert webhook_keys.current() == [KEY]


def test_key_needs_no_type(key_server: KeyServer) -> None:
    key_server.publish({"x": X})

    assert webhook_keys.current() == [KEY]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"keys": []}',
        b'{"keys": {"x": ""}}',
        b'{"keys": [{"x": "AAAA"}]}',
        b"[" * 50_000,
    ],
)
def test_document_without_keys_has_no_keys(key_server: KeyServer, document: bytes) -> None:
    key_server.say(document)

    _unavailable()

    assert webhook_keys.known() == []
    assert len(key_server.calls) == 1


def test_failed_reading_is_repeated_after_a_minute(key_server: KeyServer, clock: Clock) -> None:
    key_server.say(b"", status=503)
    _unavailable()
    key_server.publish(GOOD)
    clock.turn(59)
    _unavailable()
    clock.turn(2)

    assert webhook_keys.current() == [KEY]
    assert len(key_server.calls) == 2


def test_failed_reading_keeps_the_known_keys(key_server: KeyServer, clock: Clock) -> None:
    key_server.publish(GOOD)
    webhook_keys.current()
    key_server.publish()
    clock.turn(61)

    _unavailable()

    assert webhook_keys.known() == [KEY]


def test_keys_are_current_for_a_minute(key_server: KeyServer, clock: Clock) -> None:
    key_server.publish(GOOD)

    assert [webhook_keys.current(), webhook_keys.current()] == [[KEY], [KEY]]
    clock.turn(61)
    assert webhook_keys.current() == [KEY]
    assert len(key_server.calls) == 2


def test_keys_are_kept_for_a_day(key_server: KeyServer, clock: Clock) -> None:
    key_server.publish(GOOD)
    webhook_keys.current()

    clock.turn(86_399)
    assert webhook_keys.known() == [KEY]
    clock.turn(2)
    assert webhook_keys.known() == []


def test_keys_are_kept_separately_for_each_server(
    key_server: KeyServer, settings: Settings
) -> None:
    key_server.publish(GOOD)
    webhook_keys.current()
    settings.SORA_REMIX_JWKS_URL = key_server.url + "?other"

    assert webhook_keys.known() == []
    assert webhook_keys.current() == [KEY]


def test_redirect_to_another_server_is_not_followed(key_server: KeyServer) -> None:
    key_server.say(b"", status=302, headers={"Location": "/other.json"})

    _unavailable()

    assert key_server.calls == ["/jwks.json"]


def test_large_document_is_not_read_to_its_end(key_server: KeyServer) -> None:
    entries = [GOOD] * 2000
    key_server.say(json.dumps({"keys": entries}).encode())

    _unavailable()

    assert webhook_keys.known() == []


def test_endless_document_is_abandoned(key_server: KeyServer) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not key_server.ended.is_set():
            try:
                handler.wfile.write(b" " * 65_536)
            except OSError:
                return

    key_server.answer = pour

    assert _unavailable() < 30


def test_compressed_document_is_not_decompressed(key_server: KeyServer) -> None:
    body = json.dumps({"keys": [GOOD]}).encode()
    key_server.say(body, headers={"Content-Encoding": "gzip"})

    assert webhook_keys.current() == [KEY]


def test_silent_server_times_out(key_server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_keys, "READ_SECONDS", 0.2)
    key_server.answer = lambda _: key_server.ended.wait(60)

    assert _unavailable() < 20
    monkeypatch.setattr(webhook_keys, "READ_SECONDS", 60)
    assert _unavailable() < 20
    assert len(key_server.calls) == 1


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_trickling_server_times_out(
    key_server: KeyServer, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        while not key_server.ended.wait(0.05):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    monkeypatch.setattr(webhook_keys, "READ_SECONDS", 0.3)
    key_server.answer = trickle

    assert _unavailable() < 20


def test_unreachable_server_has_no_keys(key_server: KeyServer, settings: Settings) -> None:
    settings.SORA_REMIX_JWKS_URL = "http://127.0.0.1:9/jwks.json"

    _unavailable()

    assert webhook_keys.known() == []


@pytest.mark.parametrize(
    "url", ["http://fal.example/jwks.json", "ftp://127.0.0.1/", "https://", "https://[", "", "x"]
)
def test_insecure_url_is_not_requested(
    key_server: KeyServer,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    url: str,
) -> None:
    settings.SORA_REMIX_JWKS_URL = url

    _unavailable()

    assert "neither https" in caplog.text
