"""Checking remixes at fal, and the turns that do it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from sora_remix import engine, fal
from sora_remix.engine import turns
from sora_remix.engine.pace import CheckPace, Heartbeat
from sora_remix.exceptions import TryLater
from sora_remix.models import Chain, Remix
from sora_remix.models.queryset import RemixQuerySet
from tests.factories import ago, make_remix

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
Answer = fal.Progress | Exception

RUNNING = fal.Progress(is_finished=False)
FINISHED = fal.Progress(is_finished=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that fal was asked about; it says that all are running."""
    return answer_with(monkeypatch, lambda request_id: RUNNING)


def answer_with(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], Answer]) -> list[str]:
    asked: list[str] = []

    async def progress(endpoint_id: str, request_id: str) -> fal.Progress:
        asked.append(request_id)
        said = answer(request_id)
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(fal, "progress", progress)
    return asked


def processing(**values: Any) -> Remix:
    values = {"request_id": "id", "submitted_at": timezone.now(), **values}
    return make_remix(status=Status.PROCESSING, **values)


def check() -> None:
    engine.check_due(Heartbeat(), time.monotonic() + 60)


def test_due_remix_is_checked_once_and_again_later(asked: list[str]) -> None:
    remix = processing()
    processing(request_id="not due", due_at=ago(minutes=-1))

    check()

    remix.refresh_from_db()
    assert asked == ["id"]
    assert remix.due_at > timezone.now()
    assert (remix.lease, remix.leased_until, remix.failures) == (None, None, 0)


def test_progress_of_fal_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    queued, running = processing(), processing(request_id="running")
    answers = {
        "id": fal.Progress(is_finished=False, position=2),
        "running": fal.Progress(is_finished=False, logs=("step 1",)),
    }
    answer_with(monkeypatch, answers.__getitem__)

    check()

    for remix in (queued, running):
        remix.refresh_from_db()
    assert (queued.queue_position, queued.progress_log) == (2, [])
    assert (running.queue_position, running.progress_log) == (None, ["step 1"])


def test_finished_remix_waits_to_be_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    remix = processing()
    answer_with(monkeypatch, lambda request_id: FINISHED)

    check()

    remix.refresh_from_db()
    assert remix.status == Status.PROCESSING
    assert remix.completed_at
    assert Remix.objects.hand_over(10) == [remix.pk]


@pytest.mark.parametrize("error", [TryLater("HTTP 500"), RuntimeError("a bug of ours")])
def test_missing_answer_is_counted_and_the_check_repeated(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    since = ago(hours=5)
    remix = processing(failures=3, failing_since=since)
    answer_with(monkeypatch, lambda request_id: error)

    check()

    remix.refresh_from_db()
    assert remix.status == Status.PROCESSING
    assert (remix.failures, remix.failing_since) == (4, since)
    assert remix.due_at > timezone.now() + timedelta(seconds=6)


def test_cancellation_is_requested_at_fal_once(
    monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    remix = processing(cancel_requested_at=timezone.now())
    cancelled: list[str] = []

    async def cancel(endpoint_id: str, request_id: str) -> None:
        cancelled.append(request_id)

    monkeypatch.setattr(fal, "cancel", cancel)
    check()
    Remix.objects.update(due_at=timezone.now())

    check()

    remix.refresh_from_db()
    assert cancelled == ["id"]
    assert remix.cancel_asked_at
    assert (remix.status, len(asked)) == (Status.PROCESSING, 2)


def test_cancellation_is_requested_at_once_although_a_worker_was_asking_fal(
    monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    remix = processing()
    [asking] = Remix.objects.claim_to_check(1)
    remix.request_cancellation()
    asking.check_again(ago(hours=-1))
    cancelled: list[str] = []

    async def cancel(endpoint_id: str, request_id: str) -> None:
        cancelled.append(request_id)

    monkeypatch.setattr(fal, "cancel", cancel)

    check()

    assert cancelled == ["id"]


def test_cancellation_that_did_not_reach_fal_is_requested_again(
    monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    remix = processing(cancel_requested_at=timezone.now())

    async def cancel(endpoint_id: str, request_id: str) -> None:
        raise TryLater("HTTP 502")

    monkeypatch.setattr(fal, "cancel", cancel)

    check()

    remix.refresh_from_db()
    assert (remix.status, remix.cancel_asked_at, remix.failures) == (Status.PROCESSING, None, 1)


def test_answer_resets_the_count_of_failures(asked: list[str]) -> None:
    remix = processing(failures=3, failing_since=ago(hours=5))

    check()

    remix.refresh_from_db()
    assert (remix.failures, remix.failing_since) == (0, None)


def test_more_remixes_than_one_group_are_checked(asked: list[str]) -> None:
    for number in range(3 * fal.MAX_PARALLEL_QUESTIONS + 1):
        processing(request_id=str(number))

    check()

    assert len(set(asked)) == len(asked) == 3 * fal.MAX_PARALLEL_QUESTIONS + 1


def test_answer_that_takes_long_holds_up_no_other_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 2 * fal.MAX_PARALLEL_QUESTIONS
    asked: list[str] = []
    others_are_asked = asyncio.Event()

    async def progress(endpoint_id: str, request_id: str) -> fal.Progress:
        asked.append(request_id)
        if len(asked) == count:
            others_are_asked.set()
        if request_id == "0":
            await asyncio.wait_for(others_are_asked.wait(), 30)
        return FINISHED

    monkeypatch.setattr(fal, "progress", progress)
    for number in range(count):
        processing(request_id=str(number))

    check()

    assert Remix.objects.filter(completed_at__isnull=False).count() == count


def test_claim_that_breaks_leaves_open_questions_to_be_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claims = [RemixQuerySet.claim_to_check]
    is_broken = asyncio.Event()

    def claim_once(remixes: RemixQuerySet[Remix], most: int) -> list[Remix]:
        if not claims:
            is_broken.set()
            raise OperationalError("the connection is lost")
        return claims.pop()(remixes, most)

    async def progress(endpoint_id: str, request_id: str) -> fal.Progress:
        if request_id == "0":
            await asyncio.wait_for(is_broken.wait(), 30)
        return FINISHED

    monkeypatch.setattr(RemixQuerySet, "claim_to_check", claim_once)
    monkeypatch.setattr(fal, "progress", progress)
    for number in range(fal.MAX_PARALLEL_QUESTIONS + 1):
        processing(request_id=str(number))

    check()

    answered = Remix.objects.filter(completed_at__isnull=False, leased_until=None)
    assert answered.count() == fal.MAX_PARALLEL_QUESTIONS


@pytest.fixture
def short_turn(monkeypatch: pytest.MonkeyPatch) -> int:
    """A turn that is running, and short."""
    monkeypatch.setattr(turns, "TURN_SECONDS", 2)
    monkeypatch.setattr(turns, "PAUSE", 0.01)
    turn = Chain.objects.announce()
    assert turn is not None
    assert Chain.objects.admit(turn)
    return turn


def test_turn_hands_finished_remixes_over_in_groups(
    monkeypatch: pytest.MonkeyPatch, short_turn: int
) -> None:
    remixes = [processing(request_id=str(number)) for number in range(9)]
    answer_with(monkeypatch, lambda request_id: FINISHED)

    errands = list(engine.take_turn(short_turn))

    assert [(errand.task, len(errand.pks)) for errand in errands] == [
        ("collect", 8),
        ("collect", 1),
    ]
    assert sorted(pk for errand in errands for pk in errand.pks) == [remix.pk for remix in remixes]


@pytest.mark.parametrize(("many", "sizes"), [(30, [8, 8, 8, 6]), (70, [18, 18, 18, 16])])
def test_results_that_finish_at_once_are_shared_by_a_few_workers(
    monkeypatch: pytest.MonkeyPatch, short_turn: int, many: int, sizes: list[int]
) -> None:
    for number in range(many):
        processing(request_id=str(number))
    answer_with(monkeypatch, lambda request_id: FINISHED)

    errands = list(engine.take_turn(short_turn))

    assert [len(errand.pks) for errand in errands] == sizes


def test_turn_ends_at_once_when_results_wait_for_a_worker(
    monkeypatch: pytest.MonkeyPatch, short_turn: int, asked: list[str]
) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 3600)
    processing(completed_at=timezone.now(), due_at=ago(minutes=-1))

    assert list(engine.take_turn(short_turn)) == []


def test_turn_checks_repeatedly_within_its_second(
    monkeypatch: pytest.MonkeyPatch, short_turn: int
) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 3600)
    remix = processing()
    monkeypatch.setattr(CheckPace, "next_check", lambda *_: timezone.now())
    answers = iter([RUNNING, RUNNING, FINISHED])
    answer_with(monkeypatch, lambda request_id: next(answers))

    assert list(engine.take_turn(short_turn)) == [engine.Errand("collect", (remix.pk,))]


def test_remix_requested_during_a_turn_is_sent_in_it(
    monkeypatch: pytest.MonkeyPatch, short_turn: int
) -> None:
    async def submit(
        endpoint_id: str, arguments: dict[str, Any], webhook_url: str
    ) -> fal.Submitted:
        return fal.Accepted("id")

    def click(seconds: float) -> None:
        if not Remix.objects.exists():
            make_remix()

    monkeypatch.setattr(fal, "submit", submit)
    monkeypatch.setattr(time, "sleep", click)

    list(engine.take_turn(short_turn))

    assert Remix.objects.get().status == Status.PROCESSING


def test_replaced_turn_ends(
    monkeypatch: pytest.MonkeyPatch, short_turn: int, asked: list[str]
) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 3600)
    monkeypatch.setattr("sora_remix.engine.pace.HEARTBEAT_SECONDS", 0)
    processing()
    Chain.objects.update(turn=short_turn + 1)

    assert list(engine.take_turn(short_turn)) == []
