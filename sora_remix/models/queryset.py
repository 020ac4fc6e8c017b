"""Which remixes wait for what, and the claims by which workers share them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connections
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import atomic
from .event import RemixEvent
from .leased import LeasedQuerySet, step
from .status import IN_FLIGHT, UNSETTLED, Status

if TYPE_CHECKING:
    from .remix import Remix

AT_ONCE = 500
"""Rows that one query is about."""
UNREADY_FOR = timedelta(seconds=30)
"""When files on their way to fal are looked for again, should nobody say that they are there."""


class RemixQuerySet(LeasedQuerySet["Remix"]):
    needed = ("source",)

    def create_all(self, remixes: Sequence[Remix]) -> None:
        """Write new rows, in their order, and give each its primary key.

        MySQL returns no keys of the rows of one INSERT: ours tell them.
        """
        self.bulk_create(remixes, batch_size=AT_ONCE)
        if connections[self.db].features.can_return_rows_from_bulk_insert:
            return
        for start in range(0, len(remixes), AT_ONCE):
            part = {remix.key: remix for remix in remixes[start : start + AT_ONCE]}
            for key, pk in self.filter(key__in=part).values_list("key", "pk"):
                part[key].pk = pk

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
        return self.due().filter(status=Status.QUEUED, is_ready=True)

    def send_now(self) -> None:
        """Let those be sent at once that were put off to a later time."""
        later = self.filter(status=Status.QUEUED, is_ready=True, due_at__gt=timezone.now())
        later.update(due_at=timezone.now())

    def to_prepare(self, most: int) -> list[Remix]:
        """Return queued remixes whose files fal may have by now, oldest first."""
        waiting = self.due().filter(status=Status.QUEUED, is_ready=False).order_by("pk")
        return list(waiting.select_related("source")[:most])

    def prepared(self, pks: Iterable[int]) -> None:
        """Let these be sent: fal has their files."""
        unready = self.filter(pk__in=list(pks), status=Status.QUEUED, is_ready=False)
        unready.update(is_ready=True, due_at=timezone.now())

    def unprepared(self, pks: Iterable[int]) -> None:
        """Look for the files of these again later."""
        unready = self.filter(pk__in=list(pks), status=Status.QUEUED, is_ready=False)
        unready.update(due_at=timezone.now() + UNREADY_FOR)

    def files_moved(self) -> None:
        """Look again, now, for the files of all that wait for some."""
        self.filter(status=Status.QUEUED, is_ready=False).update(due_at=timezone.now())

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
        waiting = self.finished_at_fal().free().filter(pk__in=list(pks)).order_by("pk")
        return waiting._claim(len(waiting))

    def hand_over(self, most: int) -> list[int]:
        """Choose finished remixes to send a message for; again only when that one got lost."""
        return self.finished_at_fal()._hand_over(most)

    def held_by_lost_collectors(self) -> list[Remix]:
        """Return those that a worker was asking about or collecting when it was lost."""
        return self.filter(status__in=(Status.PROCESSING, Status.STORING))._lost()

    def awaits_collector(self) -> bool:
        """Tell whether messages to collect are under way that no worker has taken yet."""
        return self.finished_at_fal().free().filter(failures=0).exists()

    def unbilled(self, since: datetime, most: int) -> list[Remix]:
        """Return remixes, over since then, of which fal has counted units that nobody priced."""
        counted = self.filter(billable_units__isnull=False, billed_cost__isnull=True)
        return list(counted.filter(finished_at__gte=since).order_by("pk")[:most])

    @atomic()
    def give_up_lost_sends(self) -> int:
        """Mark as unconfirmed what a worker was sending when it died."""
        now = timezone.now()
        lost = self.filter(status=Status.SUBMITTING, leased_until__lt=now)
        many = lost.update(
            status=Status.UNCONFIRMED,
            error_code="",
            error_message=str(_("The worker that was sending it stopped.")),
            **step(now),
        )
        if many:  # known by the moment that the UPDATE gave them
            marked = self.filter(status=Status.UNCONFIRMED, due_at=now)
            kind = RemixEvent.Kind.UNCONFIRMED
            events = (RemixEvent.of(pk, kind) for pk in marked.values_list("pk", flat=True))
            RemixEvent.objects.bulk_create(events, batch_size=AT_ONCE)
        return many
