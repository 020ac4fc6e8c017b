"""fal's list of requests and its check of the key, over the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.exceptions import TryLater
from sora_remix.fal import platform
from sora_remix.request_pool import wait_for
from tests.fal.test_queue import BODY, ID, accepted, finished


@pytest.fixture(autouse=True)
def _api(sandbox: SandboxProcess, settings: Any) -> None:
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url


def listed(since: datetime | None = None) -> list[fal.SentRequest]:
    return wait_for(fal.sent_requests(ID, since or datetime.now(UTC) - timedelta(minutes=5)))


def test_a_request_is_listed_with_its_id_and_its_input() -> None:
    request_id = finished(accepted())

    [request] = listed()

    assert (request.request_id, request.arguments) == (request_id, BODY)
    assert datetime.now(UTC) - request.sent_at < timedelta(minutes=1)


def test_all_pages_of_the_list_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = {finished(accepted()) for _ in range(3)}
    monkeypatch.setattr(platform, "PER_PAGE", 2)

    assert {request.request_id for request in listed()} == ids


@pytest.mark.parametrize(
    "item",
    [
        {"request_id": "x", "sent_at": "no time", "json_input": {}},
        {"request_id": "x", "sent_at": "2026-01-01T00:00:00Z", "json_input": None},
        {"request_id": "x", "sent_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_unrecognisable_request_is_omitted(sandbox: SandboxProcess, item: dict[str, Any]) -> None:
    body = {"items": [item], "next_cursor": None, "has_more": False}
    sandbox.misbehave("list", "answer", status=200, body=body)

    assert listed() == []


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("drop_before", {}),
        ("garbage", {}),
        ("answer", {"status": 500, "body": ""}),
        ("answer", {"status": 200, "body": {"nothing": 1}}),
        ("answer", {"status": 200, "body": []}),
    ],
)
def test_unreadable_list_is_requested_again(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any]
) -> None:
    sandbox.misbehave("list", fault, **parameters)

    with pytest.raises(TryLater):
        listed()


def test_valid_key_is_confirmed_by_a_free_call(sandbox: SandboxProcess) -> None:
    assert wait_for(fal.check_key()) is fal.KeyStatus.GOOD
    assert sandbox.accepted() == []


def test_endpoint_unknown_to_fal_does_not_make_the_key_invalid(
    sandbox: SandboxProcess,
) -> None:
    sandbox.misbehave("list", "answer", status=404, body={"error": {"type": "not_found"}})

    assert wait_for(fal.check_key()) is fal.KeyStatus.GOOD


def test_key_without_permission_for_the_list_is_reported(sandbox: SandboxProcess) -> None:
    sandbox.misbehave("list", "answer", status=403, body={"error": {"type": "forbidden"}})

    assert wait_for(fal.check_key()) is fal.KeyStatus.LIMITED


def test_invalid_key_is_reported(settings: Any) -> None:
    settings.SORA_REMIX_FAL_KEY = "bad-key"

    assert wait_for(fal.check_key()) is fal.KeyStatus.REFUSED


def test_missing_key_is_reported_without_a_call(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FAL_KEY")

    assert wait_for(fal.check_key()) is fal.KeyStatus.MISSING
    assert sandbox.calls()["list"] == 0


@pytest.mark.parametrize(
    ("fault", "parameters"), [("drop_before", {}), ("answer", {"status": 500, "body": ""})]
)
def test_key_that_can_not_be_checked_is_neither_valid_nor_invalid(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any]
) -> None:
    sandbox.misbehave("list", fault, **parameters)

    with pytest.raises(TryLater):
        wait_for(fal.check_key())


@pytest.mark.parametrize("url", ["https://127.0.0.1:9", "nowhere", "https://[", ""])
def test_unreachable_address_is_no_crash(settings: Any, url: str) -> None:
    settings.SORA_REMIX_FAL_API_URL = url

    with pytest.raises(TryLater):
        wait_for(fal.check_key())


@pytest.mark.usefixtures("broken_handshakes")
def test_check_of_the_key_times_out(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "ASK_SECONDS", 2)
    sandbox.misbehave("list", "stall", seconds=60)

    with pytest.raises(TryLater, match="Timeout"):
        wait_for(fal.check_key())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T01:00:00+01:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2026-13-01T00:00:00Z", None),
        (1767225600, None),
    ],
)
def test_listed_request_has_a_comparable_time(
    sandbox: SandboxProcess, text: object, moment: datetime | None
) -> None:
    item = {"request_id": "x", "sent_at": text, "json_input": {}}
    sandbox.misbehave("list", "answer", status=200, body={"items": [item], "has_more": False})

    assert [request.sent_at for request in listed()] == ([moment] if moment else [])


@pytest.mark.parametrize("request_id", ["", "x" * 256, "a\0b", "a\ud83d", None, 7, ["x"]])
def test_listed_request_with_an_unstorable_id_is_omitted(
    sandbox: SandboxProcess, request_id: object
) -> None:
    item = {"request_id": request_id, "sent_at": "2026-01-01T00:00:00Z", "json_input": {}}
    sandbox.misbehave("list", "answer", status=200, body={"items": [item, None, "odd"]})

    assert listed() == []


@pytest.mark.parametrize("fault", ["bomb", "drip"])
@pytest.mark.usefixtures("broken_handshakes")
def test_endless_list_is_abandoned(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(platform, "ASK_SECONDS", 2)
    sandbox.misbehave("list", fault)

    with pytest.raises(TryLater, match=r"more than|Timeout"):
        listed()


def test_pages_of_a_list_have_a_common_limit(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "LIST_BYTES", 1000)
    page = {"items": [], "next_cursor": "0", "has_more": True, "more": "x" * 400}
    sandbox.misbehave("list", "answer", status=200, body=page)

    with pytest.raises(TryLater):
        listed()

    assert sandbox.calls()["list"] == 3
