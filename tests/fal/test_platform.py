"""fal's list of requests, and what it says of the key, over the wire."""

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
def test_a_request_that_can_not_be_recognised_is_left_out(
    sandbox: SandboxProcess, item: dict[str, Any]
) -> None:
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
def test_a_list_that_can_not_be_read_is_asked_for_again(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any]
) -> None:
    sandbox.misbehave("list", fault, **parameters)

    with pytest.raises(TryLater):
        listed()


def test_a_good_key_is_told_by_a_call_that_costs_nothing(sandbox: SandboxProcess) -> None:
    assert wait_for(fal.check_key()) is fal.Key.GOOD
    assert sandbox.accepted() == []


def test_an_endpoint_that_fal_does_not_know_says_nothing_against_the_key(
    sandbox: SandboxProcess,
) -> None:
    sandbox.misbehave("list", "answer", status=404, body={"error": {"type": "not_found"}})

    assert wait_for(fal.check_key()) is fal.Key.GOOD


def test_a_key_that_may_not_read_the_list_is_told(sandbox: SandboxProcess) -> None:
    sandbox.misbehave("list", "answer", status=403, body={"error": {"type": "forbidden"}})

    assert wait_for(fal.check_key()) is fal.Key.LIMITED


def test_a_bad_key_is_told(settings: Any) -> None:
    settings.SORA_REMIX_FAL_KEY = "bad-key"

    assert wait_for(fal.check_key()) is fal.Key.REFUSED


def test_a_missing_key_is_told_without_asking_fal(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FAL_KEY")

    assert wait_for(fal.check_key()) is fal.Key.MISSING
    assert sandbox.calls()["list"] == 0


@pytest.mark.parametrize(
    ("fault", "parameters"), [("drop_before", {}), ("answer", {"status": 500, "body": ""})]
)
def test_a_key_that_fal_can_not_be_asked_about_is_neither_good_nor_bad(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any]
) -> None:
    sandbox.misbehave("list", fault, **parameters)

    with pytest.raises(TryLater):
        wait_for(fal.check_key())


@pytest.mark.parametrize("url", ["https://127.0.0.1:9", "nowhere", "https://[", ""])
def test_an_address_at_which_nobody_answers_is_no_crash(settings: Any, url: str) -> None:
    settings.SORA_REMIX_FAL_API_URL = url

    with pytest.raises(TryLater):
        wait_for(fal.check_key())


def test_nobody_is_waited_for_without_end(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "ASK_SECONDS", 0.2)
    sandbox.misbehave("list", "stall", seconds=5)

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
def test_a_request_is_listed_with_a_moment_that_can_be_compared(
    sandbox: SandboxProcess, text: object, moment: datetime | None
) -> None:
    item = {"request_id": "x", "sent_at": text, "json_input": {}}
    sandbox.misbehave("list", "answer", status=200, body={"items": [item], "has_more": False})

    assert [request.sent_at for request in listed()] == ([moment] if moment else [])


@pytest.mark.parametrize("request_id", ["", "x" * 256, "a\0b", "a\ud83d", None, 7, ["x"]])
def test_a_listed_request_whose_id_can_not_be_kept_is_left_out(
    sandbox: SandboxProcess, request_id: object
) -> None:
    item = {"request_id": request_id, "sent_at": "2026-01-01T00:00:00Z", "json_input": {}}
    sandbox.misbehave("list", "answer", status=200, body={"items": [item, None, "odd"]})

    assert listed() == []


@pytest.mark.parametrize("fault", ["bomb", "drip"])
def test_a_list_without_end_is_left(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(platform, "ASK_SECONDS", 2)
    sandbox.misbehave("list", fault)

    with pytest.raises(TryLater, match=r"more than|Timeout"):
        listed()


def test_the_pages_of_a_list_are_bounded_together(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "LIST_BYTES", 1000)
    page = {"items": [], "next_cursor": "0", "has_more": True, "more": "x" * 400}
    sandbox.misbehave("list", "answer", status=200, body=page)

    with pytest.raises(TryLater):
        listed()

    assert sandbox.calls()["list"] == 3
