"""The groupings of the page about spend.

Each takes a fixed number of queries: one or two for the sums, and one for each kind of names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...database import ROWS_PER_QUERY
from ...endpoints import all_endpoints
from ...exceptions import SoraRemixError
from ...models import Remix, RemixBatch, Video
from ...models.users import find_groups, find_users, has_groups
from ..links import Links
from .days import PERIODS, next_start, read_periods
from .rows import SpendRow, SpendTable
from .sums import SPENT, SpendSums, group_by, read_sums, total_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Narrow = Callable[..., str]

GROUPINGS: dict[str, _StrPromise] = {
    "day": _("Day"),
    "week": _("Week"),
    "month": _("Month"),
    "person": _("Person"),
    "group": _("Group"),
    "model": _("Model"),
    "batch": _("Batch"),
    "video": _("Video"),
}
COLUMNS: dict[str, tuple[str, type[RemixBatch | Video]]] = {
    "batch": ("batch", RemixBatch),
    "video": ("source", Video),
}
"""Column and model of the groupings that can have as many groups as there are remixes."""
FINER = {"day": "video", "week": "day", "month": "day"}
"""The grouping to which a period leads."""
MOST = 366
"""Rows on the page: the days of a year."""
NOBODY = "nobody"
"""Stands in the address for remixes that no person requested."""


def offered_groupings() -> list[tuple[str, _StrPromise]]:
    """Return the groupings that this site has, with their labels."""
    return [(name, label) for name, label in GROUPINGS.items() if name != "group" or has_groups()]


def endpoint_names() -> dict[str, str]:
    """Return the names of the endpoints, or nothing while a record is invalid."""
    try:
        return {key: str(endpoint) for key, endpoint in all_endpoints().items()}
    except SoraRemixError:
        return {}


class Spend:
    """What these remixes cost, in groups."""

    def __init__(self, remixes: QuerySet[Remix], links: Links, narrow: Narrow) -> None:
        """Take the remixes, and a function that returns the address of a part of the page."""
        self._remixes = remixes
        self._links = links
        self._narrow = narrow

    def table(self, grouping: str) -> SpendTable:
        """Return the groups with the highest cost, or the newest periods, and all sums."""
        if grouping in COLUMNS:
            return self._table_of_many(grouping)
        rows, total = self._few_rows(grouping)
        left_out = rows[MOST:]
        rest = reduce(add, (row.sums for row in left_out), SpendSums())
        return SpendTable(rows[:MOST], total, len(left_out), rest)

    def all_rows(self, grouping: str) -> Iterator[SpendRow]:
        """Yield all groups, with a query for the names of each `ROWS_PER_QUERY`."""
        if grouping not in COLUMNS:
            yield from self._few_rows(grouping)[0]
            return
        part: list[tuple[Any, ...]] = []
        for measures in self._by_cost(grouping).iterator(chunk_size=ROWS_PER_QUERY):
            part.append(measures)
            if len(part) == ROWS_PER_QUERY:
                yield from self._named(grouping, part)
                part = []
        yield from self._named(grouping, part)

    def _few_rows(self, grouping: str) -> tuple[list[SpendRow], SpendSums]:
        """Return all groups, and the sums of all remixes."""
        if grouping in PERIODS:
            return self._periods(grouping)
        if grouping == "model":
            return self._models()
        people = self._read("requested_by")
        total = reduce(add, people.values(), SpendSums())
        rows = self._groups(people) if grouping == "group" else self._people(people)
        return rows, total

    def _read(self, column: str) -> dict[Any, SpendSums]:
        found = group_by(self._remixes, F(column))
        return {key: read_sums(tuple(measures)) for key, *measures in found}

    def _periods(self, period: str) -> tuple[list[SpendRow], SpendSums]:
        found = read_periods(self._remixes, PERIODS[period])
        rows = [self._period(period, day, found[day]) for day in sorted(found, reverse=True)]
        return rows, reduce(add, found.values(), SpendSums())

    def _period(self, period: str, day: date, sums: SpendSums) -> SpendRow:
        end = next_start(period, day) - timedelta(days=1)
        url = self._narrow(group=FINER[period], start=day.isoformat(), end=end.isoformat())
        return SpendRow(period_label(period, day), sums, url, day)

    def _models(self) -> tuple[list[SpendRow], SpendSums]:
        found, names = self._read("endpoint"), endpoint_names()
        rows = [
            SpendRow(names.get(key, key), sums, self._narrow(group="month", model=key))
            for key, sums in found.items()
        ]
        return _by_cost(rows), reduce(add, found.values(), SpendSums())

    def _people(self, people: dict[Any, SpendSums]) -> list[SpendRow]:
        users = find_users(key for key in people if key is not None)
        rows = []
        for key, sums in people.items():
            url = self._narrow(group="month", person=NOBODY if key is None else str(key))
            rows.append(SpendRow(person_label(key, users), sums, url))
        return _by_cost(rows)

    def _groups(self, people: dict[Any, SpendSums]) -> list[SpendRow]:
        """Count a person in each of their groups."""
        found: defaultdict[int | None, SpendSums] = defaultdict(SpendSums)
        names: dict[int | None, str] = {None: gettext("In no group")}
        grouped = set()
        for user, group, name in find_groups(key for key in people if key is not None):
            grouped.add(user)
            found[group] += people[user]
            names |= {group: name} if name is not None else {}
        for key in people.keys() - grouped:
            found[None] += people[key]
        return _by_cost([SpendRow(names[group], sums) for group, sums in found.items()])

    def _table_of_many(self, grouping: str) -> SpendTable:
        """Find the highest cost in the database; the rest is what the total has beyond these."""
        column, _model = COLUMNS[grouping]
        rows = self._named(grouping, list(self._by_cost(grouping)[:MOST]))
        total = total_of(self._remixes)
        count = self._count_groups(column) - len(rows)
        rest = total - reduce(add, (row.sums for row in rows), SpendSums())
        return SpendTable(rows, total, max(0, count), rest)

    def _by_cost(self, grouping: str) -> QuerySet[Any, Any]:
        column, _model = COLUMNS[grouping]
        return group_by(self._remixes, F(column)).order_by(f"-{SPENT}", "-_key")

    def _count_groups(self, column: str) -> int:
        """Count the groups, with that of remixes without any."""
        counted = self._remixes.order_by().aggregate(
            some=Count(column, distinct=True), all=Count("pk"), named=Count(column)
        )
        return int(counted["some"]) + int(counted["all"] > counted["named"])

    def _named(self, grouping: str, measured: Sequence[tuple[Any, ...]]) -> list[SpendRow]:
        """Return rows with names and links, which take one query."""
        _column, model = COLUMNS[grouping]
        keys = [key for key, *_measures in measured if key is not None]
        found: Mapping[int, Any] = model._default_manager.in_bulk(keys)
        rows = []
        for key, *measures in measured:
            row = found.get(key)
            label = str(row) if row else gettext("No batch")
            url = self._links.change_url(row) if row else ""
            rows.append(SpendRow(label, read_sums(tuple(measures)), url))
        return rows


def period_label(period: str, day: date) -> str:
    """Name a period by its first day."""
    if period == "month":
        return date_format(day, "YEAR_MONTH_FORMAT")
    shown = date_format(day, "DATE_FORMAT")
    return gettext("Week of %(day)s") % {"day": shown} if period == "week" else shown


def person_label(key: Any, users: dict[Any, Any]) -> str:
    """Name a person by the key of a user, who may be deleted."""
    if key is None:
        return gettext("Nobody")
    return str(users[key]) if key in users else gettext("Deleted user %(key)s") % {"key": key}


def _by_cost(rows: Iterable[SpendRow]) -> list[SpendRow]:
    return sorted(rows, key=lambda row: (-row.sums.best, row.label))
