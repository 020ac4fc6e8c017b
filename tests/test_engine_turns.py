"""A turn of the chain releases and counts the work of lost workers."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from sora_remix import engine, fal
from sora_remix.engine import turns
from sora_remix.exceptions import OpenTransaction
from sora_remix.models import Remix, SourceCopy
from tests.factories import ago, make_remix

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.STORING])
def test_killed_worker_counts_as_a_failed_try_with_growing_pauses(status: str) -> None:
    held = {"lease": uuid4(), "leased_until": ago(seconds=1), "failures": 5}
    remix = make_remix(status=status, request_id="fal-1", **held)

    turns.release_lost()

    remix.refresh_from_db()
    assert (remix.status, remix.failures, remix.lease) == (status, 6, None)
    assert remix.due_at > timezone.now() + timedelta(seconds=25)
    assert remix.failing_since and "killed" in remix.error_message


def test_killed_upload_counts_as_a_failed_try() -> None:
    held = {"lease": uuid4(), "leased_until": ago(seconds=1)}
    copy = SourceCopy.objects.create(name="clip.mp4", **held)

    turns.release_lost()

    copy.refresh_from_db()
    assert (copy.failures, copy.lease) == (1, None)
    assert "killed" in copy.error_message


@pytest.mark.parametrize(
    ("status", "seconds"), [(Status.STORING, -20), (Status.SUBMITTING, 1), (Status.SUCCEEDED, 1)]
)
def test_work_of_a_living_worker_is_left_alone(status: str, seconds: int) -> None:
    lease = uuid4()
    remix = make_remix(status=status, lease=lease, leased_until=ago(seconds=seconds))

    turns.release_lost()

    remix.refresh_from_db()
    assert (remix.failures, remix.lease) == (0, lease)


def test_turn_that_is_over_at_once_still_sends_and_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    async def submit(*_args: object) -> fal.Submitted:
        return fal.Accepted("fal-1")

    async def progress(*_args: object) -> fal.Progress:
        return fal.Progress(is_finished=True)

    monkeypatch.setattr(fal, "submit", submit)
    monkeypatch.setattr(fal, "progress", progress)
    monkeypatch.setattr(turns, "TURN_SECONDS", -1)
    waiting = make_remix()
    running = make_remix(status=Status.PROCESSING, request_id="fal-0")

    assert list(engine.take_turn(0)) == [engine.Errand("collect", (running.pk,))]

    waiting.refresh_from_db()
    assert waiting.request_id == "fal-1"


def test_no_turn_is_taken_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(OpenTransaction):
        next(engine.take_turn(1))
