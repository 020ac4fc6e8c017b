"""What people do about remixes: retry, cancel, decide, collect again, resume sending."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from pytest_django import DjangoCaptureOnCommitCallbacks

from sora_remix import services, tasks
from sora_remix.exceptions import InvalidTransition, RequestRefused
from sora_remix.models import (
    Chain,
    Remix,
    RemixBatch,
    RemixEvent,
)
from tests.factories import ago, make_remix, make_video
from tests.queued_tasks import Queued, queued
from tests.users import User

__all__ = ["queued"]
pytestmark = pytest.mark.usefixtures("queued")

Status = Remix.Status
Kind = RemixEvent.Kind


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_retry_is_a_new_remix_with_the_same_input(db: None, status: str) -> None:
    editor = User.objects.create_user("editor")
    batch = RemixBatch.objects.start([], by=None)
    remix = make_remix(status=status, batch=batch, options={"delete_video": True})

    again = services.retry(remix, by=editor)

    assert (again.retry_of, again.status, again.requested_by) == (remix, Status.QUEUED, editor)
    for name in ("source", "prompt", "endpoint", "endpoint_id", "options", "batch"):
        assert getattr(again, name) == getattr(remix, name)
    assert (again.estimated_cost, again.request_id) == (Decimal("0.40"), "")


def test_retry_is_enqueued_after_the_commit(
    db: None,
    queued: Queued,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.retry(make_remix(status=Status.FAILED), by=None)

    assert queued == [(tasks.advance, 1)]


@pytest.mark.parametrize(
    "status", [one for one in Status if one not in (Status.FAILED, Status.CANCELLED)]
)
def test_retry_of_a_remix_that_did_not_fail_is_refused(db: None, status: str) -> None:
    remix = make_remix(status=status)

    with pytest.raises(InvalidTransition, match="Only failed or cancelled remixes"):
        services.retry(remix, by=None)

    assert list(Remix.objects.all()) == [remix]


def test_retry_of_a_source_deleted_at_its_provider_is_refused(db: None) -> None:
    remix = make_remix(status=Status.FAILED, source=make_video(is_deleted_at_provider=True))

    with pytest.raises(RequestRefused, match="has deleted it"):
        services.retry(remix, by=None)

    assert Remix.objects.count() == 1


def test_retry_checks_the_current_row(db: None) -> None:
    remix = make_remix(status=Status.FAILED, request_id="fal-1")
    Remix.objects.get(pk=remix.pk).reopen()

    with pytest.raises(InvalidTransition):
        services.retry(remix, by=None)


def test_second_retry_is_refused(db: None) -> None:
    remix = make_remix(status=Status.FAILED)
    again = services.retry(remix, by=None)

    with pytest.raises(InvalidTransition):
        services.retry(Remix.objects.get(pk=remix.pk), by=None)

    assert set(Remix.objects.all()) == {remix, again}


def test_unsent_remix_can_be_cancelled(db: None) -> None:
    remix = make_remix()

    services.cancel(remix, by=None)

    assert Remix.objects.get().status == Status.CANCELLED


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.UNCONFIRMED, Status.PROCESSING])
def test_cancelling_a_sent_remix_is_requested_at_fal(db: None, status: str) -> None:
    remix = make_remix(status=status)

    services.cancel(remix, by=None)

    remix.refresh_from_db()
    assert remix.status == status
    assert remix.cancel_requested_at


@pytest.mark.parametrize(
    "status", [Status.STORING, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED]
)
def test_finished_remix_can_not_be_cancelled(db: None, status: str) -> None:
    remix = make_remix(status=status)

    with pytest.raises(InvalidTransition):
        services.cancel(remix, by=None)

    remix.refresh_from_db()
    assert (remix.status, remix.cancel_requested_at) == (status, None)


def test_unconfirmed_remix_can_be_given_up(db: None) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    services.give_up(remix, by=None)

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "given_up")


def test_request_id_entered_by_a_person_settles_an_unconfirmed_remix(db: None) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    services.enter_request_id(remix, "fal-1", by=None)

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")


@pytest.mark.parametrize("status", [one for one in Status if one != Status.UNCONFIRMED])
def test_only_an_unconfirmed_remix_can_be_decided(db: None, status: str) -> None:
    remix = make_remix(status=status)

    for decide in (
        lambda: services.give_up(remix, by=None),
        lambda: services.enter_request_id(remix, "fal-1", by=None),
        lambda: services.send_again(remix, by=None),
    ):
        with pytest.raises(InvalidTransition):
            decide()

    assert Remix.objects.get().status == status


def test_request_id_of_another_remix_is_refused(db: None) -> None:
    make_remix(status=Status.SUCCEEDED, request_id="fal-1")
    remix = make_remix(status=Status.UNCONFIRMED)

    with pytest.raises(InvalidTransition):
        services.enter_request_id(remix, "fal-1", by=None)


def test_sending_again_makes_one_new_remix_and_leaves_the_first_open(db: None) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    again = services.send_again(remix, by=None)

    with pytest.raises(InvalidTransition):
        services.send_again(remix, by=None)
    remix.refresh_from_db()
    assert (again.retry_of, again.status) == (remix, Status.QUEUED)
    assert remix.status == Status.UNCONFIRMED


def test_webhook_restores_its_remix_and_enqueues_a_turn(
    db: None,
    queued: Queued,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    with django_capture_on_commit_callbacks(execute=True):
        services.webhook_received(remix.key, "fal-1")
        services.webhook_received(remix.key, "fal-1")

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")
    assert remix.other_request_ids == []
    assert len(queued) == 1


def test_result_is_collected_again_free_of_charge(
    db: None,
    queued: Queued,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    remix = make_remix(status=Status.FAILED, request_id="fal-1")

    with django_capture_on_commit_callbacks(execute=True):
        services.collect_again(remix, by=None)
        before = list(queued)

    assert (before, queued) == ([], [(tasks.collect, remix.pk)])
    assert [one.status for one in Remix.objects.all()] == [Status.STORING]


@pytest.mark.parametrize(
    "values",
    [
        {"status": Status.FAILED},
        {"status": Status.SUCCEEDED, "request_id": "fal-1"},
        {"status": Status.PROCESSING, "request_id": "fal-1"},
        {"status": Status.CANCELLED, "request_id": "fal-1"},
    ],
)
def test_only_a_remix_that_failed_after_acceptance_is_collected_again(
    db: None,
    queued: Queued,
    values: dict[str, Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    remix = make_remix(**values)

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(InvalidTransition):
        services.collect_again(remix, by=None)

    assert (queued, Remix.objects.get().status) == ([], values["status"])


def _told(remix: Remix) -> list[tuple[str, str, Any]]:
    return [(event.kind, event.detail, event.by) for event in remix.events.all()]


def test_every_remix_has_an_event_with_its_requester(db: None) -> None:
    editor = User.objects.create_user("editor")

    remixes = services.request_remixes([make_video()], ["noir", "gold"], by=editor)

    assert [_told(remix) for remix in remixes] == [[(Kind.REQUESTED, "", editor)]] * 2


@pytest.mark.parametrize(
    ("act", "status", "kind"),
    [
        (services.retry, Status.FAILED, Kind.RETRIED),
        (services.send_again, Status.UNCONFIRMED, Kind.SENT_AGAIN),
    ],
)
def test_retry_is_recorded_in_the_history_of_both_remixes(
    db: None, act: Any, status: str, kind: Kind
) -> None:
    remix, editor = make_remix(status=status), User.objects.create_user("editor")

    again = act(remix, by=editor)

    assert _told(remix) == [(kind, str(again.pk), editor)]
    assert _told(again) == [(Kind.REQUESTED, str(remix.pk), editor)]


@pytest.mark.parametrize(
    ("act", "status", "kind", "detail"),
    [
        (services.cancel, Status.QUEUED, Kind.CANCELLED, ""),
        (services.cancel, Status.PROCESSING, Kind.CANCEL_WISHED, ""),
        (services.collect_again, Status.FAILED, Kind.COLLECTED_AGAIN, ""),
        (services.give_up, Status.UNCONFIRMED, Kind.GIVEN_UP, ""),
        (
            lambda remix, by: services.enter_request_id(remix, "fal-2", by=by),
            Status.UNCONFIRMED,
            Kind.ID_ENTERED,
            "fal-2",
        ),
    ],
)
def test_decision_by_code_is_recorded_with_the_given_person(
    db: None, act: Any, status: str, kind: Kind, detail: str
) -> None:
    remix, editor = make_remix(status=status, request_id="fal-1"), User.objects.create_user("e")

    act(remix, by=editor)

    assert _told(remix) == [(kind, detail, editor)]


@pytest.mark.parametrize("by", [None, AnonymousUser()])
def test_decision_without_a_person_is_recorded_without_one(db: None, by: Any) -> None:
    remix = make_remix()

    services.cancel(remix, by=by)

    assert _told(remix) == [(Kind.CANCELLED, "", None)]


def test_pause_can_be_ended_and_a_turn_is_enqueued(
    db: None,
    queued: Queued,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    caplog.set_level("INFO", "sora_remix.services")
    Chain.objects.hold_back(ago(minutes=-30), "HTTP 429: slow down")

    with django_capture_on_commit_callbacks(execute=True):
        was_paused = services.resume_sending(by=User(username="ann"))

    assert (was_paused, Chain.objects.is_held(), queued) == (True, False, [(tasks.advance, 1)])
    assert "ann resumed sending, which was paused until" in caplog.text
    assert "HTTP 429: slow down" in caplog.text


def test_postponed_remixes_are_sent_when_sending_is_resumed(db: None) -> None:
    put_off = make_remix(due_at=ago(hours=-1))
    others = [
        make_remix(due_at=ago(hours=-1), is_ready=False),
        make_remix(due_at=ago(hours=-1), status=Status.PROCESSING),
    ]

    was_paused = services.resume_sending(by=None)

    assert not was_paused
    assert list(Remix.objects.to_send()) == [put_off]
    for remix in others:
        assert Remix.objects.get(pk=remix.pk).due_at == remix.due_at
