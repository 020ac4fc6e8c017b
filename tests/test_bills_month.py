"""After a month of remixes, the bills add up to the sandbox's own ledger."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db.models import Sum
from django.utils import timezone

from example_project.fal_sandbox import ADMIN_KEY
from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import database
from sora_remix.clock import utc
from sora_remix.endpoints import SORA_2
from sora_remix.engine import bills
from sora_remix.models import BillFlag, Remix
from sora_remix.models.bill import unbilled
from tests.factories import make_video

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
REMIXES = 1000
MONTH = timedelta(days=30)
STEP = timedelta(hours=6)
CENT = Decimal("0.01")
OUTCOMES = (Status.SUCCEEDED,) * 17 + (Status.FAILED, Status.FAILED, Status.CANCELLED)


@dataclass
class Month:
    """The remixes of a month, what fal charges for them, and the time that passes."""

    sandbox: SandboxProcess
    now: datetime
    dice: random.Random = field(default_factory=lambda: random.Random(1129))
    charges: list[dict[str, Any]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """Request ids with an event that fal never lists."""
    kinds: Counter[str] = field(default_factory=Counter)

    def charge(self, request_id: str, at: datetime, units: str, **values: Any) -> None:
        self.charges.append(
            {
                "request_id": request_id,
                "endpoint_id": SORA_2.endpoint_id,
                "at": utc(at).isoformat(),
                "units": units,
                "unit_price": "0.1",
                **values,
            }
        )

    def bill(self, remix: Remix) -> None:
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
        self.charge(remix.request_id, at, units if kind != "excessive" else "9.5", **values)
        if kind == "credited":
            self.charge(remix.request_id, soon, f"-{units}")
        if kind == "charged twice":
            self.charge(remix.request_id, soon, units)
        if remix.other_request_ids:
            self.charge(remix.other_request_ids[0], at, units)


USUAL = ("plain",) * 12 + ("discounted", "late", "late", "listed twice", "credited")
CHARGED_KINDS: dict[str, tuple[str, ...]] = {
    Status.SUCCEEDED: (*USUAL, *USUAL, "lost", "charged twice", "excessive"),
    Status.FAILED: ("free", "free", "plain", "credited"),
    Status.CANCELLED: ("free", "free", "plain"),
}


@pytest.fixture
def month(
    sandbox: SandboxProcess, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Month]:
    """A month that ends 16 days ago, so that all bills are known today."""
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url
    settings.SORA_REMIX_FAL_ADMIN_KEY = ADMIN_KEY
    cache.clear()
    month = Month(sandbox, timezone.now() - MONTH - timedelta(days=16))
    monkeypatch.setattr(timezone, "now", lambda: month.now)
    yield month
    cache.clear()


def _make_remixes(month: Month) -> None:
    """Store remixes that finished at any time of the month, each hundredth with a second id."""
    start, source = month.now, make_video()
    made = []
    for number in range(REMIXES):
        month.now = start + MONTH * (number / REMIXES)
        remix = Remix(
            source=source,
            prompt="noir",
            endpoint=SORA_2.key,
            endpoint_id=SORA_2.endpoint_id,
            status=month.dice.choice(OUTCOMES),
            request_id=f"request-{number}",
            other_request_ids=[f"request-{number}-again"] if number % 100 == 0 else [],
            estimated_cost=Decimal("0.4"),
            submitted_at=month.now - timedelta(minutes=5),
            finished_at=month.now,
            **unbilled(),
        )
        month.bill(remix)
        made.append(remix)
    month.now = start
    Remix.objects.bulk_create(made, batch_size=database.ROWS_PER_QUERY)
    month.sandbox.charge(month.charges)


def _let_time_pass(month: Month) -> None:
    """Sweep a few times a day until no bill is due any more."""
    end = month.now + MONTH + timedelta(days=16)
    while month.now < end and Remix.objects.filter(bill_due_at__isnull=False).exists():
        month.now += STEP
        month.sandbox.set_clock(utc(month.now))
        bills.read_bills()


def _check_sums(month: Month) -> None:
    """Compare the bills with the ledger: in all, and of each remix."""
    ledger = month.sandbox.ledger()
    charged = {one: sum(map(Decimal, all_), Decimal(0)) for one, all_ in ledger["charges"].items()}
    billed = Remix.objects.aggregate(sum=Sum("billed_cost"))["sum"]
    lost = sum((charged[one] for one in month.lost), Decimal(0))
    assert billed > 100
    assert billed.quantize(CENT) == Decimal(ledger["listed"]).quantize(CENT)
    assert (billed + lost).quantize(CENT) == Decimal(ledger["total"]).quantize(CENT)
    for remix in Remix.objects.all():
        listed = [one for one in remix.request_ids if one in charged and one not in month.lost]
        expected = sum((charged[one] for one in listed), Decimal(0))
        assert (remix.billed_cost is None) is not bool(listed)
        assert abs((remix.billed_cost or 0) - expected) < Decimal("0.000001")


def _check_flags(month: Month) -> None:
    flags = Counter(Remix.objects.exclude(bill_flag="").values_list("bill_flag", flat=True))
    failed = Remix.objects.filter(status__in=(Status.FAILED, Status.CANCELLED), billed_cost__gt=0)
    assert min(month.kinds[one] for one in ("charged twice", "excessive", "lost", "late")) > 5
    assert flags[BillFlag.EXCESSIVE] >= month.kinds["excessive"] - REMIXES // 100
    assert flags[BillFlag.REPEATED] >= month.kinds["charged twice"]
    assert failed.exclude(bill_flag="").count() == failed.count() > 10


def test_bills_of_a_month_add_up_to_the_ledger(month: Month) -> None:
    _make_remixes(month)

    _let_time_pass(month)

    assert not Remix.objects.filter(bill_due_at__isnull=False).exists()
    _check_sums(month)
    _check_flags(month)
