"""The one chain of turns in which workers send and ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager
from .fields import ExactCharField, ExactTextField

STALE = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(hours=1)
CLOCK_SKEW = timedelta(minutes=1)
"""How far the clocks of two servers may be apart."""


@dataclass(frozen=True)
class Pause:
    """A time in which nothing is sent to fal."""

    until: datetime
    reason: str
    """What fal answered, or why it can't be reached."""

    @classmethod
    def of(cls, until: datetime | None, reason: str) -> Pause | None:
        """Return the pause that these columns hold, unless it has ended or can't be true."""
        now = timezone.now()
        if until is None or not now < until <= now + LONGEST_PAUSE + CLOCK_SKEW:
            return None
        return cls(until, reason)


class ChainQuerySet(models.QuerySet["Chain"]):
    """Each verb is one compare-and-set on the only row; who is late gets False or None."""

    def announce(self) -> int | None:
        """Return the number of the turn to queue now, or None when one is on its way.

        A pending turn that nobody took is announced again under its own number, so that both
        messages together are admitted once; a running one that fell silent gets a successor.
        """
        chain, _created = self.get_or_create(pk=1)
        stale = timezone.now() - STALE
        state, turn = chain.state, chain.turn
        if state == Chain.State.IDLE or (state == Chain.State.RUNNING and chain.since < stale):
            moved = self._move(chain, state=Chain.State.PENDING, turn=turn + 1)
            return turn + 1 if moved else None
        if state == Chain.State.PENDING and chain.since < stale:
            return turn if self._move(chain) else None
        return None

    def admit(self, turn: int) -> bool:
        """Let the worker that got this turn's message run it, once."""
        pending = self.filter(pk=1, turn=turn, state=Chain.State.PENDING)
        return bool(pending.update(state=Chain.State.RUNNING, **_now()))

    def renew(self, turn: int) -> bool:
        """Say that this turn is still alive; False when another has taken over."""
        return bool(self._running(turn).update(**_now()))

    def release(self, turn: int) -> bool:
        """End this turn; False when another has taken over, which then goes on alone."""
        return bool(self._running(turn).update(state=Chain.State.IDLE, **_now()))

    def hold_back(self, until: datetime, reason: str = "") -> None:
        """Pause sending until then, at most for an hour: fal's limit is the account's.

        Of two pauses, the one that ends later stays, with its reason.
        """
        self.get_or_create(pk=1)
        latest = timezone.now() + LONGEST_PAUSE
        until = min(until, latest)
        is_longer = Q(held_until=None) | Q(held_until__lt=until) | Q(held_until__gt=latest)
        self.filter(is_longer, pk=1).update(held_until=until, held_because=reason)

    def is_held(self) -> bool:
        """Tell whether sending is paused."""
        return self.pause() is not None

    def pause(self) -> Pause | None:
        """Return the pause that lasts at this moment."""
        held = self.filter(pk=1).values_list("held_until", "held_because").first()
        return Pause.of(*held) if held else None

    def lift(self) -> bool:
        """End the pause; False when there was none."""
        held = self.filter(pk=1, held_until__gt=timezone.now())
        return bool(held.update(held_until=None, held_because=""))

    def lock(self) -> None:
        """Hold the row until the transaction ends, so that only one claims rows to send."""
        self.get_or_create(pk=1)
        self.select_for_update().get(pk=1)

    def last_turn_at(self) -> datetime | None:
        """Return when a worker was last seen at a turn, which announcing one does not tell."""
        return self.filter(pk=1).values_list("worked_at", flat=True).first()

    def _running(self, turn: int) -> ChainQuerySet:
        return self.filter(pk=1, turn=turn, state=Chain.State.RUNNING)

    def _move(self, chain: Chain, **changes: Any) -> bool:
        seen = self.filter(pk=1, turn=chain.turn, state=chain.state, since=chain.since)
        return bool(seen.update(since=timezone.now(), **changes))


class Chain(models.Model):
    """Number and state of the present turn."""

    class State(models.TextChoices):
        IDLE = "idle", _("idle")
        """No turn is asked for."""
        PENDING = "pending", _("pending")
        """A message with the turn's number is under way."""
        RUNNING = "running", _("running")
        """A worker is at it, and says so at least every few seconds."""

    turn = models.PositiveBigIntegerField(default=0)
    state = ExactCharField(max_length=10, choices=State, default=State.IDLE)
    since = models.DateTimeField(default=timezone.now)
    worked_at = models.DateTimeField(null=True)
    """When a worker was last seen at a turn."""
    held_until = models.DateTimeField(null=True)
    """Until when nothing is sent, because fal said so or can't be reached."""
    held_because = ExactTextField(blank=True)
    """What fal answered, or why it can't be reached."""

    objects = PrimaryManager.from_queryset(ChainQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("chain of turns")
        verbose_name_plural = _("chain of turns")

    def __str__(self) -> str:
        return f"{self.turn} {self.state}"


def _now() -> dict[str, datetime]:
    """Return the columns that a worker moves while it is at a turn."""
    now = timezone.now()
    return {"since": now, "worked_at": now}
