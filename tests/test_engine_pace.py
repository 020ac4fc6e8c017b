"""When fal is asked about a remix, and when a step is tried again."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone
from pytest_django import Settings

from sora_remix import engine, fal
from sora_remix.engine.pace import CheckPace, Heartbeat, back_off
from sora_remix.models import Chain, Remix
from sora_remix.models.reconciliation import webhook_received
from tests.factories import ago, make_remix

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
_thousands = count(1000, 1000)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a microsecond pass with each look at the clock: what is expected is exact to a second."""
    # Ahead of the real clock, at which columns look for their defaults.
    start, looks = ago(minutes=-5), count()
    monkeypatch.setattr(timezone, "now", lambda: start + timedelta(microseconds=next(looks)))


def running(seconds: float = 0, *, is_early: bool = False, **values: object) -> Remix:
    """Make a remix that was sent so many seconds ago, maybe one that is asked about early."""
    pk = next(_thousands) + (0 if is_early else 1)
    sent_at = ago(seconds=seconds)
    return make_remix(pk=pk, status=Status.PROCESSING, submitted_at=sent_at, **values)


def took(seconds: float, times: int = 1, **values: object) -> None:
    """Make results for which fal took so long."""
    start = ago(days=1)
    done = {"submitted_at": start, "completed_at": start + timedelta(seconds=seconds)}
    for _ in range(times):
        make_remix(**{"status": Status.SUCCEEDED, **done, **values})


def pause(remix: Remix) -> float:
    return (CheckPace().next_check(remix) - timezone.now()).total_seconds()


@pytest.fixture
def webhooks(settings: Settings) -> None:
    """Webhooks are switched on, and one has come."""
    settings.SORA_REMIX_WEBHOOK_BASE_URL = "https://www.example.com"
    Chain.objects.get_or_create(pk=1)
    webhook_received(running(request_id="before"), "before")


def test_old_remixes_and_many_remixes_are_checked_less_often() -> None:
    soon, old = pause(running()), pause(running(600))
    many = CheckPace()
    many._in_flight = 8000

    assert 0 < soon < 2
    assert old > 80
    assert (many.next_check(running()) - timezone.now()).total_seconds() > 80


def test_running_remix_is_left_alone_until_it_may_be_finished() -> None:
    took(20, times=9)
    took(10)
    took(10, endpoint="wan-2.7", times=3)

    assert 17 < pause(running(2)) < 18.1
    assert 7 < pause(running(2, endpoint="wan-2.7")) < 8.1


def test_one_remix_in_five_is_asked_about_early_and_tells_when_fal_is_faster() -> None:
    took(20, times=9)
    made = [running(2) for _ in range(4)] + [running(2, is_early=True)]

    pauses = [pause(remix) for remix in made]

    assert all(17 < seconds < 18.1 for seconds in pauses[:4])
    assert 15 < pauses[4] < 16.1
    for remix in made:
        remix.delete()
    took(18, times=2)
    assert 15 < pause(running(2)) < 16.1


def test_remix_that_may_be_finished_is_asked_about_often_for_a_while() -> None:
    took(60, times=3)

    assert pause(running(60)) < 3.1
    assert pause(running(200)) > 29


def test_remix_is_asked_about_at_the_usual_time_however_many_are_in_flight() -> None:
    took(60, times=3)
    many = CheckPace()
    many._in_flight = 1600

    before, later = (many.next_check(running(age)) - timezone.now() for age in (55, 61))

    assert 4 < before.total_seconds() < 5.1
    assert later.total_seconds() > 19


def test_first_results_tell_what_is_usual_and_failures_tell_nothing() -> None:
    took(20, times=2)
    took(20, times=9, status=Status.FAILED)
    assert pause(running(2)) < 1.1

    took(20)

    assert pause(running(2)) > 15


def test_fal_is_asked_every_half_minute_how_far_it_is() -> None:
    took(600, times=3)

    assert 29 < pause(running(2)) < 30.1


def test_remix_that_is_to_be_cancelled_is_asked_about_soon(webhooks: None) -> None:
    took(600, times=3)

    assert pause(running(2, cancel_requested_at=timezone.now())) < 1.1


def test_fal_is_rarely_asked_while_webhooks_come(webhooks: None) -> None:
    assert 59 < pause(running(2)) < 60.1
    assert pause(running(400)) > 199


def test_fal_is_asked_as_usual_when_webhooks_are_switched_off_again(
    webhooks: None, settings: Settings
) -> None:
    settings.SORA_REMIX_WEBHOOK_BASE_URL = ""

    assert pause(running(2)) < 1.1


def test_fal_is_asked_as_usual_when_the_last_webhook_is_old(webhooks: None) -> None:
    Chain.objects.update(webhook_at=ago(days=8))

    assert pause(running(2)) < 1.1


def test_fal_is_asked_as_usual_once_a_webhook_did_not_come(
    webhooks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(120, request_id="no webhook")

    async def finished(*_request: str) -> fal.Progress:
        return fal.Progress(is_finished=True)

    monkeypatch.setattr(fal, "progress", finished)
    engine.check_due(Heartbeat(), time.monotonic())

    assert pause(running(2)) < 1.1


@pytest.mark.parametrize(("is_expected", "seconds"), [(True, 60), (False, 2)])
def test_accepted_remix_waits_for_its_webhook(
    webhooks: None, monkeypatch: pytest.MonkeyPatch, is_expected: bool, seconds: int
) -> None:
    if not is_expected:
        Chain.objects.miss_webhook()
    remix = make_remix(status=Status.QUEUED, is_ready=True)

    async def accept(*_request: object) -> fal.Accepted:
        return fal.Accepted("new")

    monkeypatch.setattr(fal, "submit", accept)
    engine.send_waiting(Heartbeat(), time.monotonic())

    remix.refresh_from_db()
    assert remix.status == Status.PROCESSING
    assert seconds - 2 < (remix.due_at - timezone.now()).total_seconds() <= seconds


def test_pauses_grow_up_to_a_limit() -> None:
    now = timezone.now()

    seconds = [(back_off(failures) - now).total_seconds() for failures in (0, 3, 100_000)]

    assert [round(one) for one in seconds] == [1, 8, 300]
