"""The hold of an account that fal refuses, and the probes that end it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from sora_remix.models import Chain, Pause
from sora_remix.models.chain import FIRST_PROBE, LONGEST_PROBE, PROBE_TAKES
from tests.factories import ago, at_once, write_together

pytestmark = pytest.mark.django_db

KEY, OTHER = "digest", "other digest"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The time stands still."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


def _hold(*, is_probe: bool = False, key: str = KEY) -> None:
    Chain.objects.hold_account("account_locked", "HTTP 403", key, is_probe=is_probe)


def _let_probe_be_due() -> None:
    Chain.objects.update(held_until=ago(seconds=1))


def _wait() -> timedelta:
    """Return how long the next probe is away."""
    until = Chain.objects.get().held_until
    assert until
    return until - timezone.now()


def test_hold_says_why_since_when_and_when_it_is_tried_again(now: datetime) -> None:
    _hold()

    hold = Chain.objects.hold()

    assert hold
    assert (hold.code, hold.reason) == ("account_locked", "HTTP 403")
    assert (hold.since, hold.next_try) == (now, now + FIRST_PROBE)
    assert Chain.objects.is_held()
    assert Chain.objects.pause() is None


def test_probes_come_after_growing_pauses_of_ten_minutes_at_most() -> None:
    waits = []

    for _ in range(7):
        _hold(is_probe=True)
        waits.append(_wait() // FIRST_PROBE)

    assert waits == [1, 2, 4, 8, 10, 10, 10]
    assert timedelta(minutes=10) == LONGEST_PROBE


def test_start_of_a_hold_is_kept_when_a_probe_is_refused() -> None:
    _hold()
    Chain.objects.update(held_since=(since := ago(hours=2)))

    Chain.objects.hold_account("key_refused", "HTTP 401", KEY, is_probe=True)

    hold = Chain.objects.hold()
    assert hold
    assert (hold.code, hold.reason, hold.since) == ("key_refused", "HTTP 401", since)


def test_late_answers_to_requests_from_before_the_hold_do_not_prolong_it() -> None:
    for _ in range(10):
        _hold()

    assert _wait() == FIRST_PROBE


def test_probe_is_claimed_only_when_it_is_due_and_by_one_worker(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hold()
    early = Chain.objects.claim_probe(KEY)
    _let_probe_be_due()
    write_together(monkeypatch, Chain, times=4)

    claimed = at_once(lambda: Chain.objects.claim_probe(KEY), times=4)

    assert not early
    assert sorted(claimed) == [False, False, False, True]
    assert _wait() == PROBE_TAKES


def test_probe_that_nobody_answers_is_followed_by_another() -> None:
    _hold()
    _let_probe_be_due()
    assert Chain.objects.claim_probe(KEY)
    _let_probe_be_due()

    assert Chain.objects.claim_probe(KEY)


def test_new_key_is_tried_at_once_but_not_twice() -> None:
    _hold()

    assert Chain.objects.is_held(KEY)
    assert not Chain.objects.is_held(OTHER)
    assert Chain.objects.claim_probe(OTHER)
    assert Chain.objects.is_held(OTHER)
    assert not Chain.objects.claim_probe(OTHER)


def test_two_workers_with_different_refused_keys_both_wait() -> None:
    _hold(key=KEY)
    _hold(key=OTHER, is_probe=True)

    assert Chain.objects.is_held(KEY)
    assert Chain.objects.is_held(OTHER)


def test_keys_of_an_earlier_hold_are_forgotten() -> None:
    _hold(key=KEY)
    Chain.objects.end_hold()

    _hold(key=OTHER)

    assert Chain.objects.get().tried_keys == [OTHER]


def test_end_of_a_hold_leaves_nothing_behind() -> None:
    _hold()

    ended = [Chain.objects.end_hold() for _ in range(2)]

    chain = Chain.objects.get()
    assert ended == [True, False]
    assert Chain.objects.hold() is None
    assert not Chain.objects.is_held()
    assert (chain.held_until, chain.held_because, chain.held_refusals) == (None, "", 0)


def test_hold_is_tried_at_once_on_request_with_short_pauses_again() -> None:
    for _ in range(5):
        _hold(is_probe=True)

    assert Chain.objects.probe_now(afresh=True)
    hold = Chain.objects.hold()
    _hold(is_probe=True)

    assert hold
    assert hold.next_try is None
    assert _wait() == FIRST_PROBE


def test_site_without_a_hold_has_nothing_to_try() -> None:
    Chain.objects.hold_back(ago(minutes=-5), "HTTP 429")

    assert not Chain.objects.probe_now()
    assert not Chain.objects.end_hold()
    assert not Chain.objects.claim_probe(OTHER)
    assert Chain.objects.is_held(OTHER)


def test_pause_during_a_hold_puts_off_the_probe_and_keeps_the_reason() -> None:
    _hold()

    Chain.objects.hold_back(ago(minutes=-5), "ConnectError")

    hold = Chain.objects.hold()
    assert hold
    assert (hold.reason, hold.next_try) == ("HTTP 403", Chain.objects.get().held_until)
    assert _wait() == timedelta(minutes=5)
    assert not Chain.objects.lift()


def test_hold_replaces_a_pause() -> None:
    Chain.objects.hold_back(ago(minutes=-30), "HTTP 429")
    assert isinstance(Chain.objects.pause(), Pause)

    _hold()

    assert Chain.objects.pause() is None
    assert _wait() == FIRST_PROBE


def test_new_site_is_not_held() -> None:
    assert Chain.objects.hold() is None
    assert not Chain.objects.end_hold()
