"""A webhook is accepted only if fal signed it recently for this account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from example_project.fal_sandbox.webhooks import USER_ID, Signer
from sora_remix.exceptions import TryLater, WebhookRefused
from sora_remix.fal import webhook_keys
from sora_remix.fal.webhook import HEADERS, MAX_BODY, verified_request_id
from tests.factories import at_once
from tests.fal.conftest import Clock, KeyServer

ID = "fal-1"
BODY = json.dumps({"request_id": ID, "status": "OK", "payload": {}}).encode()
ID_HEADER, USER_HEADER, TIME_HEADER, SIGNATURE_HEADER = HEADERS


def _refused(headers: dict[str, str], body: bytes = BODY) -> str:
    with pytest.raises(WebhookRefused) as refused:
        verified_request_id(headers, body)
    return str(refused.value)


def test_signed_call_has_its_request_id(signer: Signer) -> None:
    assert verified_request_id(signer.headers(ID, BODY), BODY) == ID


def test_long_request_id_is_accepted(signer: Signer) -> None:
    longest = "x" * 255
    body = json.dumps({"request_id": longest}).encode()

    assert verified_request_id(signer.headers(longest, body), body) == longest


@pytest.mark.parametrize("missing", HEADERS)
def test_call_with_a_missing_header_is_refused(
    signer: Signer, key_server: KeyServer, missing: str
) -> None:
    headers = signer.headers(ID, BODY)
    del headers[missing]

    assert "header" in _refused(headers)
    assert key_server.calls == []


@pytest.mark.parametrize("age", [-300, 0, 300])
def test_clock_can_differ_by_five_minutes(clock: Clock, signer: Signer, age: int) -> None:
    assert verified_request_id(signer.headers(ID, BODY, age=age), BODY) == ID


@pytest.mark.parametrize("age", [-301, 301, 86_400])
def test_call_with_another_time_is_refused(
    clock: Clock, signer: Signer, key_server: KeyServer, age: int
) -> None:
    assert "old" in _refused(signer.headers(ID, BODY, age=age))
    assert key_server.calls == []


@pytest.mark.parametrize("account", ["", USER_ID])
def test_call_for_this_account_is_accepted(
    signer: Signer, settings: Settings, account: str
) -> None:
    settings.SORA_REMIX_WEBHOOK_USER_ID = account

    assert verified_request_id(signer.headers(ID, BODY), BODY) == ID


@pytest.mark.parametrize("user_id", ["somebody-else", USER_ID.upper(), f"{USER_ID} "])
def test_call_signed_for_another_account_is_refused(
    signer: Signer, key_server: KeyServer, settings: Settings, user_id: str
) -> None:
    settings.SORA_REMIX_WEBHOOK_USER_ID = USER_ID

    assert "account" in _refused(signer.headers(ID, BODY, user_id=user_id))
    assert key_server.calls == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (ID_HEADER, "x" * 256),
        (USER_HEADER, "x" * 256),
        (ID_HEADER, "fal-1\n"),
        (USER_HEADER, "ü"),
        (TIME_HEADER, "soon"),
        (TIME_HEADER, "nan"),
        (TIME_HEADER, "9" * 5000),
        (SIGNATURE_HEADER, "not hexadecimal"),
        (SIGNATURE_HEADER, "ab" * 63),
        (SIGNATURE_HEADER, "ab" * 65),
    ],
)
def test_invalid_header_is_refused_without_reading_keys(
    signer: Signer, key_server: KeyServer, name: str, value: str
) -> None:
    assert _refused({**signer.headers(ID, BODY), name: value})
    assert key_server.calls == []


@pytest.mark.parametrize("name", HEADERS)
def test_changed_header_is_refused(signer: Signer, clock: Clock, name: str) -> None:
    headers = signer.headers(ID, BODY)
    other = signer.headers("fal-2", BODY, user_id="other", age=1)

    assert "signature" in _refused({**headers, name: other[name]})


@pytest.mark.parametrize("body", [BODY + b" ", BODY.replace(b": ", b":"), b""])
def test_body_with_one_changed_byte_is_refused(signer: Signer, body: bytes) -> None:
    assert "signature" in _refused(signer.headers(ID, BODY), body)


def test_signature_by_another_key_is_refused(signer: Signer, tmp_path: Path) -> None:
    other = Signer(tmp_path / "other.pem")

    assert "signature" in _refused(other.headers(ID, BODY))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"\xff",
        b"null",
        b'["fal-1"]',
        b"{}",
        b'{"request_id": null}',
        b'{"request_id": ["fal-1"]}',
        b'{"request_id": "fal-2", "gateway_request_id": "fal-1"}',
        b"[" * 100_000,
    ],
)
def test_signed_body_with_other_content_is_refused(signer: Signer, body: bytes) -> None:
    assert "different requests" in _refused(signer.headers(ID, body), body)


def test_too_large_body_is_refused_without_reading_keys(
    signer: Signer, key_server: KeyServer
) -> None:
    largest = BODY.ljust(MAX_BODY)

    assert verified_request_id(signer.headers(ID, largest), largest) == ID
    assert "large" in _refused(signer.headers(ID, largest + b" "), largest + b" ")
    assert len(key_server.calls) == 1


def test_signature_by_any_of_the_keys_is_accepted(
    signer: Signer, key_server: KeyServer, tmp_path: Path
) -> None:
    other = Signer(tmp_path / "other.pem")
    key_server.publish(*other.key_set()["keys"], *signer.key_set()["keys"])

    assert verified_request_id(signer.headers(ID, BODY), BODY) == ID
    assert verified_request_id(other.headers(ID, BODY), BODY) == ID
    assert len(key_server.calls) == 1


def test_changed_keys_are_read_again(
    signer: Signer, key_server: KeyServer, clock: Clock, tmp_path: Path
) -> None:
    verified_request_id(signer.headers(ID, BODY), BODY)
    new = Signer(tmp_path / "new.pem")
    key_server.publish(*new.key_set()["keys"])
    clock.turn(61)

    assert verified_request_id(new.headers(ID, BODY), BODY) == ID
    assert "signature" in _refused(signer.headers(ID, BODY))
    assert len(key_server.calls) == 2


def test_wrong_signatures_trigger_one_reading_of_keys_a_minute(
    signer: Signer, key_server: KeyServer, clock: Clock, tmp_path: Path
) -> None:
    other = Signer(tmp_path / "other.pem")

    for _second in range(120):
        assert "signature" in _refused(other.headers(ID, BODY))
        clock.turn(1)

    assert len(key_server.calls) == 2


def test_unreadable_new_keys_are_no_refusal(
    signer: Signer, key_server: KeyServer, clock: Clock, tmp_path: Path
) -> None:
    verified_request_id(signer.headers(ID, BODY), BODY)
    key_server.say(b"", status=500)
    clock.turn(61)

    for _attempt in range(2):
        with pytest.raises(TryLater):
            verified_request_id(Signer(tmp_path / "new.pem").headers(ID, BODY), BODY)
    assert verified_request_id(signer.headers(ID, BODY), BODY) == ID
    assert len(key_server.calls) == 2


def test_one_of_several_simultaneous_calls_reads_the_keys(
    signer: Signer, key_server: KeyServer
) -> None:
    headers = signer.headers(ID, BODY)

    def call() -> Any:
        try:
            return verified_request_id(headers, BODY)
        except TryLater:
            return None

    assert set(at_once(call, times=8)) <= {ID, None}
    assert call() == ID
    assert len(key_server.calls) == 1


def test_call_does_not_wait_while_another_reads_the_keys(
    signer: Signer, key_server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_keys, "READ_SECONDS", 0.2)
    key_server.answer = lambda _: key_server.ended.wait(30)

    for _attempt in range(3):
        with pytest.raises(TryLater):
            verified_request_id(signer.headers(ID, BODY), BODY)

    assert len(key_server.calls) == 1
