"""Which remixes wait for what, and the claims by which workers share them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .status import IN_FLIGHT, UNSETTLED, Status

if TYPE_CHECKING:
    from .remix import Remix

LEASE = timedelta(seconds=30)
"""A worker that renews no claim for so long has lost it."""
HANDED_OVER = timedelta(seconds=60)
"""How long a message to collect may be under way before another one is sent."""


class RemixQuerySet(models.QuerySet["Remix"]):
    def due(self) -> RemixQuerySet:
        """Keep those whose next step may be taken now and on which nobody works."""
        now = timezone.now()
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        return self.filter(free, due_at__lte=now)

    def in_flight(self) -> RemixQuerySet:
        """Keep those that count against `SORA_REMIX_MAX_IN_FLIGHT`."""
        return self.filter(status__in=IN_FLIGHT)

    def unsettled(self) -> RemixQuerySet:
        """Keep those that need a worker still."""
        return self.filter(status__in=UNSETTLED)

    def finished_at_fal(self) -> RemixQuerySet:
        """Keep those whose result waits to be collected, or is being copied."""
        done = Q(status=Status.PROCESSING, completed_at__isnull=False)
        return self.filter(done | Q(status=Status.STORING))

    def to_send(self) -> RemixQuerySet:
        """Keep those that may be sent now."""
        return self.due().filter(status=Status.QUEUED)

    def to_check(self) -> RemixQuerySet:
        """Keep those that fal must be asked about now."""
        return self.due().filter(status=Status.PROCESSING, completed_at__isnull=True)

    def to_search(self, since: datetime) -> list[Remix]:
        """Return unconfirmed remixes, sent since then, for which fal's list is to be read now."""
        lost = self.due().filter(status=Status.UNCONFIRMED, submitted_at__gte=since)
        return list(lost.filter(arguments__isnull=False).order_by("pk"))

    def claim_to_send(self, most: int) -> list[Remix]:
        """Claim queued remixes, oldest first; whoever gets one, and only they, must send it."""
        now = timezone.now()
        return (
            self.to_send().order_by("pk")._claim(most, status=Status.SUBMITTING, submitted_at=now)
        )

    def claim_to_check(self, most: int) -> list[Remix]:
        """Claim remixes that fal must be asked about, longest due first."""
        return self.to_check().order_by("due_at", "pk")._claim(most)

    def claim_to_collect(self, pks: Iterable[int]) -> list[Remix]:
        """Claim those of these remixes whose result waits and that nobody is collecting."""
        now = timezone.now()
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        waiting = self.finished_at_fal().filter(free, pk__in=list(pks)).order_by("pk")
        return waiting._claim(len(waiting))

    def _claim(self, most: int, **changes: Any) -> list[Remix]:
        """Lease rows to the caller by compare-and-set, under a token that nobody else has."""
        pks = list(self.values_list("pk", flat=True)[:most])
        if not pks:
            return []
        lease = uuid.uuid4()
        until = timezone.now() + LEASE
        claimed = self.order_by().filter(pk__in=pks)
        if not claimed.update(lease=lease, leased_until=until, **changes):
            return []
        return list(
            self.model._default_manager.filter(lease=lease).select_related("source").order_by("pk")
        )

    def renew(self, remixes: Iterable[Remix], *, silence: timedelta = timedelta()) -> None:
        """Prolong the leases of remixes that are still being worked on.

        `silence` is how long their worker will not get to renew them again.
        """
        until = timezone.now() + LEASE + silence
        leases = {remix.lease for remix in remixes}
        pks = [remix.pk for remix in remixes]
        self.filter(pk__in=pks, lease__in=leases).update(leased_until=until)

    def hand_over(self, most: int) -> list[int]:
        """Choose finished remixes to send a message for; again only when that one got lost."""
        waiting = self.finished_at_fal().due().order_by("due_at", "pk")
        pks = list(waiting.values_list("pk", flat=True)[:most])
        waiting.order_by().filter(pk__in=pks).update(due_at=timezone.now() + HANDED_OVER)
        return pks

    def awaits_collector(self) -> bool:
        """Tell whether messages to collect are under way that no worker has taken yet."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=timezone.now())
        return self.finished_at_fal().filter(free, failures=0).exists()

    def hold_back(self, due_at: datetime) -> None:
        """Let everything that is not sent yet wait until then."""
        self.filter(status=Status.QUEUED, due_at__lt=due_at).update(due_at=due_at)

    def give_up_lost_sends(self) -> int:
        """Mark as unconfirmed what a worker was sending when it died."""
        lost = self.filter(status=Status.SUBMITTING, leased_until__lt=timezone.now())
        return lost.update(
            status=Status.UNCONFIRMED,
            error_code="",
            error_message=str(_("The worker that was sending it disappeared.")),
            lease=None,
            leased_until=None,
            due_at=timezone.now(),
            failures=0,
            failing_since=None,
        )
