"""When to do things again, and how a long turn shows that it is alive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from math import inf

from django.utils import timezone

from ..models import Leased, renew

Alive = Callable[[], bool]
"""Say that the turn goes on; False when another one has taken over."""

LEAST_RESERVE = 3.0
"""Seconds of its limit that a task keeps for putting things away."""
HEARTBEAT = 5.0
"""Seconds after which a worker that waits for answers prolongs what it holds."""
LONGEST_PAUSE = 300.0
UNREACHABLE_FOR = timedelta(hours=1)
"""How long fal may be out of reach before what waits for it fails."""
UNREACHABLE_TIMES = 10
"""How often it must have been tried in that time: an outage long ago proves nothing."""


class TimeLimit:
    """How long one task may work: what takes longer is stopped from outside, wherever it is."""

    def __init__(self, seconds: float = inf) -> None:
        reserve = min(max(LEAST_RESERVE, 0.1 * seconds), 0.5 * seconds) if seconds < inf else 0
        self._seconds = seconds - reserve
        self._ends_at = time.monotonic() + self._seconds

    @property
    def left(self) -> float:
        """Seconds until work must stop, which takes some of the time itself."""
        return self._ends_at - time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether work must stop now."""
        return self.left <= 0

    def allows(self, seconds: float) -> bool:
        """Tell whether to start what may take so long and can't be stopped.

        It is started while half of the time is left: another task would have little more.
        """
        return self.left >= min(seconds, 0.5 * self._seconds)


class Watch:
    """Prolong what a worker holds, now and then while it waits for answers."""

    def __init__(self, alive: Alive = lambda: True) -> None:
        self._alive = alive
        self._looked_at = time.monotonic()
        self.is_over = False
        """Set once another turn has taken over: finish what is in the air, start nothing."""

    def keep(self, rows: Iterable[Leased]) -> None:
        """Renew the turn and the leases on these rows of one table, if a few seconds old."""
        if time.monotonic() - self._looked_at < HEARTBEAT:
            return
        self._looked_at = time.monotonic()
        renew(rows)
        self.is_over = self.is_over or not self._alive()


def back_off(failures: int) -> datetime:
    """Return when to try again after so many failures in a row."""
    return _in(min(2.0 ** min(failures, 16), LONGEST_PAUSE))


def next_check(since: datetime | None, in_flight: int) -> datetime:
    """Return when to ask about a remix again: the rarer, the older it is and the more there are.

    A call costs some 5 ms of processor time, so that 60 a second take a third of it.
    """
    age = (timezone.now() - since).total_seconds() if since else 0.0
    return _in(max(1.0, 0.15 * age, in_flight / 60))


def _in(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
