"""One chain of turns: one worker at a time runs it, however many request it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from sora_remix.models import Chain, Pause
from tests.factories import ago, at_once, moment, write_together

State = Chain.State
_STATES = {"admit": State.PENDING, "renew": State.RUNNING, "release": State.RUNNING}


@pytest.fixture
def silent(db: None) -> None:
    """A chain whose first turn was announced too long ago."""
    Chain.objects.announce()
    Chain.objects.update(since=ago(seconds=21))


def _chain() -> tuple[int, str]:
    chain = Chain.objects.get()
    return chain.turn, chain.state


def test_several_nudges_announce_one_turn(db: None) -> None:
    announced = [Chain.objects.announce() for _ in range(3)]

    assert announced == [1, None, None]
    assert _chain() == (1, State.PENDING)


def test_message_delivered_twice_is_admitted_once(db: None) -> None:
    Chain.objects.announce()

    admitted = [Chain.objects.admit(1) for _ in range(2)]

    assert admitted == [True, False]
    assert _chain() == (1, State.RUNNING)


@pytest.mark.parametrize("turn", [0, 2])
def test_only_the_announced_number_is_admitted(db: None, turn: int) -> None:
    Chain.objects.announce()

    assert not Chain.objects.admit(turn)
    assert _chain() == (1, State.PENDING)


def test_message_of_a_finished_turn_is_not_admitted(db: None) -> None:
    Chain.objects.announce()
    Chain.objects.admit(1)
    Chain.objects.release(1)

    assert not Chain.objects.admit(1)
    assert _chain() == (1, State.IDLE)


def test_turn_whose_message_waits_is_taken_over_once(silent: None) -> None:
    taken = [Chain.objects.take_over(timedelta(seconds=20)) for _ in range(2)]

    assert taken == [1, None]
    assert _chain() == (1, State.RUNNING)
    assert not Chain.objects.admit(1)


def test_turn_that_was_announced_just_now_is_not_taken_over(db: None) -> None:
    Chain.objects.announce()

    assert Chain.objects.take_over(timedelta(seconds=20)) is None
    assert _chain() == (1, State.PENDING)


@pytest.mark.parametrize("state", [State.IDLE, State.RUNNING])
def test_only_a_pending_turn_is_taken_over(silent: None, state: str) -> None:
    Chain.objects.update(state=state)

    assert Chain.objects.take_over(timedelta(seconds=20)) is None
    assert _chain() == (1, state)


@pytest.mark.django_db(transaction=True)
def test_turn_is_either_admitted_or_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    Chain.objects.announce()
    Chain.objects.update(since=ago(seconds=21))
    write_together(monkeypatch, Chain, times=2)
    calls = iter((lambda: Chain.objects.take_over(timedelta(0)), lambda: Chain.objects.admit(1)))

    answers = at_once(lambda: next(calls)())

    assert sorted(map(bool, answers)) == [False, True]


def test_running_turn_is_not_announced_again(db: None) -> None:
    Chain.objects.announce()
    Chain.objects.admit(1)

    assert Chain.objects.announce() is None
    assert _chain() == (1, State.RUNNING)


def test_nudge_during_a_turn_is_kept_until_it_is_released(db: None) -> None:
    Chain.objects.announce()
    Chain.objects.admit(1)
    during = Chain.objects.announce()

    released = Chain.objects.release(1)

    assert (during, released, Chain.objects.announce()) == (None, True, 2)


def test_lost_announcement_is_repeated_with_the_same_number(silent: None) -> None:
    announced = [Chain.objects.announce() for _ in range(2)]

    assert announced == [1, None]
    assert [Chain.objects.admit(1) for _ in range(2)] == [True, False]


def test_stale_running_turn_gets_a_successor(silent: None) -> None:
    Chain.objects.admit(1)
    Chain.objects.update(since=ago(seconds=21))

    announced = [Chain.objects.announce() for _ in range(2)]

    assert announced == [2, None]
    assert Chain.objects.admit(2)


def test_stale_runner_can_not_end_the_turn_of_its_successor(silent: None) -> None:
    Chain.objects.admit(1)
    Chain.objects.update(since=ago(seconds=21))
    Chain.objects.announce()
    Chain.objects.admit(2)

    assert not Chain.objects.renew(1)
    assert not Chain.objects.release(1)
    assert _chain() == (2, State.RUNNING)


def test_turn_with_a_heartbeat_gets_no_successor(silent: None) -> None:
    Chain.objects.admit(1)
    Chain.objects.update(since=ago(seconds=21))

    assert Chain.objects.renew(1)
    assert Chain.objects.announce() is None


def test_announced_turn_can_be_neither_renewed_nor_released(db: None) -> None:
    Chain.objects.announce()

    assert not Chain.objects.renew(1)
    assert not Chain.objects.release(1)
    assert _chain() == (1, State.PENDING)


@pytest.mark.parametrize("seconds", [0, 19])
def test_a_pending_turn_is_waited_for(db: None, seconds: int) -> None:
    Chain.objects.announce()
    Chain.objects.update(since=ago(seconds=seconds))

    assert Chain.objects.announce() is None


@pytest.mark.parametrize("act", ["admit", "renew", "release"])
def test_last_sign_of_life_is_that_of_a_running_turn(db: None, act: str) -> None:
    Chain.objects.announce()
    announced = Chain.objects.get().worked_at
    Chain.objects.admit(1)
    Chain.objects.update(worked_at=ago(hours=1), state=_STATES[act])

    assert getattr(Chain.objects, act)(1)

    assert announced is None
    assert Chain.objects.get().worked_at == Chain.objects.get().since


def test_row_can_be_locked_before_the_first_turn(db: None) -> None:
    with transaction.atomic():
        Chain.objects.lock()

    assert str(Chain.objects.get()) == "0 idle"


def test_simultaneous_nudges_announce_one_number(transactional_db: None) -> None:
    announced = at_once(Chain.objects.announce, times=4)

    assert sorted(announced, key=str) == [1, None, None, None]


@pytest.mark.parametrize(
    ("chain", "number"),
    [
        ({"state": State.IDLE}, 8),
        ({"state": State.PENDING, "since": ago(hours=1)}, 7),
        ({"state": State.RUNNING, "since": ago(hours=1)}, 8),
    ],
)
def test_one_of_several_processes_with_the_same_chain_announces_a_turn(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, chain: dict[str, Any], number: int
) -> None:
    Chain.objects.create(pk=1, turn=7, **chain)
    write_together(monkeypatch, Chain, times=3)

    announced = at_once(Chain.objects.announce, times=3)

    assert sorted(announced, key=str) == [number, None, None]


def test_one_of_two_workers_with_the_same_message_is_admitted(transactional_db: None) -> None:
    Chain.objects.announce()

    admitted = at_once(lambda: Chain.objects.admit(1), times=4)

    assert sorted(admitted) == [False, False, False, True]


@pytest.mark.parametrize(("minutes", "held"), [(1, True), (-1, False)])
def test_chain_is_paused_until_a_time(db: None, minutes: int, held: bool) -> None:
    Chain.objects.hold_back(ago(minutes=-minutes))

    assert Chain.objects.is_held() is held


def test_pause_is_not_shortened(db: None) -> None:
    later = ago(minutes=-2)
    Chain.objects.hold_back(later)

    Chain.objects.hold_back(ago(minutes=-1))

    assert Chain.objects.get().held_until == later


@pytest.mark.parametrize("order", [("longer", "shorter"), ("shorter", "longer")])
def test_longer_of_two_pauses_is_kept_with_its_reason(db: None, order: tuple[str, str]) -> None:
    ends = {"longer": ago(minutes=-2), "shorter": ago(minutes=-1)}

    for reason in order:
        Chain.objects.hold_back(ends[reason], reason)

    assert Chain.objects.pause() == Pause(ends["longer"], "longer")


def test_a_pause_lasts_an_hour_at_most(db: None) -> None:
    Chain.objects.hold_back(ago(days=-365), "HTTP 429")

    pause = Chain.objects.pause()

    assert pause and pause.until <= ago(hours=-1)
    assert Chain.objects.is_held()


def test_pause_in_the_far_future_is_ignored_and_can_be_replaced(
    db: None,
) -> None:
    Chain.objects.create(pk=1, held_until=moment(5195, 1, 1), held_because="odd")
    before = (Chain.objects.pause(), Chain.objects.is_held())

    Chain.objects.hold_back(soon := ago(minutes=-1), "HTTP 429")

    assert before == (None, False)
    assert Chain.objects.pause() == Pause(soon, "HTTP 429")


def test_finished_pause_is_none(db: None) -> None:
    Chain.objects.hold_back(ago(seconds=1), "HTTP 429")

    assert Chain.objects.pause() is None
    assert not Chain.objects.lift()


def test_pause_is_lifted_once(db: None) -> None:
    Chain.objects.hold_back(ago(minutes=-1), "HTTP 429")

    lifted = [Chain.objects.lift() for _ in range(2)]

    assert lifted == [True, False]
    assert not Chain.objects.is_held()
    assert Chain.objects.get().held_because == ""


def test_new_site_is_not_paused(db: None) -> None:
    assert Chain.objects.pause() is None
    assert not Chain.objects.lift()
