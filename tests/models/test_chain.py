"""One chain: however many ask for a turn, one worker at a time takes it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from sora_remix.models import Chain
from tests.factories import ago, at_once, write_together

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


def test_a_site_that_is_new_has_no_turn_yet(db: None) -> None:
    assert Chain.objects.last_turn_at() is None


def test_many_nudges_announce_one_turn(db: None) -> None:
    announced = [Chain.objects.announce() for _ in range(3)]

    assert announced == [1, None, None]
    assert _chain() == (1, State.PENDING)


def test_a_message_that_is_delivered_twice_is_admitted_once(db: None) -> None:
    Chain.objects.announce()

    admitted = [Chain.objects.admit(1) for _ in range(2)]

    assert admitted == [True, False]
    assert _chain() == (1, State.RUNNING)


@pytest.mark.parametrize("turn", [0, 2])
def test_only_the_announced_number_is_admitted(db: None, turn: int) -> None:
    Chain.objects.announce()

    assert not Chain.objects.admit(turn)
    assert _chain() == (1, State.PENDING)


def test_a_message_of_a_turn_that_is_over_is_not_admitted(db: None) -> None:
    Chain.objects.announce()
    Chain.objects.admit(1)
    Chain.objects.release(1)

    assert not Chain.objects.admit(1)
    assert _chain() == (1, State.IDLE)


def test_a_running_turn_is_not_announced_again(db: None) -> None:
    Chain.objects.announce()
    Chain.objects.admit(1)

    assert Chain.objects.announce() is None
    assert _chain() == (1, State.RUNNING)


def test_a_nudge_during_a_turn_is_not_lost_once_the_turn_is_released(db: None) -> None:
    Chain.objects.announce()
    Chain.objects.admit(1)
    during = Chain.objects.announce()

    released = Chain.objects.release(1)

    assert (during, released, Chain.objects.announce()) == (None, True, 2)


def test_a_pending_turn_that_nobody_took_is_announced_under_its_own_number(silent: None) -> None:
    announced = [Chain.objects.announce() for _ in range(2)]

    assert announced == [1, None]
    assert [Chain.objects.admit(1) for _ in range(2)] == [True, False]


def test_a_running_turn_that_fell_silent_gets_a_successor(silent: None) -> None:
    Chain.objects.admit(1)
    Chain.objects.update(since=ago(seconds=21))

    announced = [Chain.objects.announce() for _ in range(2)]

    assert announced == [2, None]
    assert Chain.objects.admit(2)


def test_the_runner_that_fell_silent_can_not_end_the_turn_of_its_successor(silent: None) -> None:
    Chain.objects.admit(1)
    Chain.objects.update(since=ago(seconds=21))
    Chain.objects.announce()
    Chain.objects.admit(2)

    assert not Chain.objects.renew(1)
    assert not Chain.objects.release(1)
    assert _chain() == (2, State.RUNNING)


def test_a_turn_that_says_it_is_alive_gets_no_successor(silent: None) -> None:
    Chain.objects.admit(1)
    Chain.objects.update(since=ago(seconds=21))

    assert Chain.objects.renew(1)
    assert Chain.objects.announce() is None


def test_a_turn_that_is_only_announced_can_be_neither_renewed_nor_released(db: None) -> None:
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
def test_the_last_sign_of_life_is_that_of_a_worker_at_its_turn(db: None, act: str) -> None:
    Chain.objects.announce()
    announced = Chain.objects.last_turn_at()
    Chain.objects.admit(1)
    Chain.objects.update(worked_at=ago(hours=1), state=_STATES[act])

    assert getattr(Chain.objects, act)(1)

    assert announced is None
    assert Chain.objects.last_turn_at() == Chain.objects.get().since


def test_the_row_can_be_locked_before_there_was_a_turn(db: None) -> None:
    with transaction.atomic():
        Chain.objects.lock()

    assert str(Chain.objects.get()) == "0 idle"


def test_two_processes_that_nudge_at_once_announce_one_number(transactional_db: None) -> None:
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
def test_of_processes_that_saw_the_same_chain_one_announces_a_turn(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, chain: dict[str, Any], number: int
) -> None:
    Chain.objects.create(pk=1, turn=7, **chain)
    write_together(monkeypatch, Chain, times=3)

    announced = at_once(Chain.objects.announce, times=3)

    assert sorted(announced, key=str) == [number, None, None]


def test_two_workers_with_the_same_message_are_admitted_once(transactional_db: None) -> None:
    Chain.objects.announce()

    admitted = at_once(lambda: Chain.objects.admit(1), times=4)

    assert sorted(admitted) == [False, False, False, True]


@pytest.mark.parametrize(("minutes", "held"), [(1, True), (-1, False)])
def test_a_chain_is_held_back_until_a_moment(db: None, minutes: int, held: bool) -> None:
    Chain.objects.hold_back(ago(minutes=-minutes))

    assert Chain.objects.is_held() is held


def test_a_chain_is_not_held_back_less_than_it_is_already(db: None) -> None:
    later = ago(minutes=-2)
    Chain.objects.hold_back(later)

    Chain.objects.hold_back(ago(minutes=-1))

    assert Chain.objects.get().held_until == later
