"""Remixes: the state machine that every promise rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager, on_commit
from ..exceptions import InvalidTransition
from ..signals import remix_failed, remix_succeeded
from .event import RemixEvent
from .fields import UniqueUnlessBlank
from .heard import EVIDENCE_AFTER, HeardOf
from .leased import step
from .pending import PendingFile
from .queryset import RemixQuerySet
from .status import Status
from .video import Video

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from .batch import User

MILLIONTH = Decimal("0.000001")
MOST_COST = 10**8
"""More does not fit into the column, and is no cost of a video."""
Kind = RemixEvent.Kind
NOT_SEEN: dict[str, Any] = {"queue_position": None, "progress_log": []}
"""How far fal was matters no more once it is done."""


class Remix(HeardOf):
    """One video, one prompt, one charge at most."""

    Status = Status

    objects = PrimaryManager.from_queryset(RemixQuerySet)()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("remix")
        verbose_name_plural = _("remixes")
        ordering = ("-pk",)
        default_permissions = ("view",)
        permissions = (
            ("cancel_remix", _("Can cancel remixes")),
            ("retry_remix", _("Can retry remixes and collect them again")),
            ("decide_unconfirmed", _("Can decide on unconfirmed remixes")),
            ("view_exchange", _("Can view requests to fal and its answers")),
        )
        constraints = (
            # A second click finds no row to lock under some isolation levels; this one it finds.
            models.UniqueConstraint(fields=("retry_of",), name="sora_remix_remix_retried_once"),
            UniqueUnlessBlank(fields=("request_id",), name="sora_remix_remix_request_id_unique"),
        )
        indexes = (models.Index(fields=("status", "due_at"), name="sora_remix_remix_due"),)

    def __str__(self) -> str:
        return str(_("Remix %(number)s") % {"number": self.pk})

    def sending(self, arguments: dict[str, Any]) -> None:
        """Note the body of the request that is about to be sent."""
        self._move_mine((Status.SUBMITTING,), self._event(Kind.SENT), arguments=arguments)

    def refused(self, code: str, message: str | _StrPromise) -> None:
        """fal certainly did not take it; nothing is spent."""
        event = self._event(Kind.REFUSED, code)
        self._end(Status.FAILED, (Status.SUBMITTING,), event, code, message)

    def not_sent(self, due_at: datetime, message: str | _StrPromise = "") -> None:
        """It certainly did not leave: send it later."""
        self._move(
            (Status.SUBMITTING,),
            self._event(Kind.NOT_SENT),
            status=Status.QUEUED,
            submitted_at=None,
            error_message=str(message),
            **self._failed_step(due_at),
        )

    def not_ready(self) -> None:
        """It was not sent: fal does not have its files any more."""
        self._move(
            (Status.SUBMITTING,),
            status=Status.QUEUED,
            submitted_at=None,
            is_ready=False,
            error_message="",
            **step(timezone.now()),
        )

    def requeued(self, due_at: datetime) -> None:
        """fal asks to send it later; nothing is spent."""
        self._move(
            (Status.SUBMITTING,),
            self._event(Kind.REQUEUED),
            status=Status.QUEUED,
            submitted_at=None,
            error_message="",
            **step(due_at),
        )

    def unanswered(self, message: str | _StrPromise) -> None:
        """It was sent and nobody knows whether fal took it."""
        self._move(
            (Status.SUBMITTING,),
            self._event(Kind.UNCONFIRMED),
            status=Status.UNCONFIRMED,
            error_message=str(message),
            **step(timezone.now() + EVIDENCE_AFTER),
        )

    def completed(self) -> None:
        """fal is done with it: its result, or its reason, can be collected."""
        now = timezone.now()
        event = self._event(Kind.FINISHED)
        changes = {"completed_at": now, "error_message": "", **NOT_SEEN, **step(now)}
        self._move_mine((Status.PROCESSING,), event, **changes)

    def start_storing(self, billable_units: Decimal | None = None) -> None:
        """A usable result was read; the claim on the row stays."""
        sources = (Status.PROCESSING, Status.STORING)
        self._move_mine(sources, status=Status.STORING, billable_units=billable_units)

    def postpone(self, due_at: datetime, message: str | _StrPromise = "") -> None:
        """Take the present step again later, because it failed with this message."""
        changes = {"error_message": str(message), **self._failed_step(due_at)}
        self._move_mine((Status.PROCESSING, Status.STORING), **changes)

    def hand_back(self) -> None:
        """Let another worker take the present step, which was not begun."""
        sources = (Status.PROCESSING, Status.STORING)
        self._move_mine(sources, due_at=timezone.now(), lease=None, leased_until=None)

    def look_again(
        self, due_at: datetime, *, position: int | None = None, log: Sequence[str] | None = None
    ) -> None:
        """Ask again later: fal is still working, and said how far it is if there is a log."""
        seen: dict[str, Any] = {"error_message": ""}
        if log is not None:
            seen |= {"queue_position": position, "progress_log": list(log)}
        self._move_mine((Status.PROCESSING, Status.STORING), **seen, **step(due_at))

    def succeed(self, result: Video, stored: Sequence[str]) -> None:
        """Link the result, whose files have these names, in the caller's transaction."""
        owned = PendingFile.objects.filter(remix=self, name__in=stored, is_condemned=False)
        if owned.delete()[0] != len(stored):
            raise InvalidTransition(_("The files were removed before they could be used."))
        self._move(
            (Status.STORING,),
            self._event(Kind.STORED),
            status=Status.SUCCEEDED,
            result=result,
            finished_at=timezone.now(),
            error_code="",
            error_message="",
            **step(timezone.now()),
        )
        on_commit(lambda: _tell(remix_succeeded, self), robust=False)

    def bill(self, unit_price: Decimal) -> None:
        """Note what it really cost: what fal has counted, at this price for each unit."""
        cost = (self.billable_units or 0) * unit_price
        if self.billable_units is not None and cost < MOST_COST:
            unbilled = Remix.objects.filter(pk=self.pk, billed_cost=None)
            unbilled.update(billed_cost=cost.quantize(MILLIONTH))

    def fail(self, code: str, message: str | _StrPromise) -> None:
        """It is over without a result."""
        sources = (Status.QUEUED, Status.PROCESSING, Status.STORING)
        self._end(Status.FAILED, sources, self._event(Kind.FAILED, code), code, message)

    def cancel(self, *, by: User | None = None) -> None:
        """It was never sent and never will be."""
        event = self._event(Kind.CANCELLED, by=by)
        self._end(Status.CANCELLED, (Status.QUEUED,), event, "", "")

    def wish_to_cancel(self, *, by: User | None = None) -> None:
        """Have fal asked to stop, as soon as it is known to have it."""
        now = timezone.now()
        sources = (Status.SUBMITTING, Status.UNCONFIRMED, Status.PROCESSING)
        wished = Remix.objects.filter(status__in=sources, cancel_requested_at=None)
        event = self._event(Kind.CANCEL_WISHED, by=by)
        self._update(wished, {"cancel_requested_at": now, "due_at": now}, event)

    def cancel_asked(self) -> None:
        """fal was asked to cancel it, and answered."""
        event = self._event(Kind.CANCEL_ASKED)
        self._move_mine((Status.PROCESSING,), event, cancel_asked_at=timezone.now())

    def cancelled_at_fal(self, message: str | _StrPromise) -> None:
        """fal confirmed that it stopped before it made anything."""
        event = self._event(Kind.STOPPED)
        self._end(Status.CANCELLED, (Status.PROCESSING,), event, "", message)

    def give_up(self, *, by: User | None = None) -> None:
        """A person decided that nobody will ever know whether fal had it."""
        message = _("It was never found out whether fal received it.")
        event = self._event(Kind.GIVEN_UP, by=by)
        self._end(Status.FAILED, (Status.UNCONFIRMED,), event, "given_up", message)

    def reopen(self, *, by: User | None = None) -> None:
        """Look for its result once more, which is free."""
        if not self.request_id:
            raise InvalidTransition(_("fal never accepted it, so there is nothing to collect."))
        self._move(
            (Status.FAILED,),
            self._event(Kind.COLLECTED_AGAIN, by=by),
            status=Status.STORING,
            finished_at=None,
            error_code="",
            error_message="",
            **step(timezone.now()),
        )

    def _end(
        self,
        status: str,
        sources: Sequence[str],
        event: RemixEvent,
        code: str,
        message: str | _StrPromise,
    ) -> None:
        self._move_mine(
            sources,
            event,
            status=status,
            error_code=code[:100],
            error_message=str(message),
            finished_at=timezone.now(),
            **NOT_SEEN,
            **step(timezone.now()),
        )
        if status == Status.FAILED:
            on_commit(lambda: _tell(remix_failed, self), robust=False)


def _tell(signal: Signal, remix: Remix) -> None:
    signal.send_robust(sender=Remix, remix=remix)
