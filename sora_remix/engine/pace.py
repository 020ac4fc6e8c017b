"""Backoff, time limits, and the heartbeat of a long turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from math import inf

from django.utils import timezone

from ..conf import conf
from ..models import Chain, Leased, Remix, renew_leases

LEAST_RESERVE_SECONDS = 3.0
"""How much of its limit a task keeps for cleaning up."""
HEARTBEAT_SECONDS = 5.0
"""How often a worker that waits for answers renews its leases."""
LONGEST_BACKOFF_SECONDS = 300.0
EARLY = 0.9
"""Part of the usual time after which one remix in five is asked about."""
LONGEST_SILENCE = 30.0
"""Seconds without a question, so that pages show how far fal is."""
WITHOUT_WEBHOOK = timedelta(minutes=1)
"""How long to wait for a webhook before asking, while webhooks come."""
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


class CheckPace:
    """When to ask fal again, by what is known at the moment."""

    def __init__(self) -> None:
        self._in_flight = Remix.objects.in_flight().count()
        self._usual = Remix.objects.usual_seconds()
        chain = Chain.objects.filter(pk=1).first()
        self.expects_webhooks = chain is not None and expects_webhooks(chain)

    def next_check(self, remix: Remix) -> datetime:
        """Return when to check a remix again: later the older it is and the more are in flight.

        One that is seen to be running is left alone until it is likely to be finished soon. A call
        takes 1 to 2 ms of CPU time, so 80 calls per second use an eighth of a core. At the usual
        time it is checked however many are in flight, because then it may well be finished.
        """
        sent_at = remix.submitted_at
        age = (timezone.now() - sent_at).total_seconds() if sent_at else 0.0
        usual = self._usual.get(remix.endpoint, 0.0)
        fair = self._in_flight / 80
        least = min(fair, usual - age) if age < usual else fair
        return _in(max(1.0, least, self._pause(remix, age, usual)))

    def _pause(self, remix: Remix, age: float, usual: float) -> float:
        if remix.cancel_requested_at:
            # Somebody waits for the answer, and maybe there is no webhook about it.
            return 0.15 * age
        if self.expects_webhooks:
            return max(WITHOUT_WEBHOOK.total_seconds(), 0.5 * age)
        if age < (soon := self._soon(remix, usual)):
            return min(soon - age, LONGEST_SILENCE)
        return (0.05 if age < 2 * usual else 0.15) * age

    def _soon(self, remix: Remix, usual: float) -> float:
        """Return at which age a remix may be finished.

        If none were asked about before the usual time, that could not get shorter: it is measured
        from what the questions find.
        """
        return usual if remix.pk % 5 else EARLY * usual


def expects_webhooks(chain: Chain) -> bool:
    """Return whether webhooks are switched on, and have come lately."""
    return bool(conf.SORA_REMIX_WEBHOOK_BASE_URL) and chain.expects_webhooks


def _in(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
