"""fal's list of requests, over the wire."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.exceptions import TryLater
from sora_remix.fal import platform
from sora_remix.flight import wait_for
from tests.fal.test_queue import BODY, ID, accepted, finished


@pytest.fixture(autouse=True)
def _api(sandbox: SandboxProcess, settings: Any) -> None:
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url


def listed(since: datetime | None = None) -> list[fal.SentRequest]:
    return wait_for(fal.sent_requests(ID, since or timezone.now() - timedelta(minutes=5)))


def test_a_request_is_listed_with_its_id_and_its_input() -> None:
    request_id = finished(accepted())

    [request] = listed()

    assert (request.request_id, request.arguments) == (request_id, BODY)
    assert timezone.now() - request.sent_at < timedelta(minutes=1)


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
