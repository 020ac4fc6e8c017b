"""Backoff, time limits, and the heartbeat of a long turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from math import inf

from django.utils import timezone

from ..models import Leased, renew_leases

LEAST_RESERVE_SECONDS = 3.0
"""How much of its limit a task keeps for cleaning up."""
HEARTBEAT_SECONDS = 5.0
"""How often a worker that waits for answers renews its leases."""
LONGEST_BACKOFF_SECONDS = 300.0
UNREACHABLE_FOR = timedelta(hours=1)
"""How long fal may be unreachable before what waits for it fails."""
UNREACHABLE_TIMES = 10
"""How many attempts that takes: a single one long ago proves nothing."""


class TimeLimit:
    """The time that one task may take before it is killed."""

    def __init__(self, seconds: float = inf) -> None:
        wanted = max(LEAST_RESERVE_SECONDS, 0.1 * seconds)
        self._seconds = seconds - min(wanted, 0.5 * seconds) if seconds < inf else inf
        self._ends_at = time.monotonic() + self._seconds

    @property
    def left(self) -> float:
        """Seconds until work must stop; stopping takes some time itself."""
        return self._ends_at - time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether work must stop now."""
        return self.left <= 0

    def allows(self, seconds: float) -> bool:
        """Return whether to start something that takes this long and can't be stopped.

        While half of the time is left, it always is: another task would have little more.
        """
        return self.left >= min(seconds, 0.5 * self._seconds)


class Heartbeat:
    """Renews the turn and the leases of a worker while it waits for answers."""

    def __init__(self, renew_turn: Callable[[], bool] = lambda: True) -> None:
        self._renew_turn = renew_turn
        self._renewed_at = time.monotonic()
        self.is_over = False
        """True once another turn has taken over: then finish running calls and start no others."""

    def beat(self, rows: Iterable[Leased]) -> None:
        """Renew the turn and the leases on these rows, at most every few seconds."""
        if time.monotonic() - self._renewed_at < HEARTBEAT_SECONDS:
            return
        self._renewed_at = time.monotonic()
        renew_leases(rows)
        self.is_over = self.is_over or not self._renew_turn()


def back_off(failures: int) -> datetime:
    """Return when to try again after this number of failures in a row."""
    return _in(min(2.0 ** min(failures, 16), LONGEST_BACKOFF_SECONDS))


def next_check(since: datetime | None, in_flight: int) -> datetime:
    """Return when to check a remix again: later the older it is and the more are in flight.

    A call takes about 5 ms of CPU time, so 60 calls per second use a third of a core.
    """
    age = (timezone.now() - since).total_seconds() if since else 0.0
    return _in(max(1.0, 0.15 * age, in_flight / 60))


def _in(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
