"""Days, weeks and months in the time zone of the site, on every database.

The database adds up by day: to each time, it adds the seconds by which the clock of the site is
ahead of its own. Python finds when these change. The functions of MySQL and MariaDB for time zones
need tables that many servers lack
(https://docs.djangoproject.com/en/5.2/ref/databases/#time-zone-definitions).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from django.db import connections
from django.db.models import BigIntegerField, Case, F, Func, Max, Min, QuerySet, Value, When

from ...clock import utc, zone
from ...models import Remix
from .sums import SpendSums, group_by, read_sums

EPOCH = date(1970, 1, 1)
DAY = timedelta(days=1)


class DayNumber(Func):
    """Count the days from 1970 to a time in the database, to which seconds are added."""

    arity = 2
    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **_context: Any) -> Any:
        """Divide whole seconds, which cuts off; `strftime` would round up 59.9999 seconds."""
        seconds = "CAST(strftime('%%%%s', SUBSTR(%s, 1, 19)) AS INTEGER)"
        return self._compile(compiler, f"(({seconds} + %s) / 86400)")

    def as_mysql(self, compiler: Any, connection: Any, **_context: Any) -> Any:
        """Take the time as it is kept, whatever the time zone of the session."""
        return self._compile(compiler, "((TIMESTAMPDIFF(SECOND, '1970-01-01', %s) + %s) DIV 86400)")

    def as_postgresql(self, compiler: Any, connection: Any, **_context: Any) -> Any:
        """Take the time in the time zone of the session, which Django sets."""
        seconds = "EXTRACT(EPOCH FROM CAST(%s AS timestamp)) + %s"
        return self._compile(compiler, f"CAST(FLOOR(({seconds}) / 86400) AS bigint)")

    def _compile(self, compiler: Any, template: str) -> Any:
        parts = [compiler.compile(one) for one in self.source_expressions]
        params = tuple(param for _sql, params in parts for param in params)
        return template % tuple(sql for sql, _params in parts), params


def read_periods(
    remixes: QuerySet[Remix], start_of: Callable[[date], date]
) -> dict[date, SpendSums]:
    """Return the sums of remixes by the first day of the period in which they were requested."""
    found: defaultdict[date, SpendSums] = defaultdict(SpendSums)
    number = DayNumber(F("created_at"), _seconds_ahead(remixes))
    for day, *measures in group_by(remixes, number):
        found[start_of(EPOCH + day * DAY)] += read_sums(tuple(measures))
    return dict(found)


def _seconds_ahead(remixes: QuerySet[Remix]) -> Case | Value:
    """Return by how many seconds times are shown ahead of how the database keeps them."""
    kept, shown = connections[remixes.db].timezone, zone()
    if kept is None:  # as the site shows them
        return Value(0)
    ends = remixes.order_by().aggregate(first=Min("created_at"), last=Max("created_at"))
    if ends["first"] is None:
        return Value(0)
    *changes, (_end, newest) = _offsets(utc(ends["first"]), utc(ends["last"]), kept, shown)
    cases = [When(created_at__lt=end, then=Value(seconds)) for end, seconds in changes]
    return Case(*cases, default=Value(newest), output_field=BigIntegerField())


def _offsets(
    first: datetime, last: datetime, kept: tzinfo, shown: tzinfo
) -> Iterator[tuple[datetime, int]]:
    """Yield each difference between two time zones, with the moment at which it ends."""
    time = first
    while time < last:
        later = min(time + DAY, last)
        if _offset(later, kept, shown) != (seconds := _offset(time, kept, shown)):
            yield _find_change(time, later, kept, shown), seconds
        time = later
    yield last, _offset(last, kept, shown)


def _offset(time: datetime, kept: tzinfo, shown: tzinfo) -> int:
    naive = (time.astimezone(one).replace(tzinfo=None) for one in (shown, kept))
    return int((next(naive) - next(naive)).total_seconds())


def _find_change(low: datetime, high: datetime, kept: tzinfo, shown: tzinfo) -> datetime:
    """Return the first whole second at which the difference is no longer that of `low`."""
    before = _offset(low, kept, shown)
    low = low.replace(microsecond=0)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _offset(middle, kept, shown) == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def start_of_day(day: date) -> date:
    """Return the day itself."""
    return day


def start_of_week(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - day.weekday() * DAY


def start_of_month(day: date) -> date:
    """Return the first of a day's month."""
    return day.replace(day=1)


PERIODS: dict[str, Callable[[date], date]] = {
    "day": start_of_day,
    "week": start_of_week,
    "month": start_of_month,
}
"""How each period starts."""
LONGEST = {"day": DAY, "week": 7 * DAY, "month": 31 * DAY}


def next_start(period: str, start: date) -> date:
    """Return the first day of the following period."""
    return PERIODS[period](start + LONGEST[period])
