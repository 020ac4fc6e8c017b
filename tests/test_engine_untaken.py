"""While a worker waits for its clip, it does what no other worker is free for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from sora_remix import engine, fal
from sora_remix.engine import untaken
from sora_remix.engine.untaken import LONGEST_TURN
from sora_remix.models import Chain, FittedClip, Remix, SourceCopy
from tests.factories import ago, make_remix, make_video
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

State = Chain.State
Status = Remix.Status
LONG_AGO = ago(seconds=60)
SOON = ago(hours=-24)


class Site:
    """Stand in for fal, the queue, and the tasks that collect and upload."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.queued: list[engine.Errand] = []
        self.nudges = 0
        self.run: list[tuple[str, tuple[int, ...]]] = []
        self.states: list[str] = []
        """Of the chain, during each errand."""

    async def submit(self, endpoint_id: str, arguments: Any, webhook_url: str = "") -> Any:
        self.sent.append(endpoint_id)
        return fal.Accepted(f"id-{len(self.sent)}")

    def nudge(self) -> None:
        self.nudges += 1
        Chain.objects.announce()

    def task(self, name: str) -> Callable[[Sequence[int], engine.TimeLimit], None]:
        def run(pks: Sequence[int], limit: engine.TimeLimit) -> None:
            self.run.append((name, tuple(pks)))
            self.states.append(Chain.objects.get().state)

        return run

    @contextmanager
    def waiting_for_a_clip(self, seconds: float = 600) -> Iterator[None]:
        limit = engine.TimeLimit(seconds)
        with engine.UntakenWork(limit, self.queued.append, self.nudge):
            yield

    def ran(self, *errands: tuple[str, tuple[int, ...]]) -> Callable[[], bool]:
        return lambda: set(errands) <= set(self.run)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site()
    monkeypatch.setattr(fal, "submit", site.submit)
    tasks = {name: site.task(name) for name in untaken.ERRANDS}
    monkeypatch.setattr(untaken, "ERRANDS", tasks)
    return site


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other worker is waited for."""
    monkeypatch.setattr(untaken, "PATIENCE", timedelta(0))


def _announce(seconds_ago: float) -> None:
    Chain.objects.announce()
    Chain.objects.update(since=ago(seconds=seconds_ago))


def _state() -> str:
    return Chain.objects.get().state


def _make_finished(**values: Any) -> Remix:
    now = ago(seconds=0)
    given = {"status": Status.PROCESSING, "request_id": "fal-1", "completed_at": now, **values}
    return make_remix(**given)


def _await_another_round() -> None:
    """Wait until the thread has renewed its turn twice."""
    for _ in range(2):
        seen = Chain.objects.get().since
        wait_until(lambda seen=seen: Chain.objects.get().since > seen)  # type: ignore[misc]


def test_turn_that_no_worker_takes_is_taken(site: Site) -> None:
    remix = make_remix(is_ready=True)
    _announce(seconds_ago=2)

    with site.waiting_for_a_clip():
        wait_until(lambda: Remix.objects.get().status == Status.PROCESSING)

    remix.refresh_from_db()
    assert (len(site.sent), remix.request_id) == (1, "id-1")


def test_turn_is_left_for_a_worker_that_is_free(site: Site) -> None:
    make_remix(is_ready=True)
    _announce(seconds_ago=-60)

    with site.waiting_for_a_clip():
        wait_until(lambda: site.nudges >= 2)

    assert (site.sent, _state()) == ([], State.PENDING)


def test_turn_of_another_worker_is_left_alone(site: Site) -> None:
    make_remix(is_ready=True)
    Chain.objects.announce()
    Chain.objects.admit(1)

    with site.waiting_for_a_clip():
        wait_until(lambda: site.nudges >= 2)

    assert (site.sent, _state()) == ([], State.RUNNING)


def test_chain_whose_worker_was_killed_continues(site: Site, at_once: None) -> None:
    make_remix(is_ready=True)
    Chain.objects.announce()
    Chain.objects.admit(1)
    Chain.objects.update(since=ago(seconds=21))

    with site.waiting_for_a_clip():
        wait_until(lambda: bool(site.sent))
        assert Chain.objects.get().turn == 2


def test_turn_continues_until_another_takes_over(site: Site) -> None:
    _announce(seconds_ago=2)

    with site.waiting_for_a_clip():
        wait_until(lambda: _state() == State.RUNNING)
        seen = Chain.objects.get().since
        wait_until(lambda: Chain.objects.get().since > seen)
        Chain.objects.update(turn=2, state=State.RUNNING, since=ago(seconds=0))
        make_remix(is_ready=True)
        nudges = site.nudges
        wait_until(lambda: site.nudges >= nudges + 2)

    assert (Chain.objects.get().turn, _state()) == (2, State.RUNNING)


def test_chain_goes_on_when_the_clip_is_made(site: Site) -> None:
    _announce(seconds_ago=2)

    with site.waiting_for_a_clip():
        wait_until(lambda: _state() == State.RUNNING)

    chain = Chain.objects.get()
    assert (chain.turn, chain.state) == (2, State.PENDING)


def test_errand_that_no_worker_takes_is_run_between_two_turns(site: Site, at_once: None) -> None:
    _announce(seconds_ago=2)
    remix = _make_finished()
    copy = SourceCopy.objects.create(name="clip.mp4")
    collect, deliver = ("collect", (remix.pk,)), ("deliver", (copy.pk,))

    with site.waiting_for_a_clip():
        wait_until(site.ran(collect, deliver))

    assert {(one.task, one.pks) for one in site.queued} == {collect, deliver}
    assert State.RUNNING not in site.states


def test_errand_is_left_for_a_worker_that_is_free(
    site: Site, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _announce(seconds_ago=2)

    with site.waiting_for_a_clip():
        wait_until(lambda: _state() == State.RUNNING)
        monkeypatch.setattr(untaken, "PATIENCE", timedelta(minutes=1))
        _make_finished()
        wait_until(lambda: bool(site.queued))
        _await_another_round()

    assert site.run == []


def test_message_that_waits_for_this_very_worker_is_not_waited_for(
    site: Site, at_once: None
) -> None:
    _announce(seconds_ago=2)
    remix = _make_finished(due_at=SOON)
    copy = SourceCopy.objects.create(name="clip.mp4", due_at=SOON)

    with site.waiting_for_a_clip():
        wait_until(site.ran(("collect", (remix.pk,)), ("deliver", (copy.pk,))))


def test_step_that_failed_is_not_tried_before_its_time(site: Site, at_once: None) -> None:
    _announce(seconds_ago=2)
    _make_finished(due_at=SOON, failures=1, failing_since=LONG_AGO)
    other = _make_finished(request_id="fal-2")

    with site.waiting_for_a_clip():
        wait_until(site.ran(("collect", (other.pk,))))

    assert {one.pks for one in site.queued} == {(other.pk,)}


def test_second_clip_is_queued_and_not_made_by_the_same_worker(
    site: Site, at_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    _announce(seconds_ago=2)
    source = make_video(file="clip.mp4")
    clip = FittedClip.objects.create(source=source, made_from="clip.mp4", recipe="0")
    make_remix(source=source, endpoint="flux-3", recipe="0", clip=clip, is_ready=False)
    finished = _make_finished()

    with site.waiting_for_a_clip():
        wait_until(site.ran(("collect", (finished.pk,))))

    assert engine.Errand("fit", (clip.pk,)) in site.queued
    assert {name for name, _pks in site.run} == {"collect"}
    assert "Unexpected error" not in caplog.text


@pytest.mark.parametrize("seconds", [LONGEST_TURN, 60])
def test_nothing_is_started_that_the_time_limit_could_cut_off(site: Site, seconds: float) -> None:
    make_remix(is_ready=True)
    _announce(seconds_ago=2)

    with site.waiting_for_a_clip(seconds):
        wait_until(lambda: not _is_at_work())

    assert (site.sent, site.nudges, _state()) == ([], 0, State.PENDING)


def _is_at_work() -> bool:
    return any(isinstance(one, engine.UntakenWork) for one in threading.enumerate())


def test_error_in_a_turn_does_not_end_the_work(
    site: Site, at_once: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take_turn, errors = engine.take_turn, [RuntimeError("It broke.")]

    def break_once(turn: int) -> Iterator[engine.Errand]:
        if errors:
            raise errors.pop()
        return take_turn(turn)

    monkeypatch.setattr(untaken, "take_turn", break_once)
    monkeypatch.setattr(untaken, "BROKEN_SECONDS", 0)
    make_remix(is_ready=True)
    _announce(seconds_ago=2)

    with site.waiting_for_a_clip():
        wait_until(lambda: bool(site.sent))

    assert "It broke." in caplog.text


def test_connection_of_the_thread_is_closed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = type(connections["default"])
    close, closed_in = wrapper.close, []

    def note(self: BaseDatabaseWrapper) -> None:
        closed_in.append(threading.current_thread())
        close(self)

    monkeypatch.setattr(wrapper, "close", note)

    with site.waiting_for_a_clip():
        wait_until(lambda: site.nudges >= 1)

    assert any(isinstance(one, engine.UntakenWork) for one in closed_in)
