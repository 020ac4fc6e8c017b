"""Searching fal's list for remixes without an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sora_remix import engine, fal
from sora_remix.clock import utc
from sora_remix.exceptions import TryLater
from sora_remix.models import Remix
from tests.factories import ago, make_remix, make_video

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
BODY = {"prompt": "a"}


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[fal.SentRequest]:
    """The requests in fal's list, filled by the test."""
    requests: list[fal.SentRequest] = []

    async def sent_requests(endpoint_id: str, since: datetime) -> list[fal.SentRequest]:
        return [one for one in requests if one.sent_at >= since]

    monkeypatch.setattr(fal, "sent_requests", sent_requests)
    return requests


def request(request_id: str, arguments: Any = BODY, **sent_ago: float) -> fal.SentRequest:
    return fal.SentRequest(request_id, utc(ago(**(sent_ago or {"minutes": 5}))), arguments)


def unconfirmed(**values: Any) -> Remix:
    values = {"submitted_at": ago(minutes=5), "arguments": BODY, **values}
    return make_remix(status=Status.UNCONFIRMED, **values)


def search() -> None:
    engine.sweep()


def found() -> list[str]:
    return list(Remix.objects.filter(status=Status.PROCESSING).values_list("request_id", flat=True))


def test_request_with_the_same_input_settles_a_remix(listed: list[fal.SentRequest]) -> None:
    unconfirmed()
    listed.append(request("fal-1"))

    search()

    assert found() == ["fal-1"]


@pytest.mark.parametrize(
    ("arguments", "minutes"),
    [
        ({"prompt": "b"}, 5),
        ({"prompt": "a", "delete_video": False}, 5),
        (BODY, 7),
        (BODY, 1),
    ],
)
def test_request_with_another_input_or_time_settles_nothing(
    listed: list[fal.SentRequest], arguments: dict[str, Any], minutes: int
) -> None:
    remix = unconfirmed()
    listed.append(request("x", arguments, minutes=minutes))

    search()

    remix.refresh_from_db()
    assert remix.status == Status.UNCONFIRMED
    assert remix.due_at > timezone.now()


def test_request_of_one_remix_settles_no_other(
    listed: list[fal.SentRequest],
) -> None:
    make_remix(status=Status.SUCCEEDED, request_id="fal-1", arguments=BODY)
    unconfirmed()
    listed.append(request("fal-1"))

    search()

    assert found() == []


@pytest.mark.parametrize(("remixes", "requests"), [(3, 2), (2, 3), (2, 2)])
def test_equal_remixes_are_settled_by_one_request_each(
    listed: list[fal.SentRequest], remixes: int, requests: int
) -> None:
    source = make_video()
    for _ in range(remixes):
        unconfirmed(source=source)
    listed.extend(request(f"fal-{number}") for number in range(requests))

    search()

    assert len(set(found())) == len(found()) == min(remixes, requests)


def test_request_is_not_assigned_while_an_equal_remix_is_being_sent(
    listed: list[fal.SentRequest],
) -> None:
    remix = unconfirmed()
    make_remix(status=Status.SUBMITTING, source=remix.source, leased_until=ago(seconds=-20))
    listed.append(request("fal-1"))

    search()

    assert found() == []


def test_pauses_between_searches_grow(listed: list[fal.SentRequest]) -> None:
    remix = unconfirmed()
    pauses = []
    for _ in range(4):
        Remix.objects.update(due_at=timezone.now())
        search()
        remix.refresh_from_db()
        pauses.append(round((remix.due_at - timezone.now()).total_seconds()))

    assert pauses == [30, 60, 120, 240]


def test_search_ends_after_an_hour(listed: list[fal.SentRequest]) -> None:
    unconfirmed(submitted_at=ago(minutes=61))
    listed.append(request("fal-1", minutes=61))

    search()

    assert found() == []


def test_unreadable_list_is_read_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    remix = unconfirmed()

    async def sent_requests(endpoint_id: str, since: datetime) -> list[fal.SentRequest]:
        raise TryLater("HTTP 500")

    monkeypatch.setattr(fal, "sent_requests", sent_requests)

    search()

    remix.refresh_from_db()
    assert remix.status == Status.UNCONFIRMED
    assert remix.due_at > timezone.now() + timedelta(seconds=20)


def test_remix_lost_before_sending_is_not_searched_for(
    listed: list[fal.SentRequest],
) -> None:
    unconfirmed(arguments=None)
    listed.append(request("fal-1", None))

    search()

    assert found() == []
