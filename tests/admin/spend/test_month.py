"""After a month of remixes, bills and the page about spend add up to the sandbox's own ledger."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db.models import Sum
from django.test import Client

from example_project.fal_sandbox import ADMIN_KEY
from example_project.fal_sandbox.process import SandboxProcess
from sora_remix.admin.spend.groupings import GROUPINGS
from sora_remix.models import BillFlag, Remix
from tests.html import find, find_all, inner_text
from tests.months import REMIXES, ZONE, LedgerSums, Month, pass_a_month
from tests.users import User

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
SPEND = "/admin/sora_remix/remix/spend/"
CENT, MILLIONTH = Decimal("0.01"), Decimal("0.000001")
CELLS = {"person": "Requested by", "model": "Model", "batch": "Batch", "video": "Source"}
"""Columns of the single remixes, by the grouping that adds them up."""


@pytest.fixture
def month(
    sandbox: SandboxProcess, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Month]:
    """A month on a site in Berlin, with all of its bills."""
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url
    settings.SORA_REMIX_FAL_ADMIN_KEY = ADMIN_KEY
    settings.TIME_ZONE = ZONE
    cache.clear()
    yield from pass_a_month(sandbox, monkeypatch)
    cache.clear()


def _check_bills(month: Month) -> None:
    """Compare the bills with the ledger: in all, and of each remix."""
    ledger, charged = month.sandbox.ledger(), month.charged()
    billed = Remix.objects.aggregate(sum=Sum("billed_cost"))["sum"]
    lost = sum((charged[one] for one in month.lost), Decimal(0))
    assert billed > 100
    assert billed.quantize(CENT) == Decimal(ledger["listed"]).quantize(CENT)
    assert (billed + lost).quantize(CENT) == Decimal(ledger["total"]).quantize(CENT)
    for remix in Remix.objects.all():
        listed = [one for one in remix.request_ids if one in charged and one not in month.lost]
        expected = sum((charged[one] for one in listed), Decimal(0))
        assert (remix.billed_cost is None) is not bool(listed)
        assert abs((remix.billed_cost or 0) - expected) < MILLIONTH


def _check_flags(month: Month) -> None:
    flags = Counter(Remix.objects.exclude(bill_flag="").values_list("bill_flag", flat=True))
    failed = Remix.objects.filter(status__in=(Status.FAILED, Status.CANCELLED), billed_cost__gt=0)
    assert min(month.kinds[one] for one in ("charged twice", "excessive", "lost", "late")) > 5
    assert flags[BillFlag.EXCESSIVE] >= month.kinds["excessive"] - REMIXES // 100
    assert flags[BillFlag.REPEATED] >= month.kinds["charged twice"]
    assert failed.exclude(bill_flag="").count() == failed.count() > 10


def _download(client: Client, name: str, **query: str) -> list[dict[str, str]]:
    response: Any = client.get(SPEND + name, query)
    content = b"".join(response).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def _check_download(client: Client, grouping: str, expected: dict[str, LedgerSums]) -> None:
    """Compare each row of the groups that are downloaded; amounts there are exact."""
    rows = _download(client, "groups.csv", group=grouping)
    shown = {row[str(GROUPINGS[grouping])]: row for row in rows}
    assert len(shown) == len(rows)
    assert shown.keys() == expected.keys() - {"Total"}
    for label, row in shown.items():
        sums = expected[label]
        assert int(row["Remixes"]) == sums.remixes
        assert int(row["Remixes with a billed cost"]) == sums.billed_count
        assert _is_same(row["Billed"], sums.billed), label
        assert _is_same(row["Of it billed"], sums.billed)
        assert _is_same(row["Best known"], sums.best)
        assert _is_same(row["Failures"], sums.failed)


def _is_same(shown: str, expected: Decimal) -> bool:
    """Compare amounts; fal's have more places, of which each remix has six."""
    return abs(Decimal(shown or 0) - expected) < MILLIONTH * REMIXES / 2


def _check_page(client: Client, grouping: str, expected: dict[str, LedgerSums]) -> None:
    """Compare each row of the page, to the cent, with those that it shows as one."""
    table = find(client.get(SPEND, {"group": grouping}), "div", "sora-remix-spend")
    lines = [row for row in find_all(table, "tr") if row[0].get("scope") == "row"]
    rows = {inner_text(row[0]): [inner_text(cell) for cell in row[1:]] for row in lines}
    shown = rows.keys() & expected.keys()
    others = [label for label in expected if label not in shown]
    if others:
        [name] = rows.keys() - shown
        assert (grouping, name) == ("video", f"{len(others)} others")
        expected = {**expected, name: _together([expected[label] for label in others])}
    for label, cells in rows.items():
        sums = expected[label]
        assert cells[0].replace(",", "") == str(sums.remixes)
        assert abs(_amount(cells[3]) - sums.billed) < CENT, label
        assert abs(_amount(cells[4]) - sums.best) < CENT, label


def _together(parts: list[LedgerSums]) -> LedgerSums:
    return LedgerSums(
        remixes=sum(one.remixes for one in parts),
        billed=sum((one.billed for one in parts), Decimal(0)),
        best=sum((one.best for one in parts), Decimal(0)),
    )


def _amount(cell: str) -> Decimal:
    """Read an amount of the page; a group may have no bill."""
    found = re.match(r"\$([-\d,.]+)", cell)
    return Decimal(found[1].replace(",", "")) if found else Decimal(0)


def _check_remixes(client: Client, month: Month) -> None:
    """Add up the single remixes by their columns."""
    rows = _download(client, "remixes.csv")
    assert len(rows) == REMIXES
    for grouping in ("day", *CELLS):
        added: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            added[_label(grouping, row)] += Decimal(row["Billed"] or 0)
            added["Total"] += Decimal(row["Billed"] or 0)
        expected = month.sums(grouping)
        assert added.keys() == expected.keys()
        assert all(_is_same(str(added[label]), expected[label].billed) for label in added)


def _label(grouping: str, row: dict[str, str]) -> str:
    if grouping == "day":
        day = datetime.fromisoformat(row["Requested at"])
        return f"{day:%B} {day.day}, {day.year}"
    return row[CELLS[grouping]] or {"person": "Nobody", "batch": "No batch"}[grouping]


def test_bills_and_spend_of_a_month_add_up_to_the_ledger(
    month: Month, client: Client, admin_user: User
) -> None:
    month.make_remixes()

    month.let_time_pass()

    client.force_login(admin_user)
    assert not Remix.objects.filter(bill_due_at__isnull=False).exists()
    _check_bills(month)
    _check_flags(month)
    for grouping in GROUPINGS:
        expected = month.sums(grouping)
        _check_download(client, grouping, expected)
        _check_page(client, grouping, expected)
    _check_remixes(client, month)
