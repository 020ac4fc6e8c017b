"""How a remix changes its status: each change is one method and one UPDATE."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import atomic, in_transaction, on_commit
from ..exceptions import InvalidTransition
from ..logs import get_logger
from ..signals import remix_failed, remix_succeeded
from . import refusals
from .bill import UNANSWERED_PAUSE, bill_complete, bill_missing, choose_bill_flag, unbilled
from .budget import to_millionths
from .charges import cost_to_count
from .columns import NO_PROGRESS, RemixColumns, completed_now
from .event import RemixEvent
from .leased import released_until
from .reservation import Reservation
from .status import AT_FAL, Status

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from .users import User
    from .video import Video

logger = get_logger(__name__)

EVIDENCE_AFTER = timedelta(seconds=30)
"""How long to wait before searching fal's list for a request that got no answer."""
MILLIONTH = Decimal("0.000001")
COST_LIMIT = 10**8
"""The column holds less than this."""
Kind = RemixEvent.Kind
RECOUNTED = (Status.FAILED, Status.CANCELLED, Status.STORING)
"""Statuses that may change what counts in budgets; with the last, a failed one is reopened."""


class RemixTransitions(RemixColumns):
    """The status changes of a remix, each recorded in its history."""

    class Meta:
        abstract = True

    def sending(self, arguments: dict[str, Any]) -> None:
        """Record the body of the request that is about to be sent."""
        self._move_mine((Status.SUBMITTING,), self._event(Kind.SENT), arguments=arguments)

    def refused(self, code: str, message: str | _StrPromise) -> None:
        """Fail it because fal refused it; nothing is spent."""
        event = self._event(Kind.REFUSED, code)
        self._end(Status.FAILED, (Status.SUBMITTING,), event, code, message)

    def not_sent(self, due_at: datetime, message: str | _StrPromise = "") -> None:
        """Queue it again because it was certainly not sent."""
        changes = {"error_message": str(message), **self._failed_until(due_at)}
        self._put_back(self._event(Kind.NOT_SENT), changes)

    def not_ready(self) -> None:
        """Queue it again, unsent, because fal no longer has its files."""
        now = timezone.now()
        self._put_back(None, {"is_ready": False, "error_message": "", **released_until(now)})

    def requeued(self, due_at: datetime) -> None:
        """Queue it again because fal asked to send it later; nothing is spent."""
        changes = {"error_message": "", **released_until(due_at)}
        self._put_back(self._event(Kind.REQUEUED), changes)

    def held(self, code: str) -> None:
        """Queue it again because fal accepts nothing from the account; nothing is spent."""
        changes = {"error_message": "", **released_until(timezone.now())}
        self._put_back(self._event(Kind.HELD, code), changes)

    def unanswered(self, message: str | _StrPromise) -> None:
        """Mark it as unconfirmed: it was sent, and fal may have accepted it."""
        self._move(
            (Status.SUBMITTING,),
            self._event(Kind.UNCONFIRMED),
            status=Status.UNCONFIRMED,
            error_message=str(message),
            **released_until(timezone.now() + EVIDENCE_AFTER),
        )

    def accepted(
        self, request_id: str, how: str = Kind.ACCEPTED, *, by: User | None = None
    ) -> None:
        """Record that fal has it, and how that became known; commit this before anything else."""
        if in_transaction():
            self._accept(request_id, how, by)
        else:
            with atomic():
                self._accept(request_id, how, by)

    def _accept(self, request_id: str, how: str, by: User | None) -> None:
        self._move(
            (Status.SUBMITTING, Status.UNCONFIRMED),
            status=Status.PROCESSING,
            request_id=request_id,
            error_code="",
            error_message="",
            **released_until(timezone.now() + self.check_after),
        )
        self.note_request_id(how, request_id, by)

    def search_again(self) -> None:
        """Search fal's list again later, after growing pauses."""
        pause = EVIDENCE_AFTER * 2 ** min(self.failures, 5)
        with suppress(InvalidTransition):
            self._move((Status.UNCONFIRMED,), **self._failed_until(timezone.now() + pause))

    def completed(self) -> None:
        """Record that fal has finished: its result or its error can be collected."""
        self._move_mine((Status.PROCESSING,), self._event(Kind.FINISHED), **completed_now())

    def reported_finished(self, request_id: str) -> None:
        """Record that fal says so of this request by itself, also while a worker is asking."""
        running = self._rows().filter(status=Status.PROCESSING, completed_at=None)
        event = self._event(Kind.FINISHED)
        self._update(running.filter(request_id=request_id), completed_now(), event)

    def start_storing(self, billable_units: Decimal | None = None) -> None:
        """Start to store a usable result; the lease on the row stays."""
        sources = (Status.PROCESSING, Status.STORING)
        self._move_mine(sources, status=Status.STORING, billable_units=billable_units)

    def postpone(self, due_at: datetime, message: str | _StrPromise = "") -> None:
        """Repeat the current step later, because it failed with this message."""
        changes = {"error_message": str(message), **self._failed_until(due_at)}
        self._move_mine((Status.PROCESSING, Status.STORING), **changes)

    def release(self) -> None:
        """Release it to another worker, because the current step was not started."""
        sources = (Status.PROCESSING, Status.STORING)
        self._move_mine(sources, due_at=timezone.now(), lease=None, leased_until=None)

    def check_again(
        self, due_at: datetime, *, position: int | None = None, log: Sequence[str] | None = None
    ) -> None:
        """Ask fal again later, and record its progress if there is a log."""
        seen: dict[str, Any] = {"error_message": ""}
        if log is not None:
            seen |= {"queue_position": position, "progress_log": list(log)}
        self._move_mine((Status.PROCESSING, Status.STORING), **seen, **released_until(due_at))

    def succeed(self, result: Video) -> None:
        """Link the result, whose files were taken before, in the caller's transaction."""
        self._move(
            (Status.STORING,),
            self._event(Kind.STORED),
            status=Status.SUCCEEDED,
            result=result,
            finished_at=timezone.now(),
            error_code="",
            error_message="",
            **unbilled(),
            **released_until(timezone.now()),
        )
        on_commit(lambda: _send(remix_succeeded, self), robust=False)

    def set_calculated_cost(self, unit_price: Decimal) -> None:
        """Set its cost to fal's units times this list price, unless it has one."""
        cost = (self.billable_units or 0) * unit_price
        if self.billable_units is None or cost >= COST_LIMIT:
            return
        cost = cost.quantize(MILLIONTH)
        uncalculated = self._rows().filter(pk=self.pk, calculated_cost=None)
        if uncalculated.filter(counted_cost=cost).update(calculated_cost=cost):
            return  # the estimate was right
        with atomic():
            if uncalculated.update(calculated_cost=cost):
                self._recount()

    def set_billed_cost(self, charges: Sequence[Decimal], *, is_complete: bool) -> None:
        """Set what fal's billing events for it add up to, in dollars; credits are negative.

        It `is_complete` if each of its request ids had an event. A bill that was not expected is
        flagged and recorded. Raise `InvalidTransition` if its bill has become due anew meanwhile.
        """
        flag = choose_bill_flag(charges, self.status, self.estimated_cost)
        event = self._event(Kind.BILL_FLAGGED, flag) if flag and flag != self.bill_flag else None
        following = (
            bill_complete(is_first=self.billed_at is None)
            if is_complete
            else bill_missing(self.bills_asked)
        )
        cost = sum(charges, Decimal(0)).quantize(MILLIONTH)
        changes = {"billed_cost": cost, "bill_flag": flag, **following}
        with atomic():
            self._update(self._rows().filter(bill_due_at=self.bill_due_at), changes, event)
            self._recount()

    def postpone_bill(self, *, was_answered: bool) -> None:
        """Read its bill again later; what it costs stays unknown meanwhile.

        After each answer without it, the pauses grow until the reading ends.
        """
        unanswered = {"bill_due_at": timezone.now() + UNANSWERED_PAUSE}
        changes = bill_missing(self.bills_asked) if was_answered else unanswered
        self._update(self._rows().filter(bill_due_at=self.bill_due_at), changes)

    def fail(self, code: str, message: str | _StrPromise) -> None:
        """Fail it: there will be no result."""
        sources = (Status.QUEUED, Status.PROCESSING, Status.STORING)
        self._end(Status.FAILED, sources, self._event(Kind.FAILED, code), code, message)

    def cancel(self, *, by: User | None = None) -> None:
        """Cancel it before it is sent, free of charge."""
        event = self._event(Kind.CANCELLED, by=by)
        self._end(Status.CANCELLED, (Status.QUEUED,), event, "", "")

    def request_cancellation(self, *, by: User | None = None) -> None:
        """Have fal asked to stop as soon as fal is known to have it."""
        now = timezone.now()
        unrequested = self._rows().filter(status__in=AT_FAL, cancel_requested_at=None)
        event = self._event(Kind.CANCEL_WISHED, by=by)
        self._update(unrequested, {"cancel_requested_at": now, "due_at": now}, event)

    def cancellation_sent(self) -> None:
        """Record that fal has answered the request to cancel it."""
        event = self._event(Kind.CANCEL_ASKED)
        self._move_mine((Status.PROCESSING,), event, cancel_asked_at=timezone.now())

    def cancelled_at_fal(self, message: str | _StrPromise) -> None:
        """Cancel it because fal confirmed that it stopped before it started."""
        event = self._event(Kind.STOPPED)
        self._end(Status.CANCELLED, (Status.PROCESSING,), event, "", message)

    def give_up(self, *, by: User | None = None) -> None:
        """Fail an unconfirmed remix because a person gave it up."""
        message = _("It was never found out whether fal received it.")
        event = self._event(Kind.GIVEN_UP, by=by)
        self._end(Status.FAILED, (Status.UNCONFIRMED,), event, "given_up", message)

    def reopen(self, *, by: User | None = None) -> None:
        """Collect the result of a failed remix again, free of charge."""
        if not self.request_id:
            raise InvalidTransition(refusals.NEVER_ACCEPTED)
        self._move(
            (Status.FAILED,),
            self._event(Kind.COLLECTED_AGAIN, by=by),
            status=Status.STORING,
            finished_at=None,
            error_code="",
            error_message="",
            **released_until(timezone.now()),
        )

    def note_request_id(self, kind: str, request_id: str, by: User | None = None) -> None:
        """Record in the history how a request id came; a failure must not undo the id itself."""
        try:
            event = self._event(kind, request_id, by)
            if not event.gather():
                with atomic():
                    event.save()
        except Exception:
            logger.exception("Remix %s: its history lacks “%s” %s", self.pk, kind, request_id)

    def _recount(self) -> None:
        """Count in its budgets what is now known of its cost.

        Call it in the transaction of the change by which that is known, after the change.
        """
        if self.reservation_id is None:
            return
        row = self._rows().select_for_update().get(pk=self.pk)
        cost = cost_to_count(row)
        change = to_millionths(cost) - to_millionths(row.counted_cost)
        if change:
            self._rows().filter(pk=self.pk).update(counted_cost=cost)
            Reservation.objects.settle(self.reservation_id, change)
        self.counted_cost = cost

    def _rows(self) -> models.QuerySet[Self]:
        return type(self)._default_manager.all()

    def _event(self, kind: str, detail: str = "", by: User | None = None) -> RemixEvent:
        return RemixEvent.of(self.pk, kind, detail, by)

    def _put_back(self, event: RemixEvent | None, changes: dict[str, Any]) -> None:
        """Queue it again after a try to send it that cost nothing.

        Cancel it instead if a person has asked for that during the try: it would be sent again.
        """
        with atomic():
            self._move(
                (Status.SUBMITTING,), event, status=Status.QUEUED, submitted_at=None, **changes
            )
            RemixEvent.objects.merge_tries(self.pk)
            if self._rows().filter(pk=self.pk, cancel_requested_at__isnull=False).exists():
                self.cancel()

    def _move(
        self, sources: Sequence[str], event: RemixEvent | None = None, **changes: Any
    ) -> None:
        """Change the row in one UPDATE that names the states it may leave."""
        self._update(self._rows().filter(status__in=sources), changes, event)

    def _move_mine(
        self, sources: Sequence[str], event: RemixEvent | None = None, **changes: Any
    ) -> None:
        """Change the row only while the caller holds its lease."""
        self._update(self._rows().filter(status__in=sources, lease=self.lease), changes, event)

    def _update(
        self,
        rows: models.QuerySet[Self],
        changes: dict[str, Any],
        event: RemixEvent | None = None,
    ) -> None:
        """Change the row and record the event, or neither; raise `InvalidTransition`."""
        if event is None:
            has_moved = bool(rows.filter(pk=self.pk).update(**changes))
        else:
            # Without a savepoint: the error is raised only once this block has ended.
            with atomic(savepoint=False):
                has_moved = bool(rows.filter(pk=self.pk).update(**changes))
                if has_moved and not event.gather():
                    event.save()
                if has_moved and changes.get("status") in RECOUNTED:
                    self._recount()
        if not has_moved:
            raise InvalidTransition
        for name, value in changes.items():
            setattr(self, name, value)

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
            **NO_PROGRESS,
            **(unbilled() if self.request_ids else {}),
            **released_until(timezone.now()),
        )
        if status == Status.FAILED:
            on_commit(lambda: _send(remix_failed, self), robust=False)


def _send(signal: Signal, remix: RemixTransitions) -> None:
    signal.send_robust(sender=remix._meta.concrete_model, remix=remix)
