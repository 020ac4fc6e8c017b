"""What concerns a group of remixes is written together, and never at the cost of one of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sora_remix import engine, fal
from sora_remix.database import insert
from sora_remix.engine import checking
from sora_remix.engine.pace import Heartbeat
from sora_remix.exceptions import InvalidTransition, TryLater
from sora_remix.models import Chain, Remix, RemixEvent
from tests.factories import ago, make_remix, make_video

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
Kind = RemixEvent.Kind


@pytest.fixture(autouse=True)
def friendly_fal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fal accept every request, under its prompt, and work on it."""

    async def submit(
        endpoint_id: str, arguments: Mapping[str, Any], webhook_url: str = ""
    ) -> fal.Submitted:
        return fal.Accepted(f"id-{arguments['prompt']}")

    async def progress(endpoint_id: str, request_id: str) -> fal.Progress:
        return fal.Progress(is_finished=request_id.startswith("done"), logs=("step 1",))

    monkeypatch.setattr(fal, "submit", submit)
    monkeypatch.setattr(fal, "progress", progress)


def _queue(many: int) -> list[Remix]:
    source = make_video()
    return [make_remix(source=source, prompt=str(number)) for number in range(many)]


def _put_in_flight(many: int, name: str = "id", **values: Any) -> list[Remix]:
    source, values = make_video(), {"submitted_at": timezone.now(), **values}
    return [
        make_remix(source=source, status=Status.PROCESSING, request_id=f"{name}-{number}", **values)
        for number in range(many)
    ]


def _send() -> None:
    engine.send_waiting(Heartbeat(), time.monotonic() + 60)


def _check() -> None:
    engine.check_due(Heartbeat(), time.monotonic() + 60)


def _count(step: Any) -> tuple[int, int]:
    """Count all queries of a step, and those that write history."""
    with CaptureQueriesContext(connection) as queries:
        step()
    said = [one["sql"] for one in queries]
    return len(said), sum(one.startswith("INSERT") and "remixevent" in one for one in said)


def _clear() -> None:
    Remix.objects.all().delete()


def test_history_of_what_is_sent_together_is_written_together() -> None:
    Chain.objects.get_or_create(pk=1)
    _queue(2)
    two, _history = _count(_send)
    _clear()
    _queue(8)

    eight, history = _count(_send)

    assert history == 2  # sent, and accepted
    assert eight - two == 6 * 2  # each has its own body and its own id


def test_running_remixes_are_asked_about_again_with_one_update() -> None:
    _put_in_flight(2)
    two = _count(_check)
    _clear()
    _put_in_flight(8)

    assert _count(_check) == two == (two[0], 0)


def test_finished_remixes_get_their_history_together() -> None:
    _put_in_flight(8, "done")

    _queries, history = _count(_check)

    assert history == 1
    assert RemixEvent.objects.filter(kind=Kind.FINISHED).count() == 8
    assert Remix.objects.filter(completed_at__isnull=False).count() == 8


def test_finished_remixes_are_recorded_with_one_update() -> None:
    _put_in_flight(2, "done")
    two = _count(_check)
    _clear()
    _put_in_flight(8, "done")

    assert _count(_check) == two


def test_one_that_was_taken_over_meanwhile_costs_no_other_its_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lost, *others = _put_in_flight(3, "done")
    settle = checking._settle_together

    def lose_one(*args: Any) -> None:
        Remix.objects.filter(pk=lost.pk, completed_at=None).update(lease=uuid4())
        settle(*args)

    monkeypatch.setattr(checking, "_settle_together", lose_one)

    _check()

    completed = Remix.objects.filter(completed_at__isnull=False)
    assert {*completed.values_list("pk", flat=True)} == {one.pk for one in others}
    assert RemixEvent.objects.filter(kind=Kind.FINISHED).count() == 2
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


def test_error_of_one_is_kept_although_the_group_is_not_written_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _lost, other = _put_in_flight(2, "done")
    progress = fal.progress

    async def fail(endpoint_id: str, request_id: str) -> fal.Progress:
        if request_id == other.request_id:
            raise TryLater("HTTP 500")
        return await progress(endpoint_id, request_id)

    def break_off(*_args: Any) -> None:
        raise InvalidTransition

    monkeypatch.setattr(fal, "progress", fail)
    monkeypatch.setattr(checking, "insert", break_off)

    _check()

    other.refresh_from_db()
    assert (other.failures, other.error_message) == (1, "HTTP 500")


def test_cancellation_of_one_that_finished_meanwhile_is_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _put_in_flight(1, "done")
    [wished] = _put_in_flight(1, "done-too", cancel_requested_at=timezone.now())

    async def cancel(endpoint_id: str, request_id: str) -> None:
        assert request_id == wished.request_id

    monkeypatch.setattr(fal, "cancel", cancel)

    _check()

    wished.refresh_from_db()
    assert wished.cancel_asked_at and wished.completed_at
    assert Remix.objects.filter(completed_at__isnull=False).count() == 2


def test_an_old_remix_is_asked_about_later_than_a_new_one_of_its_group() -> None:
    [new] = _put_in_flight(1, "new")
    [old] = _put_in_flight(1, "old", submitted_at=ago(minutes=10))

    _check()

    new.refresh_from_db()
    old.refresh_from_db()
    assert (old.due_at - new.due_at).total_seconds() > 80


def test_progress_that_fal_repeats_is_kept() -> None:
    [remix] = _put_in_flight(1, progress_log=["step 1"], error_message="HTTP 500", failures=2)

    _check()

    remix.refresh_from_db()
    assert (remix.progress_log, remix.error_message, remix.failures) == (["step 1"], "", 0)


def test_ids_of_a_group_are_kept_although_their_history_can_not_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _queue(4)
    save = RemixEvent.save

    def refuse_group(rows: Any, events: Any) -> None:
        if any(event.kind == Kind.ACCEPTED for event in events):
            raise DataError("too long")
        insert(rows, events)

    def refuse_first(event: RemixEvent, *args: Any, **values: Any) -> None:
        if event.detail == "id-0":
            raise DataError("too long")
        save(event, *args, **values)

    monkeypatch.setattr("sora_remix.engine.sending.insert", refuse_group)
    monkeypatch.setattr(RemixEvent, "save", refuse_first)

    _send()

    ids = Remix.objects.filter(status=Status.PROCESSING).values_list("request_id", flat=True)
    assert sorted(ids) == ["id-0", "id-1", "id-2", "id-3"]
    noted = RemixEvent.objects.filter(kind=Kind.ACCEPTED).values_list("detail", flat=True)
    assert sorted(noted) == ["id-1", "id-2", "id-3"]


def test_id_that_another_remix_has_costs_no_other_of_the_group_its_id() -> None:
    make_remix(status=Status.SUCCEEDED, request_id="id-0")
    taken, *others = _queue(4)

    _send()

    taken.refresh_from_db()
    assert taken.status == Status.UNCONFIRMED
    for remix in others:
        remix.refresh_from_db()
        assert (remix.status, remix.request_id) == (Status.PROCESSING, f"id-{remix.prompt}")


def test_nothing_is_sent_of_a_remix_whose_body_can_not_be_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, *others = _queue(3)
    record = Remix.sending

    def refuse(remix: Remix, arguments: dict[str, Any]) -> None:
        if remix.pk == broken.pk:
            raise DataError("too long")
        record(remix, arguments)

    monkeypatch.setattr(Remix, "sending", refuse)

    _send()

    broken.refresh_from_db()
    assert (broken.status, broken.error_code) == (Status.FAILED, fal.NOT_SENDABLE)
    sent = RemixEvent.objects.filter(kind=Kind.SENT).values_list("remix", flat=True)
    assert sorted(sent) == [remix.pk for remix in others]


def test_id_and_its_history_are_committed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """The process ends between two statements."""

    def kill(*_args: object, **_options: object) -> None:
        raise Killed

    [remix] = _queue(1)
    Remix.objects.filter(pk=remix.pk).update(status=Status.SUBMITTING)
    monkeypatch.setattr(RemixEvent, "save", kill)

    with pytest.raises(Killed):
        remix.accepted("id-0")

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.SUBMITTING, "")
