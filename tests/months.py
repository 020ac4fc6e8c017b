"""A month of remixes by many people, and what fal charges for them in the sandbox's ledger.

Who requested what and when is written down here as well, so that sums need none of the app's rows.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Self

from django.contrib.auth.models import Group
from django.utils import timezone

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import database
from sora_remix.clock import utc
from sora_remix.endpoints import get_endpoint
from sora_remix.engine import bills
from sora_remix.models import Remix, RemixBatch, Video
from sora_remix.models.bill import unbilled
from tests.factories import make_video, moment
from tests.users import User

Status = Remix.Status
REMIXES, VIDEOS, BATCHES, PEOPLE = 1000, 450, 30, 9
START = (2026, 3, 5)
"""At midnight. The days of the month are 23 hours long on the 29th in Berlin."""
ZONE = "Europe/Berlin"
MONTH = timedelta(days=30)
WAITED = timedelta(days=16)
"""After so long, all bills are known."""
STEP = timedelta(hours=6)
ESTIMATE = Decimal("0.4")
OUTCOMES = (Status.SUCCEEDED,) * 17 + (Status.FAILED, Status.FAILED, Status.CANCELLED)
MODELS = ("sora-2", "flux-3", "grok")
GROUPS: dict[int, tuple[str, ...]] = {0: ("Film", "News"), 1: ("News",), 2: ("Film", "Web", "News")}
"""The names of the groups of people, by the rest of their number divided by four."""
GONE = 5
"""This person is deleted in the end."""
USUAL = ("plain",) * 12 + ("discounted", "late", "late", "listed twice", "credited")
CHARGED_KINDS: dict[str, tuple[str, ...]] = {
    Status.SUCCEEDED: (*USUAL, *USUAL, "lost", "charged twice", "excessive"),
    Status.FAILED: ("free", "free", "plain", "credited"),
    Status.CANCELLED: ("free", "free", "plain"),
}


class MonthClock(datetime):
    """Tells the time of the month to code that asks for it in UTC."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Return what `timezone.now()` says."""
        now = utc(timezone.now()).astimezone(tz or UTC)
        return cls.combine(now.date(), now.timetz())


@dataclass(frozen=True)
class PlannedRemix:
    """Who requested what and when, and under which ids fal has it."""

    ids: tuple[str, ...]
    day: datetime
    """When, on the clock of the site."""
    person: str
    groups: tuple[str, ...]
    model: str
    batch: str
    video: str
    status: str

    def labels(self, grouping: str) -> tuple[str, ...]:
        """Return the labels of the rows that it counts in on the page about spend."""
        monday = self.day - timedelta(days=self.day.weekday())
        return {
            "day": (f"{self.day:%B} {self.day.day}, {self.day.year}",),
            "week": (f"Week of {monday:%B} {monday.day}, {monday.year}",),
            "month": (f"{self.day:%B} {self.day.year}",),
            "person": (self.person,),
            "group": self.groups or ("In no group",),
            "model": (self.model,),
            "batch": (self.batch,),
            "video": (self.video,),
        }[grouping]


@dataclass
class LedgerSums:
    """What the ledger has charged for some remixes, as far as fal ever lists it."""

    remixes: int = 0
    billed_count: int = 0
    billed: Decimal = Decimal(0)
    best: Decimal = Decimal(0)
    """With the estimate of those that fal never lists."""
    failed: Decimal = Decimal(0)


@dataclass
class Month:
    """The remixes of a month, what fal charges for them, and the time that passes."""

    sandbox: SandboxProcess
    now: datetime = field(default_factory=lambda: moment(*START))
    dice: random.Random = field(default_factory=lambda: random.Random(1129))
    charges: list[dict[str, Any]] = field(default_factory=list)
    planned: list[PlannedRemix] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """Request ids with an event that fal never lists."""
    kinds: Counter[str] = field(default_factory=Counter)

    def make_remixes(self) -> None:
        """Store remixes that were requested at any time, each hundredth with a second id.

        Some are requested in the last second of a day, and some in the first.
        """
        start, rows = self.now, _Rows()
        made: list[Remix] = []
        for number in range(REMIXES):
            self.now = _later(start, MONTH * (number / REMIXES) - timedelta(seconds=number % 2))
            made.append(self._make(number, rows))
        self.now = start
        times = [remix.created_at for remix in made]
        Remix.objects.bulk_create(made, batch_size=database.ROWS_PER_QUERY)
        for remix, time in zip(made, times, strict=True):
            remix.created_at = time  # it was set to the present time
        Remix.objects.bulk_update(made, ["created_at"], batch_size=100)
        rows.people[GONE].delete()
        self.sandbox.charge(self.charges)

    def let_time_pass(self) -> None:
        """Read bills a few times a day until none is due any more."""
        end = self.now + MONTH + WAITED
        while self.now < end and Remix.objects.filter(bill_due_at__isnull=False).exists():
            self.now += STEP
            self.sandbox.set_clock(utc(self.now))
            bills.read_bills()

    def charged(self) -> dict[str, Decimal]:
        """Return what the ledger has charged by request id."""
        found = self.sandbox.ledger()["charges"]
        return {one: sum(map(Decimal, all_), Decimal(0)) for one, all_ in found.items()}

    def sums(self, grouping: str) -> dict[str, LedgerSums]:
        """Add up the ledger by the labels of a grouping; "Total" counts each remix once."""
        charged, found = self.charged(), dict[str, LedgerSums]()
        for planned in self.planned:
            listed = [one for one in planned.ids if one in charged and one not in self.lost]
            amount = sum((charged[one] for one in listed), Decimal(0))
            is_lost = not listed and planned.status == Status.SUCCEEDED
            for label in (*planned.labels(grouping), "Total"):
                sums = found.setdefault(label, LedgerSums())
                sums.remixes += 1
                sums.billed_count += bool(listed)
                sums.billed += amount
                sums.best += ESTIMATE if is_lost else amount
                sums.failed += amount if planned.status == Status.FAILED else 0
        return found

    def _make(self, number: int, rows: _Rows) -> Remix:
        person, status = self.dice.randrange(-1, PEOPLE), self.dice.choice(OUTCOMES)
        batch, source = self.dice.choice([None, *rows.batches]), self.dice.choice(rows.videos)
        ids = (f"request-{number}", *([f"request-{number}-again"] if number % 100 == 0 else []))
        remix = Remix(
            source=source,
            prompt="noir",
            endpoint=self.dice.choice(MODELS),
            batch=batch,
            requested_by_id=None if person < 0 else rows.people[person].pk,
            status=status,
            error_code="internal_error" if status == Status.FAILED else "",
            request_id=ids[0],
            other_request_ids=list(ids[1:]),
            estimated_cost=ESTIMATE,
            created_at=self.now,
            submitted_at=self.now,
            finished_at=self.now + timedelta(minutes=5),
            **unbilled(),
        )
        remix.endpoint_id = get_endpoint(remix.endpoint).endpoint_id
        self._bill(remix)
        has_left = person in (-1, GONE)
        planned = PlannedRemix(
            ids=ids,
            day=_on_the_clock(self.now),
            person="Nobody" if has_left else f"person-{person}",
            groups=() if has_left else GROUPS.get(person % 4, ()),
            model=str(get_endpoint(remix.endpoint)),
            batch=batch.name if batch else "No batch",
            video=source.title,
            status=status,
        )
        self.planned.append(planned)
        return remix

    def _bill(self, remix: Remix) -> None:
        """Charge a remix as fal does, which is not always as one expects."""
        assert remix.finished_at
        at, units = remix.finished_at, str(round(self.dice.uniform(3, 5), 6))
        kind = self.dice.choice(CHARGED_KINDS[remix.status])
        self.kinds[kind] += 1
        soon = utc(at + timedelta(days=self.dice.uniform(0, 2)))
        if kind == "free":
            return
        values: dict[str, Any] = {"copies": 2} if kind == "listed twice" else {}
        if kind == "discounted":
            values["percent_discount"] = "12.5"
        if kind == "late":
            values["listed_at"] = utc(at + timedelta(days=self.dice.uniform(0.1, 12))).isoformat()
        if kind == "lost":
            values["listed_at"] = None
            self.lost.add(remix.request_id)
        self._charge(remix, 0, at, units if kind != "excessive" else "9.5", **values)
        if kind == "credited":
            self._charge(remix, 0, soon, f"-{units}")
        if kind == "charged twice":
            self._charge(remix, 0, soon, units)
        if remix.other_request_ids:
            self._charge(remix, 1, at, units)

    def _charge(self, remix: Remix, which: int, at: datetime, units: str, **values: Any) -> None:
        self.charges.append(
            {
                "request_id": remix.request_ids[which],
                "endpoint_id": remix.endpoint_id,
                "at": utc(at).isoformat(),
                "units": units,
                "unit_price": "0.1",
                **values,
            }
        )


class _Rows:
    """Videos, batches and people, some of whom are in several groups."""

    def __init__(self) -> None:
        self.videos: list[Video] = [make_video(title=f"Film {one}") for one in range(VIDEOS)]
        self.batches = [RemixBatch.objects.create(name=f"Batch {one}") for one in range(BATCHES)]
        names = sorted({name for names in GROUPS.values() for name in names})
        groups = {name: Group.objects.create(name=name) for name in names}
        self.people = [User.objects.create_user(f"person-{one}") for one in range(PEOPLE)]
        for number, person in enumerate(self.people):
            person.groups.set([groups[name] for name in GROUPS.get(number % 4, ())])


def _later(start: datetime, length: timedelta) -> datetime:
    """Add what a clock that is never changed would show, so that midnights stay midnights."""
    if timezone.is_naive(start):
        return start + length
    return timezone.make_aware(timezone.make_naive(start) + length).astimezone(UTC)


def _on_the_clock(time: datetime) -> datetime:
    return time if timezone.is_naive(time) else time.astimezone(timezone.get_default_timezone())


def pass_a_month(sandbox: SandboxProcess, patch: Any) -> Iterator[Month]:
    """Yield a month whose time is that of the app until the end."""
    month = Month(sandbox)
    patch.setattr(timezone, "now", lambda: month.now)
    patch.setattr("sora_remix.fal.billing.datetime", MonthClock)
    yield month
