"""The chain of turns in which workers send remixes and check them at fal."""

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

STALE_AFTER = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(hours=1)
CLOCK_SKEW = timedelta(minutes=1)
"""How far the clocks of two servers may differ."""


@dataclass(frozen=True)
class Pause:
    """A period in which nothing is sent to fal."""

    until: datetime
    reason: str
    """fal's answer, or why fal can't be reached."""

    @classmethod
    def of(cls, until: datetime | None, reason: str) -> Pause | None:
        """Return the pause in these columns, or None if it has ended or is impossible."""
        now = timezone.now()
        if until is None or not now < until <= now + LONGEST_PAUSE + CLOCK_SKEW:
            return None
        return cls(until, reason)


class ChainQuerySet(models.QuerySet["Chain"]):
    """The only row, changed by compare-and-set; a caller that is late gets False or None."""

    def announce(self) -> int | None:
        """Return the number of the turn to queue now, or None if one is on its way.

        A pending turn that nobody took is announced again under its own number, so that both
        messages together are admitted once; a running one that fell silent gets a successor.
        """
        chain, _created = self.get_or_create(pk=1)
        stale = timezone.now() - STALE_AFTER
        state, turn = chain.state, chain.turn
        if state == Chain.State.IDLE or (state == Chain.State.RUNNING and chain.since < stale):
            moved = self._move(chain, state=Chain.State.PENDING, turn=turn + 1)
            return turn + 1 if moved else None
        if state == Chain.State.PENDING and chain.since < stale:
            return turn if self._move(chain) else None
        return None

    def admit(self, turn: int) -> bool:
        """Return whether the worker with this turn's message may run it; only one may."""
        pending = self.filter(pk=1, turn=turn, state=Chain.State.PENDING)
        return bool(pending.update(state=Chain.State.RUNNING, **_now()))

    def take_over(self, patience: timedelta) -> int | None:
        """Admit the pending turn if its message has waited for so long, and return its number."""
        late = self.filter(pk=1, state=Chain.State.PENDING, since__lte=timezone.now() - patience)
        turn = late.values_list("turn", flat=True).first()
        return turn if turn is not None and self.admit(turn) else None

    def renew(self, turn: int) -> bool:
        """Keep this turn alive; return False if another has taken over."""
        return bool(self._running(turn).update(**_now()))

    def release(self, turn: int) -> bool:
        """End this turn; return False if another has taken over, which then continues alone."""
        return bool(self._running(turn).update(state=Chain.State.IDLE, **_now()))

    def hold_back(self, until: datetime, reason: str = "") -> None:
        """Pause sending until then, for an hour at most, because fal limits the whole account.

        Of two pauses, the one that ends later is kept, with its reason.
        """
        self.get_or_create(pk=1)
        latest = timezone.now() + LONGEST_PAUSE
        until = min(until, latest)
        is_longer = Q(held_until=None) | Q(held_until__lt=until) | Q(held_until__gt=latest)
        self.filter(is_longer, pk=1).update(held_until=until, held_because=reason)

    def is_held(self) -> bool:
        """Return whether sending is paused."""
        return self.pause() is not None

    def pause(self) -> Pause | None:
        """Return the current pause, or None."""
        held = self.filter(pk=1).values_list("held_until", "held_because").first()
        return Pause.of(*held) if held else None

    def lift(self) -> bool:
        """End the pause; return False if there was none."""
        held = self.filter(pk=1, held_until__gt=timezone.now())
        return bool(held.update(held_until=None, held_because=""))

    def lock(self) -> None:
        """Lock the row until the transaction ends, so that one worker at a time claims remixes."""
        self.get_or_create(pk=1)
        self.select_for_update().get(pk=1)

    def _running(self, turn: int) -> ChainQuerySet:
        return self.filter(pk=1, turn=turn, state=Chain.State.RUNNING)

    def _move(self, chain: Chain, **changes: Any) -> bool:
        seen = self.filter(pk=1, turn=chain.turn, state=chain.state, since=chain.since)
        return bool(seen.update(since=timezone.now(), **changes))


class Chain(models.Model):
    """The number and state of the current turn."""

    class State(models.TextChoices):
        IDLE = "idle", _("idle")
        """No turn is requested."""
        PENDING = "pending", _("pending")
        """A message with the turn's number is queued."""
        RUNNING = "running", _("running")
        """A worker runs it, and renews `since` every few seconds."""

    turn = models.PositiveBigIntegerField(default=0)
    state = ExactCharField(max_length=10, choices=State, default=State.IDLE)
    since = models.DateTimeField(default=timezone.now)
    worked_at = models.DateTimeField(null=True)
    """When a worker last ran a turn."""
    held_until = models.DateTimeField(null=True)
    """Until when nothing is sent, because fal asked for a pause or can't be reached."""
    held_because = ExactTextField(blank=True)
    """fal's answer, or why fal can't be reached."""

    objects = PrimaryManager.from_queryset(ChainQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("chain of turns")
        verbose_name_plural = _("chain of turns")

    def __str__(self) -> str:
        return f"{self.turn} {self.state}"


def _now() -> dict[str, datetime]:
    """Return the columns that a worker updates during its turn."""
    now = timezone.now()
    return {"since": now, "worked_at": now}
