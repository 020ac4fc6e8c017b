"""Remixes: the state machine that every promise rests on."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..exceptions import InvalidTransition
from ..signals import remix_failed, remix_succeeded
from .batch import RemixBatch
from .leased import Leased, step
from .pending import PendingFile
from .queryset import RemixQuerySet
from .status import UNSETTLED, Status
from .video import Video

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MILLIONTH = Decimal("0.000001")
MOST_COST = 10**8
"""More does not fit into the column, and is no cost of a video."""
EVIDENCE_AFTER = timedelta(seconds=30)
"""How soon fal's list of requests is searched for one whose answer did not come."""
FIRST_CHECK = timedelta(seconds=2)
"""How soon fal is asked about what it has just accepted."""

NOT_SEEN: dict[str, Any] = {"queue_position": None, "progress_log": []}
"""How far fal was matters no more once it is done."""


class Remix(Leased):
    """One video, one prompt, one charge at most."""

    Status = Status

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(
        Video, verbose_name=_("source"), on_delete=models.PROTECT, related_name="remixes"
    )
    result = models.OneToOneField(
        Video,
        verbose_name=_("result"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="remix",
    )
    prompt = models.TextField(_("prompt"))
    endpoint = models.CharField(_("endpoint"), max_length=100)
    endpoint_id = models.CharField(max_length=200, editable=False)
    """fal's id when it was asked for: a record that changes or goes must not lose a result."""
    options = models.JSONField(_("options"), default=dict, blank=True)
    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.QUEUED, db_index=True
    )
    request_id = models.CharField(
        _("request id"), max_length=100, blank=True, db_index=True, editable=False
    )
    other_request_ids = models.JSONField(default=list, editable=False)
    """Ids under which fal was heard to have it as well: evidence of a double charge."""
    is_ready = models.BooleanField(default=True, editable=False)
    """False while fal does not have the files that are sent with it."""
    arguments = models.JSONField(null=True, editable=False)
    """The body as it was sent, by which fal's list of requests can be searched."""
    estimated_cost = models.DecimalField(
        _("estimated cost"), max_digits=14, decimal_places=6, null=True, blank=True
    )
    price = models.JSONField(default=dict, editable=False)
    """The figures that the estimate rests on, as they were when it was asked for."""
    billable_units = models.DecimalField(
        _("billable units"), max_digits=18, decimal_places=6, null=True, editable=False
    )
    """What fal has counted for its bill, in the units of its price."""
    billed_cost = models.DecimalField(
        _("billed cost"), max_digits=14, decimal_places=6, null=True, blank=True
    )
    error_code = models.CharField(_("error code"), max_length=100, blank=True)
    error_message = models.TextField(_("error"), blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    batch = models.ForeignKey(
        RemixBatch,
        verbose_name=_("batch"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="remixes",
    )
    retry_of = models.ForeignKey(
        "self",
        verbose_name=_("retry of"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="retries",
    )
    created_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    submitted_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    """When fal was seen to be done with it."""
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    cancel_requested_at = models.DateTimeField(_("cancel wished at"), null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, editable=False)
    """When fal was asked to cancel it."""
    queue_position = models.PositiveIntegerField(null=True, editable=False)
    """How many requests are before it in fal's queue, while it waits there."""
    progress_log = models.JSONField(default=list, editable=False)
    """The last lines that fal's runner wrote, while it works."""
    objects = RemixQuerySet.as_manager()

    class Meta:
        verbose_name = _("remix")
        verbose_name_plural = _("remixes")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("request_id",),
                condition=~Q(request_id=""),
                name="sora_remix_remix_request_id_unique",
            ),
        )
        indexes = (
            models.Index(
                fields=("status", "due_at"),
                name="sora_remix_unsettled",
                condition=Q(status__in=UNSETTLED),
            ),
        )

    def __str__(self) -> str:
        return str(_("Remix %(number)s") % {"number": self.pk})

    def sending(self, arguments: dict[str, Any]) -> None:
        """Note the body of the request that is about to be sent."""
        self._move_mine((Status.SUBMITTING,), arguments=arguments)

    def accepted(self, request_id: str) -> None:
        """fal has it: the first thing to commit after its answer."""
        self._move(
            (Status.SUBMITTING, Status.UNCONFIRMED),
            status=Status.PROCESSING,
            request_id=request_id,
            error_code="",
            error_message="",
            **step(timezone.now() + FIRST_CHECK),
        )

    def refused(self, code: str, message: str | _StrPromise) -> None:
        """fal certainly did not take it; nothing is spent."""
        self._end(Status.FAILED, (Status.SUBMITTING,), code, message)

    def not_sent(self, due_at: datetime) -> None:
        """It certainly did not leave: send it later."""
        self._move(
            (Status.SUBMITTING,),
            status=Status.QUEUED,
            submitted_at=None,
            **self._failed_step(due_at),
        )

    def not_ready(self) -> None:
        """It was not sent: fal does not have its files any more."""
        self._move(
            (Status.SUBMITTING,),
            status=Status.QUEUED,
            submitted_at=None,
            is_ready=False,
            **step(timezone.now()),
        )

    def requeued(self, due_at: datetime) -> None:
        """fal asks to send it later; nothing is spent."""
        self._move((Status.SUBMITTING,), status=Status.QUEUED, submitted_at=None, **step(due_at))

    def unanswered(self, message: str | _StrPromise) -> None:
        """It was sent and nobody knows whether fal took it."""
        self._move(
            (Status.SUBMITTING,),
            status=Status.UNCONFIRMED,
            error_message=str(message),
            **step(timezone.now() + EVIDENCE_AFTER),
        )

    def completed(self) -> None:
        """fal is done with it: its result, or its reason, can be collected."""
        now = timezone.now()
        self._move_mine((Status.PROCESSING,), completed_at=now, **NOT_SEEN, **step(now))

    def start_storing(self, billable_units: Decimal | None = None) -> None:
        """A usable result was read; the claim on the row stays."""
        sources = (Status.PROCESSING, Status.STORING)
        self._move_mine(sources, status=Status.STORING, billable_units=billable_units)

    def postpone(self, due_at: datetime) -> None:
        """Take the present step again later, because its answer has not come."""
        self._move_mine((Status.PROCESSING, Status.STORING), **self._failed_step(due_at))

    def look_again(
        self, due_at: datetime, *, position: int | None = None, log: Sequence[str] | None = None
    ) -> None:
        """Ask again later: fal is still working, and said how far it is if there is a log."""
        seen = {} if log is None else {"queue_position": position, "progress_log": list(log)}
        self._move_mine((Status.PROCESSING, Status.STORING), **seen, **step(due_at))

    def succeed(self, result: Video, stored: Sequence[str]) -> None:
        """Link the result, whose files have these names, in the caller's transaction."""
        owned = PendingFile.objects.filter(remix=self, name__in=stored, is_condemned=False)
        if owned.delete()[0] != len(stored):
            raise InvalidTransition(_("The files were removed before they could be used."))
        self._move(
            (Status.STORING,),
            status=Status.SUCCEEDED,
            result=result,
            finished_at=timezone.now(),
            error_code="",
            error_message="",
            **step(timezone.now()),
        )
        transaction.on_commit(lambda: _tell(remix_succeeded, self))

    def bill(self, unit_price: Decimal) -> None:
        """Note what it really cost: what fal has counted, at this price for each unit."""
        cost = (self.billable_units or 0) * unit_price
        if self.billable_units is not None and cost < MOST_COST:
            unbilled = Remix.objects.filter(pk=self.pk, billed_cost=None)
            unbilled.update(billed_cost=cost.quantize(MILLIONTH))

    def fail(self, code: str, message: str | _StrPromise) -> None:
        """It is over without a result."""
        sources = (Status.QUEUED, Status.PROCESSING, Status.STORING)
        self._end(Status.FAILED, sources, code, message)

    def cancel(self) -> None:
        """It was never sent and never will be."""
        self._end(Status.CANCELLED, (Status.QUEUED,), "", "")

    def wish_to_cancel(self) -> None:
        """Have fal asked to stop, as soon as it is known to have it."""
        now = timezone.now()
        sources = (Status.SUBMITTING, Status.UNCONFIRMED, Status.PROCESSING)
        wished = Remix.objects.filter(status__in=sources, cancel_requested_at=None)
        self._update(wished, {"cancel_requested_at": now, "due_at": now})

    def cancel_asked(self) -> None:
        """fal was asked to cancel it, and answered."""
        self._move_mine((Status.PROCESSING,), cancel_asked_at=timezone.now())

    def cancelled_at_fal(self, message: str | _StrPromise) -> None:
        """fal confirmed that it stopped before it made anything."""
        self._end(Status.CANCELLED, (Status.PROCESSING,), "", message)

    def give_up(self) -> None:
        """A person decided that nobody will ever know whether fal had it."""
        message = _("Whether fal ever had it was not found out.")
        self._end(Status.FAILED, (Status.UNCONFIRMED,), "given_up", message)

    def rang(self, request_id: str) -> None:
        """fal says by itself under which id it has this remix; as often as it likes."""
        if Remix.objects.exclude(pk=self.pk).filter(request_id=request_id).exists():
            return  # found in fal's list for one that asked for the same: they are alike
        if not self._heard_first(request_id):
            self._heard_again(request_id)
        ringing = Remix.objects.filter(pk=self.pk, request_id=request_id, leased_until=None)
        ringing.filter(status=Status.PROCESSING).update(due_at=timezone.now())

    def _heard_first(self, request_id: str) -> bool:
        """Heal a remix whose answer did not come, or one that was given up too early."""
        with suppress(InvalidTransition):
            self.accepted(request_id)
            return True
        given_up = Remix.objects.filter(pk=self.pk, status=Status.FAILED, request_id="")
        return bool(given_up.update(request_id=request_id))

    def _heard_again(self, request_id: str) -> None:
        """Keep another id than the one it has: somebody may have been charged twice."""
        with transaction.atomic():
            row = Remix.objects.select_for_update().get(pk=self.pk)
            if request_id in (row.request_id, *row.other_request_ids):
                return
            if twin := row._unconfirmed_twin():
                twin.accepted(request_id)
                return
            row.other_request_ids = [*row.other_request_ids, request_id]
            row.save(update_fields=["other_request_ids"])

    def search_again(self) -> None:
        """Nothing was found in fal's list: look again, after growing pauses."""
        pause = EVIDENCE_AFTER * 2 ** min(self.failures, 5)
        with suppress(InvalidTransition):
            self._move((Status.UNCONFIRMED,), **self._failed_step(timezone.now() + pause))

    def has_twin_being_sent(self) -> bool:
        """Tell whether one that asks for the same is on its way to fal at this moment."""
        return self._alike(Status.SUBMITTING) is not None

    def _unconfirmed_twin(self) -> Remix | None:
        """Return a remix that asked for the same and whose own answer did not come."""
        return self._alike(Status.UNCONFIRMED)

    def _alike(self, status: str) -> Remix | None:
        others = Remix.objects.exclude(pk=self.pk).filter(
            status=status,
            source_id=self.source_id,
            prompt=self.prompt,
            endpoint_id=self.endpoint_id,
            options=self.options,
        )
        return others.first()

    def reopen(self) -> None:
        """Look for its result once more, which is free."""
        if not self.request_id:
            raise InvalidTransition(_("fal never accepted it: there is nothing to collect."))
        self._move(
            (Status.FAILED,),
            status=Status.STORING,
            finished_at=None,
            error_code="",
            error_message="",
            **step(timezone.now()),
        )

    def _end(
        self, status: str, sources: Sequence[str], code: str, message: str | _StrPromise
    ) -> None:
        self._move_mine(
            sources,
            status=status,
            error_code=code[:100],
            error_message=str(message),
            finished_at=timezone.now(),
            **NOT_SEEN,
            **step(timezone.now()),
        )
        if status == Status.FAILED:
            transaction.on_commit(lambda: _tell(remix_failed, self))

    def _move(self, sources: Sequence[str], **changes: Any) -> None:
        """Change the row in one UPDATE that names the states it may leave."""
        self._update(Remix.objects.filter(status__in=sources), changes)

    def _move_mine(self, sources: Sequence[str], **changes: Any) -> None:
        """Change the row only while the caller's claim on it stands."""
        self._update(Remix.objects.filter(status__in=sources, lease=self.lease), changes)

    def _update(self, rows: RemixQuerySet, changes: dict[str, Any]) -> None:
        if not rows.filter(pk=self.pk).update(**changes):
            raise InvalidTransition
        for name, value in changes.items():
            setattr(self, name, value)


def _tell(signal: Signal, remix: Remix) -> None:
    signal.send_robust(sender=Remix, remix=remix)
