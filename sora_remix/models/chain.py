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

NOT_HELD: dict[str, Any] = {
    "held_code": "",
    "held_because": "",
    "held_since": None,
    "held_refusals": 0,
    "tried_keys": [],
}
STALE_AFTER = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(hours=1)
FIRST_PROBE = timedelta(minutes=1)
"""How long after the first refusal a held account is tried again; doubled by each refusal."""
LONGEST_PROBE = timedelta(minutes=10)
PROBE_TAKES = timedelta(minutes=2)
"""Within this time, a probe is answered: it is longer than a POST may take."""
KEYS_REMEMBERED = 20
WEBHOOKS_LAST = timedelta(days=7)
"""How long after the last webhook others are expected."""
WEBHOOK_NOTED = timedelta(minutes=1)
"""How precisely the time of the last webhook is known."""
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
        return cls(until, reason) if until and _is_ahead(until) else None


@dataclass(frozen=True)
class Hold:
    """The account can't send: fal refuses its key, or has locked it.

    Nothing is sent except one remix at a time, the probe, which tries whether that is over.
    """

    code: str
    """Why, as fal's package names it."""
    reason: str
    """fal's answer."""
    since: datetime
    next_try: datetime | None
    """When the next probe is due; None: with the next remix that is ready."""

    @classmethod
    def of(
        cls, code: str, until: datetime | None, reason: str, since: datetime | None
    ) -> Hold | None:
        """Return the hold in these columns, or None if there is none."""
        if not code or since is None:
            return None
        return cls(code, reason, since, until if until and _is_ahead(until) else None)


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
        longer = self.filter(is_longer, pk=1)
        # Why the account is held stays: this only puts off the next probe.
        if not longer.filter(held_code="").update(held_until=until, held_because=reason):
            longer.exclude(held_code="").update(held_until=until)

    def is_held(self, key: str | None = None) -> bool:
        """Return whether nothing may be sent now.

        A key that was not tried during a hold may be tried at once.
        """
        chain = self.filter(pk=1).first()
        return chain is not None and chain.is_held(key)

    def pause(self) -> Pause | None:
        """Return the current pause, or None; a hold is none."""
        paused = self.filter(pk=1, held_code="").values_list("held_until", "held_because").first()
        return Pause.of(*paused) if paused else None

    def hold(self) -> Hold | None:
        """Return the current hold of the account, or None."""
        names = ("held_code", "held_until", "held_because", "held_since")
        held = self.filter(pk=1).values_list(*names).first()
        return Hold.of(*held) if held else None

    def lift(self) -> bool:
        """End the pause; return False if there was none."""
        paused = self.filter(pk=1, held_code="", held_until__gt=timezone.now())
        return bool(paused.update(held_until=None, held_because=""))

    def hold_account(self, code: str, reason: str, key: str, *, is_probe: bool = False) -> None:
        """Hold everything back, because fal refused this key or its account.

        Each refused probe doubles the time until the next. Other answers that arrive during a
        hold are to requests from before it, and change nothing.
        """
        chain, _created = self.get_or_create(pk=1)
        if chain.held_code and not is_probe:
            return
        refusals = chain.held_refusals + 1 if chain.held_code else 1
        now = timezone.now()
        self.filter(pk=1, held_code=chain.held_code).update(
            held_code=code,
            held_because=reason,
            held_since=chain.held_since if chain.held_code else now,
            held_until=now + min(FIRST_PROBE * 2 ** min(refusals - 1, 10), LONGEST_PROBE),
            held_refusals=refusals,
            tried_keys=_with(chain.tried_keys if chain.held_code else [], key),
        )

    def claim_probe(self, key: str) -> bool:
        """Return whether the caller may try the held account, with one request; only one may."""
        chain = self.filter(pk=1).exclude(held_code="").first()
        if chain is None or chain.is_held(key):
            return False
        seen = self.filter(pk=1, held_code=chain.held_code, held_until=chain.held_until)
        until = timezone.now() + PROBE_TAKES
        return bool(seen.update(held_until=until, tried_keys=_with(chain.tried_keys, key)))

    def probe_now(self, *, afresh: bool = False) -> bool:
        """Let the held account be tried at once; return False if it is not held.

        `afresh` starts with the shortest time between probes again.
        """
        held = self.filter(pk=1).exclude(held_code="")
        changes = {"held_refusals": 0} if afresh else {}
        return bool(held.update(held_until=timezone.now(), **changes))

    def end_hold(self) -> bool:
        """End the hold, because fal refuses the account no longer; return False without one."""
        held = self.filter(pk=1).exclude(held_code="")
        return bool(held.update(held_until=None, **NOT_HELD))

    def note_webhook(self) -> None:
        """Expect webhooks, because one has just reported that a remix has finished."""
        now = timezone.now()
        earlier = Q(webhook_at=None) | Q(webhook_at__lt=now - WEBHOOK_NOTED)
        self.filter(earlier, pk=1).update(webhook_at=now)

    def miss_webhook(self) -> None:
        """Expect no webhooks until the next one, because one did not come."""
        self.filter(pk=1).update(webhook_at=None)

    def lock(self) -> Chain:
        """Lock the row until the transaction ends, so that one worker at a time claims remixes."""
        self.get_or_create(pk=1)
        return self.select_for_update().get(pk=1)

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
    """Until when nothing is sent, because fal asked for a pause or can't be reached.

    With a `held_code`, when the next probe is due.
    """
    held_because = ExactTextField(blank=True)
    """fal's answer, or why fal can't be reached."""
    held_code = ExactCharField(max_length=20, blank=True)
    """Why fal accepts nothing from the account; empty if it does."""
    held_since = models.DateTimeField(null=True)
    """When fal first refused the account."""
    held_refusals = models.PositiveIntegerField(default=0)
    """How often in a row fal has refused the account."""
    tried_keys = models.JSONField(default=list)
    """Digests of the keys that were tried during this hold."""
    webhook_at = models.DateTimeField(null=True)
    """When a webhook last reported that a remix had finished; None once one did not come."""

    objects = PrimaryManager.from_queryset(ChainQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("chain of turns")
        verbose_name_plural = _("chain of turns")

    def __str__(self) -> str:
        return f"{self.turn} {self.state}"

    @property
    def expects_webhooks(self) -> bool:
        """Whether webhooks have come lately."""
        return self.webhook_at is not None and self.webhook_at > timezone.now() - WEBHOOKS_LAST

    def is_held(self, key: str | None = None) -> bool:
        """Tell whether nothing may be sent now; `key` is the digest of the one to send with."""
        if self.held_until is None or not _is_ahead(self.held_until):
            return False
        return not self.held_code or key is None or key in self.tried_keys


def _is_ahead(until: datetime) -> bool:
    """Tell whether a time is in the future, and not further than a pause may end."""
    now = timezone.now()
    return now < until <= now + LONGEST_PAUSE + CLOCK_SKEW


def _with(keys: list[str], key: str) -> list[str]:
    return [*(one for one in keys if one != key), key][-KEYS_REMEMBERED:]


def _now() -> dict[str, datetime]:
    """Return the columns that a worker updates during its turn."""
    now = timezone.now()
    return {"since": now, "worked_at": now}
