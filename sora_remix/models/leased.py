"""Leases: the columns and queries by which workers share rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LEASE = timedelta(seconds=30)
"""How long a lease lasts unless its worker renews it."""
MESSAGE_LIFETIME = timedelta(seconds=60)
"""How long a message about a row may wait before another one is sent."""

Row = TypeVar("Row", bound="Leased", covariant=True)


class LeasedQuerySet(models.QuerySet[Row]):
    needed: ClassVar[tuple[str, ...]] = ()
    """Relations to read with each claimed row."""

    def free(self) -> Self:
        """Keep rows that no worker holds."""
        return self.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=timezone.now()))

    def due(self) -> Self:
        """Keep rows whose next step is due and that no worker holds."""
        return self.free().filter(due_at__lte=timezone.now())

    def _lost(self) -> list[Row]:
        """Return rows whose lease ran out while a worker held them."""
        lost = self.filter(lease__isnull=False, leased_until__lte=timezone.now())
        return list(lost.order_by("pk"))

    def _claim(self, most: int, **changes: Any) -> list[Row]:
        """Lease up to `most` rows to the caller by compare-and-set, under a new token."""
        pks = list(self.values_list("pk", flat=True)[:most])
        if not pks:
            return []
        lease = uuid.uuid4()
        until = timezone.now() + LEASE
        claimed = self.order_by().filter(pk__in=pks)
        if not claimed.update(lease=lease, leased_until=until, **changes):
            return []
        rows = self.model._default_manager.filter(lease=lease).order_by("pk")
        return list(rows.select_related(*self.needed) if self.needed else rows)

    def _hand_over(self, most: int) -> list[int]:
        """Choose due rows to send a message for; again only if that message was lost."""
        pks = list(self.due().order_by("due_at", "pk").values_list("pk", flat=True)[:most])
        self.due().order_by().filter(pk__in=pks).update(due_at=timezone.now() + MESSAGE_LIFETIME)
        return pks

    def recall(self) -> None:
        """Hand these over once more unless a worker holds them or they have failed."""
        self.free().filter(failures=0).update(due_at=timezone.now())


class Leased(models.Model):
    """The worker that holds a row, the time of its next step, and its failures so far."""

    due_at = models.DateTimeField(default=timezone.now, editable=False)
    """When the next step may start."""
    lease = models.UUIDField(null=True, editable=False, db_index=True)
    """Token of the claim under which a worker holds the row."""
    leased_until = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    """How many times in a row the current step failed."""
    failing_since = models.DateTimeField(_("no answer since"), null=True, editable=False)

    class Meta:
        abstract = True

    def _failed_until(self, due_at: datetime) -> dict[str, Any]:
        """Return the columns that release a row whose step failed and is due again then."""
        return {
            **released_until(due_at),
            "failures": self.failures + 1,
            "failing_since": self.failing_since or timezone.now(),
        }


def released_until(due_at: datetime) -> dict[str, Any]:
    """Return the columns that release a row, after a step that succeeded, until its next one."""
    return {
        "due_at": due_at,
        "lease": None,
        "leased_until": None,
        "failures": 0,
        "failing_since": None,
    }


def renew_leases(rows: Iterable[Leased], *, silence: timedelta = timedelta()) -> None:
    """Extend the leases that a worker holds on these rows.

    `silence` is how long the worker will be unable to renew them again.
    """
    rows = list(rows)
    pks, leases = [row.pk for row in rows], {row.lease for row in rows}
    for model in {type(row) for row in rows}:
        mine = model._default_manager.filter(pk__in=pks, lease__in=leases)
        mine.update(leased_until=timezone.now() + LEASE + silence)
