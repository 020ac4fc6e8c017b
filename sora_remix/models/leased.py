"""Rows that workers share: each is due at some time, and leased by who works on it."""

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
"""A worker that renews no claim for so long has lost it."""
HANDED_OVER = timedelta(seconds=60)
"""How long a message about a row may be under way before another one is sent."""

Row = TypeVar("Row", bound="Leased", covariant=True)


class LeasedQuerySet(models.QuerySet[Row]):
    needed: ClassVar[tuple[str, ...]] = ()
    """Relations that are read with each claimed row."""

    def free(self) -> Self:
        """Keep those on which nobody works."""
        return self.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=timezone.now()))

    def due(self) -> Self:
        """Keep those whose next step may be taken now and on which nobody works."""
        return self.free().filter(due_at__lte=timezone.now())

    def _lost(self) -> list[Row]:
        """Return those whose worker no longer renews its lease."""
        lost = self.filter(lease__isnull=False, leased_until__lte=timezone.now())
        return list(lost.order_by("pk"))

    def _claim(self, most: int, **changes: Any) -> list[Row]:
        """Lease rows to the caller by compare-and-set, under a token that nobody else has."""
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
        """Choose due rows to send a message for; again only when that one got lost."""
        pks = list(self.due().order_by("due_at", "pk").values_list("pk", flat=True)[:most])
        self.due().order_by().filter(pk__in=pks).update(due_at=timezone.now() + HANDED_OVER)
        return pks


class Leased(models.Model):
    """Who works on a row, when its next step is due, and how often that did not come off."""

    due_at = models.DateTimeField(default=timezone.now, editable=False)
    """When the next step may be taken."""
    lease = models.UUIDField(null=True, editable=False, db_index=True)
    """Token of the claim under which a worker holds the row."""
    leased_until = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    """How many times in a row the present step did not come off."""
    failing_since = models.DateTimeField(_("no answer since"), null=True, editable=False)

    class Meta:
        abstract = True

    def _failed_step(self, due_at: datetime) -> dict[str, Any]:
        """Return the columns of a row whose step did not come off and is due again then."""
        return {
            **step(due_at),
            "failures": self.failures + 1,
            "failing_since": self.failing_since or timezone.now(),
        }


def step(due_at: datetime) -> dict[str, Any]:
    """Return the columns of a row whose next step is due then, after one that came off."""
    return {
        "due_at": due_at,
        "lease": None,
        "leased_until": None,
        "failures": 0,
        "failing_since": None,
    }


def renew(rows: Iterable[Leased], *, silence: timedelta = timedelta()) -> None:
    """Prolong the leases of rows of one table that are still being worked on.

    `silence` is how long their worker will not get to renew them again.
    """
    rows = list(rows)
    pks, leases = [row.pk for row in rows], {row.lease for row in rows}
    for model in {type(row) for row in rows}:
        mine = model._default_manager.filter(pk__in=pks, lease__in=leases)
        mine.update(leased_until=timezone.now() + LEASE + silence)
