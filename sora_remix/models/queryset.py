"""Queries for remixes by what they wait for, and the claims by which workers share them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self, TypeVar

from django.db import connections
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import ROWS_PER_QUERY, atomic, insert, key_parts
from ..exceptions import InvalidTransition
from .columns import RemixColumns, completed_now
from .event import RemixEvent
from .fitted_clip import FittedClip
from .leased import LeasedQuerySet, released_until
from .status import IN_FLIGHT, UNSETTLED, Status

Row = TypeVar("Row", bound=RemixColumns, covariant=True)
BILL_CLAIM = timedelta(minutes=10)
"""How long no other worker reads the bill of a remix."""
LATEST = 200
"""Finished remixes whose times tell how long fal usually takes."""
LEAST_KNOWN = 3
"""Fewer results of an endpoint tell nothing."""
PACKET = 12 * 1024 * 1024
"""Bytes of prompts in one query: MariaDB's usual `max_allowed_packet` is 16 MiB."""
BYTES_PER_CHARACTER = 4
RECHECK_FILES_AFTER = timedelta(seconds=30)
"""How long to wait for files before checking again, unless an upload ends first."""


class RemixQuerySet(LeasedQuerySet[Row]):
    needed = ("source", "clip")

    def create_all(self, remixes: Sequence[Row]) -> None:
        """Insert new rows in this order, and set the primary key of each.

        MySQL returns no primary keys for a multi-row INSERT: they are read by `key`.
        """
        insert(self, remixes, at_once=min(ROWS_PER_QUERY, _most_in_packet(remixes)))
        if connections[self.db].features.can_return_rows_from_bulk_insert:
            return
        new = {remix.key: remix for remix in remixes}
        for part in key_parts([*new]):
            for key, pk in self.filter(key__in=part).values_list("key", "pk"):
                new[key].pk = pk

    def in_flight(self) -> Self:
        """Keep remixes that count against `SORA_REMIX_MAX_IN_FLIGHT`."""
        return self.filter(status__in=IN_FLIGHT)

    def unsettled(self) -> Self:
        """Keep remixes that still need a worker."""
        return self.filter(status__in=UNSETTLED)

    def finished_at_fal(self) -> Self:
        """Keep remixes whose result can be collected or is being copied."""
        done = Q(status=Status.PROCESSING, completed_at__isnull=False)
        return self.filter(done | Q(status=Status.STORING))

    def to_send(self) -> Self:
        """Keep remixes that may be sent now."""
        return self.due().filter(status=Status.QUEUED, is_ready=True)

    def send_now(self) -> None:
        """Make postponed remixes due now."""
        later = self.filter(status=Status.QUEUED, is_ready=True, due_at__gt=timezone.now())
        later.update(due_at=timezone.now())

    def to_prepare(self, most: int) -> list[Row]:
        """Return queued remixes whose files are due for a check, oldest first."""
        waiting = self.due().filter(status=Status.QUEUED, is_ready=False).order_by("pk")
        return list(waiting.select_related("source", "clip")[:most])

    def mark_ready(self, pks: Iterable[int]) -> None:
        """Let these be sent, because fal has their files."""
        unready = self.filter(pk__in=list(pks), status=Status.QUEUED, is_ready=False)
        unready.update(is_ready=True, due_at=timezone.now())

    def recheck_files_later(self, pks: Iterable[int], *, read_at: datetime) -> None:
        """Check the files of these again later, unless a file has arrived since they were read."""
        unready = self.filter(pk__in=list(pks), status=Status.QUEUED, is_ready=False)
        unready = unready.filter(due_at__lte=read_at)
        unready.update(due_at=timezone.now() + RECHECK_FILES_AFTER)

    def recheck_files_now(self) -> None:
        """Check the files of all that wait for files now."""
        self.filter(status=Status.QUEUED, is_ready=False).update(due_at=timezone.now())

    def set_clip(self, remix: RemixColumns, clip: FittedClip) -> None:
        """Let a queued remix wait for this clip, after the one before was deleted."""
        queued = self.filter(pk=remix.pk, status=Status.QUEUED, clip=None)
        queued.update(clip=clip)

    def to_check(self) -> Self:
        """Keep remixes whose status at fal is due for a check."""
        return self.due().filter(status=Status.PROCESSING, completed_at__isnull=True)

    def to_search(self, since: datetime) -> list[Row]:
        """Return unconfirmed remixes, sent since then, that are due for a search of fal's list."""
        lost = self.due().filter(status=Status.UNCONFIRMED, submitted_at__gte=since)
        return list(lost.filter(arguments__isnull=False).order_by("pk"))

    def claim_to_send(self, most: int) -> list[Row]:
        """Claim queued remixes, oldest first; only the caller may send them, and must."""
        now = timezone.now()
        return (
            self.to_send().order_by("pk")._claim(most, status=Status.SUBMITTING, submitted_at=now)
        )

    def claim_to_check(self, most: int) -> list[Row]:
        """Claim remixes to check at fal, longest due first."""
        return self.to_check().order_by("due_at", "pk")._claim(most)

    def cancel_now(self) -> None:
        """Make those due that fal was not asked to stop yet, even if a worker has put them off.

        The wish may have come while the worker waited for an answer of fal.
        """
        wished = self.filter(cancel_requested_at__isnull=False, cancel_asked_at=None, failures=0)
        running = wished.free().filter(status=Status.PROCESSING, completed_at=None)
        now = timezone.now()
        running.filter(due_at__gt=now).update(due_at=now)

    def check_again(self, remixes: Sequence[Row], due_at: datetime, **progress: Any) -> None:
        """Ask fal again then about those of these remixes that their worker still holds.

        Together, they were claimed under one lease.
        """
        mine = self.filter(pk__in=[remix.pk for remix in remixes], lease=remixes[0].lease)
        mine = mine.filter(status__in=(Status.PROCESSING, Status.STORING))
        mine.update(error_message="", **progress, **released_until(due_at))

    def start_storing(self, remixes: Sequence[Row], billable_units: Decimal | None) -> bool:
        """Start to store the usable results of these, claimed under one lease.

        Return whether their worker still holds all of them.
        """
        changes = {"status": Status.STORING, "billable_units": billable_units}
        mine = self.filter(pk__in=[remix.pk for remix in remixes], lease=remixes[0].lease)
        mine = mine.filter(status__in=(Status.PROCESSING, Status.STORING))
        if mine.update(**changes) != len(remixes):
            return False
        for remix in remixes:
            for name, value in changes.items():
                setattr(remix, name, value)
        return True

    def complete(self, remixes: Sequence[Row]) -> None:
        """Record that fal has finished these, claimed under one lease, in the caller's transaction.

        Raise `InvalidTransition` if their worker no longer holds all of them.
        """
        mine = self.filter(pk__in=[remix.pk for remix in remixes], lease=remixes[0].lease)
        if mine.filter(status=Status.PROCESSING).update(**completed_now()) != len(remixes):
            raise InvalidTransition
        kind = RemixEvent.Kind.FINISHED
        insert(RemixEvent.objects.all(), (RemixEvent.of(remix.pk, kind) for remix in remixes))

    def claim_to_collect(self, pks: Iterable[int]) -> list[Row]:
        """Claim those of these remixes whose result can be collected and that nobody collects."""
        waiting = self.finished_at_fal().free().filter(pk__in=list(pks)).order_by("pk")
        return waiting._claim(len(waiting))

    def hand_over(self, most: int) -> list[int]:
        """Choose finished remixes to send a message for; again only if that message was lost."""
        return self.finished_at_fal()._hand_over(most)

    def held_by_lost_workers(self) -> list[Row]:
        """Return remixes whose worker stopped while it was checking or collecting them."""
        return self.filter(status__in=(Status.PROCESSING, Status.STORING))._lost()

    def awaits_collector(self) -> bool:
        """Return whether messages to collect are waiting for a worker."""
        return self.finished_at_fal().free().filter(failures=0).exists()

    def usual_seconds(self) -> dict[str, float]:
        """Return by endpoint how long fal takes at least, as a rule, by the latest results."""
        # The status is not part of the query: SQLite would sort all rows that have it.
        done = self.filter(submitted_at__lt=F("completed_at")).order_by("-pk")
        columns = ("status", "endpoint", "submitted_at", "completed_at")
        found = defaultdict(list)
        for status, endpoint, start, end in done.values_list(*columns)[:LATEST]:
            if status == Status.SUCCEEDED:
                found[endpoint].append((end - start).total_seconds())
        return {
            endpoint: sorted(seconds)[len(seconds) // 10]
            for endpoint, seconds in found.items()
            if len(seconds) >= LEAST_KNOWN
        }

    def uncalculated(self, since: datetime, most: int) -> list[Row]:
        """Return remixes finished since then whose cost can be calculated from fal's units."""
        counted = self.filter(billable_units__isnull=False, calculated_cost__isnull=True)
        return list(counted.filter(finished_at__gte=since).order_by("pk")[:most])

    def claim_to_bill(self, most: int) -> list[Row]:
        """Claim remixes whose bill is due, newest first, by the time that the UPDATE gives them."""
        now = timezone.now()
        due = self.filter(bill_due_at__lte=now)
        pks = list(due.order_by("-pk").values_list("pk", flat=True)[:most])
        claim = now + BILL_CLAIM
        if not pks or not due.order_by().filter(pk__in=pks).update(bill_due_at=claim):
            return []
        return list(self.filter(pk__in=pks, bill_due_at=claim))

    @atomic()
    def give_up_lost_sends(self) -> int:
        """Mark remixes as unconfirmed whose worker stopped while it was sending them."""
        now = timezone.now()
        lost = self.filter(status=Status.SUBMITTING, leased_until__lt=now)
        many = lost.update(
            status=Status.UNCONFIRMED,
            error_code="",
            error_message=str(_("The worker that was sending it stopped.")),
            **released_until(now),
        )
        if many:  # recognised by the time that the UPDATE gave them
            marked = self.filter(status=Status.UNCONFIRMED, due_at=now)
            kind = RemixEvent.Kind.UNCONFIRMED
            events = (RemixEvent.of(pk, kind) for pk in marked.values_list("pk", flat=True))
            insert(RemixEvent.objects.all(), events)
        return many


def _most_in_packet(remixes: Iterable[RemixColumns]) -> int:
    """Return how many of these rows MySQL takes at once, however long their prompts are."""
    longest = max((len(one.prompt) + len(one.prompt_template) for one in remixes), default=0)
    return max(1, PACKET // max(1, BYTES_PER_CHARACTER * longest))
