"""fal's bills reach their remixes, and what was not expected is reported."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DataError
from django.db.models import QuerySet
from django.utils import timezone

from sora_remix import engine, fal
from sora_remix.clock import utc
from sora_remix.engine import bills
from sora_remix.exceptions import TryLater
from sora_remix.models import AccountBalance, BillFlag, Remix, RemixEvent, reconciliation
from tests.factories import ago, at_once, make_remix

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
Amounts = tuple[str, ...] | None
HOUR = timedelta(hours=1)


class Ledger(dict[str, Amounts]):
    """What fal lists; it records the requests."""

    asked: list[tuple[list[str], datetime]]
    error: Exception | None = None

    async def __call__(self, ids: Iterable[str], since: datetime) -> dict[str, Any]:
        self.asked.append((list(ids), since))
        if self.error:
            raise self.error
        found = {one: self[one] for one in self.asked[-1][0] if one in self}
        return {one: all_ and tuple(map(Decimal, all_)) for one, all_ in found.items()}


@pytest.fixture(autouse=True)
def ledger(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Ledger]:
    settings.SORA_REMIX_FAL_ADMIN_KEY = "an-admin-key"
    ledger = Ledger()
    ledger.asked = []
    monkeypatch.setattr(fal, "charges", ledger)
    cache.clear()
    yield ledger
    cache.clear()


class Balances:
    """The balance that fal says; it counts the requests."""

    asked = 0
    error: Exception | None = None

    async def __call__(self) -> fal.Balance:
        self.asked += 1
        if self.error:
            raise self.error
        return fal.Balance(Decimal("12.3456789"), "USD")


@pytest.fixture
def balances(monkeypatch: pytest.MonkeyPatch) -> Balances:
    balances = Balances()
    monkeypatch.setattr(fal, "balance", balances)
    return balances


def due(request_id: str = "a", **values: Any) -> Remix:
    values = {"status": Status.SUCCEEDED, "finished_at": ago(), "bill_due_at": ago(), **values}
    return make_remix(request_id=request_id, **values)


def read(remix: Remix | None = None) -> Remix:
    """Read the bills that are due, or that of this remix whenever it is due."""
    if remix:
        Remix.objects.filter(pk=remix.pk).update(bill_due_at=ago())
    bills.read_bills()
    return Remix.objects.earliest("pk")


def pause(remix: Remix) -> timedelta | None:
    """Return how long it is until the bill is due again, in full hours or minutes."""
    if remix.bill_due_at is None:
        return None
    minutes = round((remix.bill_due_at - timezone.now()).total_seconds() / 60)
    return timedelta(minutes=minutes)


def test_bill_is_set(ledger: Ledger) -> None:
    ledger["a"] = ("0.4000004",)
    due()

    remix = read()

    assert (remix.billed_cost, remix.bill_flag) == (Decimal("0.4"), "")
    assert remix.billed_at is not None


def test_missing_event_is_unknown_and_asked_for_at_growing_pauses(ledger: Ledger) -> None:
    remix = due()
    pauses = [pause(remix := read(remix)) for _ in range(7)]

    hours = [round(one / HOUR, 2) if one else None for one in pauses]
    assert hours == [1, 6, 24, 48, 96, 144, None]
    assert remix.billed_cost is None
    assert read().bills_asked == 7
    assert len(ledger.asked) == 7


def test_finished_remix_is_billed_after_ten_minutes() -> None:
    remix = make_remix(status=Status.PROCESSING, request_id="a")
    remix.fail("http_500", "")

    remix.refresh_from_db()
    assert pause(remix) == timedelta(minutes=10)


def test_remix_that_fal_never_had_has_no_bill(ledger: Ledger) -> None:
    remix = make_remix()
    remix.cancel()

    remix.refresh_from_db()
    bills.read_bills()
    assert (remix.bill_due_at, ledger.asked) == (None, [])


def test_complete_bill_is_read_once_more(ledger: Ledger) -> None:
    ledger["a"] = ("0.4",)
    first = read(due())
    ledger["a"] = ("0.4", "-0.3")

    second = read(first)

    assert (pause(first), pause(second)) == (timedelta(days=3), None)
    assert (first.billed_cost, second.billed_cost) == (Decimal("0.4"), Decimal("0.1"))
    assert second.bill_flag == ""


@pytest.mark.parametrize("later", [{}, {"a": ("0.4",)}, {"a": None, "b": ("0.1",)}])
def test_event_that_is_no_longer_listed_changes_nothing(
    ledger: Ledger, later: dict[str, Amounts]
) -> None:
    ledger |= {"a": ("0.4",), "b": ("0.1",)}
    first = read(due(other_request_ids=["b"]))
    ledger.clear()
    ledger.update(later)

    assert read(first).billed_cost == Decimal("0.5")


def test_other_request_ids_are_real_charges(ledger: Ledger) -> None:
    ledger |= {"a": ("0.4",), "b": ("0.1",), "c": ("0.01",)}

    remix = read(due(other_request_ids=["b", "c"]))

    assert (remix.billed_cost, remix.bill_flag) == (Decimal("0.51"), BillFlag.REPEATED)


def test_bill_is_incomplete_until_each_request_id_has_one(ledger: Ledger) -> None:
    ledger["a"] = ("0.4",)
    first = read(due(other_request_ids=["b"]))
    ledger["b"] = ("0.1",)

    second = read(first)

    assert (first.billed_cost, first.billed_at, pause(first)) == (Decimal("0.4"), None, HOUR)
    assert (second.billed_cost, pause(second)) == (Decimal("0.5"), timedelta(days=3))


def test_second_request_id_makes_a_bill_due_again(ledger: Ledger) -> None:
    ledger |= {"a": ("0.4",), "b": ("0.4",)}
    remix = read(read(due()))

    reconciliation.webhook_received(remix, "b")
    remix = Remix.objects.get()

    assert (pause(remix), remix.billed_at) == (timedelta(minutes=10), None)
    assert read(remix).billed_cost == Decimal("0.8")


def test_unreadable_event_leaves_the_bill_unknown(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger |= {"a": None, "b": ("0.1",)}

    remix = read(due(other_request_ids=["b"]))

    assert (remix.billed_cost, pause(remix)) == (None, HOUR)
    assert f"Remix {remix.pk}: what fal billed for it can't be read" in caplog.text


def test_nothing_is_asked_without_an_admin_key(ledger: Ledger, settings: Any) -> None:
    settings.SORA_REMIX_FAL_ADMIN_KEY = None
    due()
    bills.read_balance()

    assert read().billed_cost is None
    assert ledger.asked == []
    assert AccountBalance.objects.current() is None


def test_unreachable_fal_is_left_alone_for_ten_minutes(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.error = TryLater("HTTP 403: wrong key")
    for number in range(60):
        due(str(number))

    remix = read()
    read()

    assert len(ledger.asked) == 1
    assert "Could not read what fal billed for 50 remixes: HTTP 403: wrong key" in caplog.text
    assert Remix.objects.filter(bills_asked=0).count() == 60
    assert pause(Remix.objects.latest("pk")) == HOUR
    assert remix.bill_due_at is not None


def test_many_remixes_share_a_call_newest_first(ledger: Ledger) -> None:
    for number in range(70):
        due(str(number), submitted_at=ago(days=number))

    bills.read_bills()

    (first, since), (second, _) = ledger.asked
    assert (len(first), len(second)) == (50, 20)
    assert set(second) == {str(number) for number in range(20)}
    assert utc(timezone.now()) - since > timedelta(days=69)


def test_sweep_makes_few_calls(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bills, "CALLS_PER_SWEEP", 2)
    monkeypatch.setattr(fal, "IDS_PER_CALL", 1)
    for number in range(5):
        due(str(number))

    bills.read_bills()

    assert len(ledger.asked) == 2


def test_bill_that_can_not_be_stored_does_not_stop_the_others(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger |= {"a": ("0.4",), "b": ("0.4",)}
    whole, first = Remix.set_billed_cost, due("b")
    due("a")

    def set_billed_cost(self: Remix, *args: Any, **options: Any) -> None:
        if self.request_id == "a":
            raise DataError
        whole(self, *args, **options)

    monkeypatch.setattr(Remix, "set_billed_cost", set_billed_cost)
    read()

    assert list(Remix.objects.exclude(billed_cost=None)) == [first]


def test_sweep_reads_bills_and_the_balance(ledger: Ledger, balances: Balances) -> None:
    ledger["a"] = ("0.4",)
    due()

    engine.sweep()

    assert Remix.objects.get().billed_cost == Decimal("0.4")
    assert AccountBalance.objects.current() is not None


def test_due_bills_are_claimed_by_one_worker() -> None:
    for number in range(5):
        due(str(number))

    claimed = at_once(lambda: Remix.objects.claim_to_bill(10), times=4)

    assert sorted(map(len, claimed)) == [0, 0, 0, 5]


def test_bill_that_another_worker_claims_meanwhile_is_left_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine, other = due("a"), due("b")
    queryset = type(Remix.objects.all())

    def update(self: QuerySet[Remix], **changes: Any) -> int:
        taken: QuerySet[Remix] = QuerySet(Remix).filter(pk=other.pk)
        QuerySet.update(taken, bill_due_at=ago(hours=-1))
        return QuerySet.update(self, **changes)

    monkeypatch.setattr(queryset, "update", update)

    assert Remix.objects.claim_to_bill(10) == [mine]


def test_balance_is_read_by_one_worker() -> None:
    started = at_once(lambda: AccountBalance.objects.start_reading(HOUR), times=4)

    assert sorted(started) == [False, False, False, True]


def test_claimed_bill_is_not_read_by_another_worker() -> None:
    due()

    [claimed] = Remix.objects.claim_to_bill(10)

    assert Remix.objects.claim_to_bill(10) == []
    assert pause(claimed) == timedelta(minutes=10)


def test_bill_that_became_due_anew_is_not_overwritten(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger["a"] = ("0.4",)
    remix = due()
    settle = bills._settle

    def interrupted(claimed: Remix, charges: Any) -> None:
        reconciliation.webhook_received(remix, "b")
        settle(claimed, charges)

    monkeypatch.setattr(bills, "_settle", interrupted)

    assert (read().billed_cost, pause(read())) == (None, timedelta(minutes=10))


@pytest.mark.parametrize(
    ("charges", "values", "flag"),
    [
        (("0.6",), {"estimated_cost": Decimal("0.4")}, ""),
        (("0.600001",), {"estimated_cost": Decimal("0.4")}, BillFlag.EXCESSIVE),
        (("9",), {"estimated_cost": None}, ""),
        (("0.4",), {"status": Status.FAILED}, BillFlag.WITHOUT_RESULT),
        (("0.4",), {"status": Status.CANCELLED}, BillFlag.WITHOUT_RESULT),
        (("0",), {"status": Status.FAILED}, ""),
        (("0.4", "-0.4"), {"status": Status.FAILED}, ""),
        (("0.4", "0.4"), {}, BillFlag.REPEATED),
        (("0.4", "0.4", "-0.4"), {}, ""),
        (("-0.4",), {}, ""),
    ],
)
def test_unexpected_bill_is_flagged_recorded_and_logged(
    ledger: Ledger,
    caplog: pytest.LogCaptureFixture,
    charges: tuple[str, ...],
    values: dict[str, Any],
    flag: str,
) -> None:
    ledger["a"] = charges

    remix = read(read(due(**values)))

    events = remix.events.filter(kind=RemixEvent.Kind.BILL_FLAGGED)
    assert remix.bill_flag == flag
    assert [event.detail for event in events] == ([flag] if flag else [])
    said = [one for one in caplog.records if "was not expected" in one.message]
    assert [one.levelno for one in said] == ([logging.WARNING] if flag else [])


def test_returned_charge_is_no_longer_flagged(ledger: Ledger) -> None:
    ledger["a"] = ("0.4",)
    first = read(due(status=Status.FAILED))
    ledger["a"] = ("0.4", "-0.4")

    second = read(first)

    assert (first.bill_flag, second.bill_flag) == (BillFlag.WITHOUT_RESULT, "")
    assert second.billed_cost == 0


@pytest.mark.parametrize(
    ("minutes", "is_busy", "asked"), [(14, True, 1), (16, True, 2), (59, False, 1), (61, False, 2)]
)
def test_balance_is_read_now_and_then(
    balances: Balances, minutes: int, is_busy: bool, asked: int
) -> None:
    if is_busy:
        make_remix(status=Status.PROCESSING)
    bills.read_balance()
    AccountBalance.objects.update(asked_at=ago(minutes=minutes))

    bills.read_balance()
    bills.read_balance()

    found = AccountBalance.objects.current()
    assert balances.asked == asked
    assert found is not None
    assert (found.amount, found.currency) == (Decimal("12.345679"), "USD")


def test_unknown_balance_is_not_asked_for_each_minute(
    balances: Balances, caplog: pytest.LogCaptureFixture
) -> None:
    balances.error = TryLater("HTTP 500")

    for _ in range(2):
        bills.read_balance()

    assert balances.asked == 1
    assert AccountBalance.objects.current() is None
    assert "Could not read the balance of the fal account: HTTP 500" in caplog.text
