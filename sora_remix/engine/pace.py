"""When to do things again, and how a long turn shows that it is alive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

Alive = Callable[[], bool]
"""Say that the turn goes on; False when another one has taken over."""

HEARTBEAT = 5.0
"""Seconds after which whoever waits for answers prolongs what it holds."""
LONGEST_PAUSE = 300.0


def back_off(failures: int) -> datetime:
    """Return when to try again after so many failures in a row."""
    return _in(min(2.0 ** min(failures, 16), LONGEST_PAUSE))


def next_check(since: datetime | None, in_flight: int) -> datetime:
    """Return when to ask about a remix again: the rarer, the older it is and the more there are.

    A call costs some 5 ms of processor time, so that 40 a second take a fifth of it.
    """
    age = (timezone.now() - since).total_seconds() if since else 0.0
    return _in(max(1.0, 0.15 * age, in_flight / 40))


def _in(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
