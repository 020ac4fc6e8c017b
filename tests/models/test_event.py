"""Each change of a remix is recorded once, in the same transaction, with its person."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Model
from pytest_django import DjangoAssertNumQueries

from sora_remix.exceptions import InvalidTransition
from sora_remix.models import Remix, RemixEvent
from sora_remix.models.reconciliation import id_received, webhook_received
from tests.factories import ago, make_remix, make_video
from tests.users import User

Status = Remix.Status
Kind = RemixEvent.Kind
LATER = ago(days=-1)

Move = Callable[[Remix], None]
TOLD: list[tuple[Move, str, Kind, str]] = [
    (lambda remix: remix.sending({}), Status.SUBMITTING, Kind.SENT, ""),
    (lambda remix: remix.not_sent(LATER), Status.SUBMITTING, Kind.NOT_SENT, ""),
    (lambda remix: remix.requeued(LATER), Status.SUBMITTING, Kind.REQUEUED, ""),
    (lambda remix: remix.held("key_refused"), Status.SUBMITTING, Kind.HELD, "key_refused"),
    (lambda remix: remix.accepted("fal-1"), Status.SUBMITTING, Kind.ACCEPTED, "fal-1"),
    (lambda remix: remix.refused("no", "No."), Status.SUBMITTING, Kind.REFUSED, "no"),
    (lambda remix: remix.unanswered("?"), Status.SUBMITTING, Kind.UNCONFIRMED, ""),
    (lambda remix: remix.accepted("fal-1", Kind.FOUND), Status.UNCONFIRMED, Kind.FOUND, "fal-1"),
    (lambda remix: id_received(remix, "fal-1"), Status.UNCONFIRMED, Kind.CALLED, "fal-1"),
    (lambda remix: id_received(remix, "fal-1"), Status.FAILED, Kind.CALLED, "fal-1"),
    (lambda remix: remix.give_up(), Status.UNCONFIRMED, Kind.GIVEN_UP, ""),
    (lambda remix: remix.request_cancellation(), Status.PROCESSING, Kind.CANCEL_WISHED, ""),
    (lambda remix: remix.cancellation_sent(), Status.PROCESSING, Kind.CANCEL_ASKED, ""),
    (lambda remix: remix.cancelled_at_fal(""), Status.PROCESSING, Kind.STOPPED, ""),
    (lambda remix: remix.cancel(), Status.QUEUED, Kind.CANCELLED, ""),
    (lambda remix: remix.completed(), Status.PROCESSING, Kind.FINISHED, ""),
    (lambda remix: remix.fail("no", "No."), Status.STORING, Kind.FAILED, "no"),
]
SILENT: list[tuple[Move, str]] = [
    (lambda remix: remix.check_again(LATER), Status.PROCESSING),
    (lambda remix: remix.postpone(LATER), Status.PROCESSING),
    (lambda remix: remix.start_storing(), Status.PROCESSING),
    (lambda remix: remix.not_ready(), Status.SUBMITTING),
    (lambda remix: remix.search_again(), Status.UNCONFIRMED),
]


def _told(remix: Remix) -> list[tuple[str, str, Any]]:
    return [(event.kind, event.detail, event.by) for event in remix.events.all()]


@pytest.mark.parametrize(("move", "status", "kind", "detail"), TOLD)
def test_worker_transition_is_recorded_once_and_has_no_person(
    db: None, move: Move, status: str, kind: Kind, detail: str
) -> None:
    remix = make_remix(status=status)

    move(remix)

    assert _told(remix) == [(kind, detail, None)]
    assert remix.events.get().at > ago(minutes=1)


@pytest.mark.parametrize(("move", "status", "_kind", "_detail"), TOLD)
def test_refused_transition_is_not_recorded(
    db: None, move: Move, status: str, _kind: Kind, _detail: str
) -> None:
    remix = make_remix(status=status)
    Remix.objects.update(status=Status.SUCCEEDED, request_id="fal-1")

    with suppress(InvalidTransition):
        move(remix)

    assert _told(remix) == []


@pytest.mark.parametrize(("move", "status"), SILENT)
def test_repeated_check_is_not_recorded(db: None, move: Move, status: str) -> None:
    remix = make_remix(status=status)

    move(remix)

    assert _told(remix) == []


def test_check_of_a_remix_in_progress_needs_one_query(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    remix = make_remix(status=Status.PROCESSING)

    with django_assert_num_queries(1):
        remix.check_again(LATER)


def test_stored_result_is_recorded_unless_rolled_back(db: None) -> None:
    remix = make_remix(status=Status.STORING)
    result = make_video()

    with transaction.atomic():
        remix.succeed(result)
        before = _told(remix)
        transaction.set_rollback(True)

    assert (before, _told(remix)) == ([(Kind.STORED, "", None)], [])


@pytest.mark.parametrize(
    ("act", "status", "kind"),
    [
        ("cancel", Status.QUEUED, Kind.CANCELLED),
        ("request_cancellation", Status.UNCONFIRMED, Kind.CANCEL_WISHED),
        ("give_up", Status.UNCONFIRMED, Kind.GIVEN_UP),
        ("reopen", Status.FAILED, Kind.COLLECTED_AGAIN),
    ],
)
def test_decision_of_a_person_names_the_person(db: None, act: str, status: str, kind: Kind) -> None:
    remix = make_remix(status=status, request_id="fal-1")
    editor = User.objects.create_user("editor")

    getattr(remix, act)(by=editor)

    assert _told(remix) == [(kind, "", editor)]


def test_event_is_kept_when_its_person_is_deleted(db: None) -> None:
    remix, editor = make_remix(), User.objects.create_user("editor")
    remix.cancel(by=editor)

    editor.delete()

    assert _told(remix) == [(Kind.CANCELLED, "", None)]


def test_other_request_id_is_recorded_once(db: None) -> None:
    remix = make_remix(status=Status.PROCESSING, request_id="fal-0")

    webhook_received(remix, "fal-1")
    webhook_received(remix, "fal-1")

    assert _told(remix) == [(Kind.DOUBLED, "fal-1", None)]


def test_every_lost_send_is_recorded_as_unconfirmed(db: None) -> None:
    dead = [make_remix(status=Status.SUBMITTING, leased_until=ago(minutes=1)) for _ in range(2)]
    living = make_remix(status=Status.SUBMITTING, leased_until=ago(minutes=-1))
    make_remix(status=Status.UNCONFIRMED)

    assert Remix.objects.give_up_lost_sends() == 2

    events = RemixEvent.objects.values_list("remix", "kind")
    assert set(events) == {(remix.pk, Kind.UNCONFIRMED) for remix in dead}
    assert _told(living) == []


def _break_events(monkeypatch: pytest.MonkeyPatch) -> None:
    def save(self: Model, **_options: Any) -> None:
        raise DatabaseError("The table is gone.")

    monkeypatch.setattr(RemixEvent, "save", save)


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.UNCONFIRMED])
def test_request_id_is_saved_when_its_event_can_not_be_recorded(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    remix = make_remix(status=status)
    _break_events(monkeypatch)

    with transaction.atomic():
        remix.accepted("fal-1")

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")


def test_other_transitions_fail_when_their_event_can_not_be_recorded(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = make_remix()
    _break_events(monkeypatch)

    with pytest.raises(DatabaseError):
        remix.cancel()

    assert (remix.status, Remix.objects.get().status) == (Status.QUEUED, Status.QUEUED)


def test_event_has_a_description() -> None:
    assert str(RemixEvent(kind=Kind.ACCEPTED)) == "fal accepted it."
