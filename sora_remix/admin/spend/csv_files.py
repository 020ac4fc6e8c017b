"""Downloads of the page about spend, as CSV files that are made while they are sent."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from ...clock import zone
from ...models import Approval, Remix
from ...models.charges import COST_BASIS, CostBasis
from ...models.status import Status
from ...models.users import find_users
from .groupings import endpoint_names, person_label
from .rows import SpendRow
from .sums import SpendSums, to_dollars

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How cells start that spreadsheets run (https://owasp.org/www-community/attacks/CSV_Injection)."""
BOM = "\N{BYTE ORDER MARK}"
"""Excel takes a file without it for another encoding than UTF-8."""
ROWS_READ = 2000
COLUMNS = (
    "pk",
    "created_at",
    "finished_at",
    "status",
    "endpoint",
    "source__title",
    "batch",
    "batch__name",
    "requested_by",
    "estimated_cost",
    "calculated_cost",
    "billed_cost",
    "basis",
    "result__approval",
)

Cell = str | int | Decimal | None


class _Echo:
    """Give back what is written, for `csv.writer`."""

    def write(self, line: str) -> str:
        return line


def csv_response(name: str, rows: Iterable[Sequence[Cell]]) -> StreamingHttpResponse:
    """Send rows as a file with this name; texts can't become formulas."""
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _lines(rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BOM
    for row in rows:
        yield str(writer.writerow([_cell(one) for one in row]))


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def group_rows(grouping: str, rows: Iterable[SpendRow]) -> Iterator[Sequence[Cell]]:
    """Return a head, and a row for each group; amounts are exact, and empty if unknown."""
    head = (
        grouping,
        gettext("Remixes"),
        gettext("Estimated"),
        gettext("Remixes with an estimate"),
        gettext("Calculated"),
        gettext("Remixes with a calculated cost"),
        gettext("Billed"),
        gettext("Remixes with a billed cost"),
        gettext("Best known"),
        gettext("Of it billed"),
        gettext("Of it calculated"),
        gettext("Of it estimated"),
        gettext("Remixes of unknown cost"),
        gettext("Failures"),
        gettext("Failed remixes"),
        gettext("Approved videos"),
    )
    return _with_head(head, ((row.label, *_amounts(row.sums)) for row in rows))


def _amounts(sums: SpendSums) -> Sequence[Cell]:
    known = sums.remixes - sums.unknown_count
    return (
        sums.remixes,
        _known(sums.estimated, sums.estimated_count),
        sums.estimated_count,
        _known(sums.calculated, sums.calculated_count),
        sums.calculated_count,
        _known(sums.billed, sums.billed_count),
        sums.billed_count,
        _known(sums.best, known),
        _known(sums.billed, sums.billed_count),
        _known(sums.best_calculated, sums.best_calculated_count),
        _known(sums.best_estimated, sums.best_estimated_count),
        sums.unknown_count,
        _known(sums.failed, sums.failed_count - sums.failed_unknown_count),
        sums.failed_count,
        sums.approved_count,
    )


def _known(millionths: int, count: int) -> Decimal | None:
    return to_dollars(millionths) if count else None


def remix_rows(remixes: QuerySet[Remix]) -> Iterator[Sequence[Cell]]:
    """Return a head, and a row for each remix, oldest first."""
    head = (
        gettext("Remix"),
        gettext("Requested at"),
        gettext("Finished at"),
        gettext("Status"),
        gettext("Model"),
        gettext("Source"),
        gettext("Batch"),
        gettext("Requested by"),
        gettext("Estimated"),
        gettext("Calculated"),
        gettext("Billed"),
        gettext("Best known"),
        gettext("Best known is"),
        gettext("Approval of the result"),
    )
    keys = {*remixes.order_by().values_list("requested_by", flat=True).distinct()} - {None}
    return _with_head(head, map(_RemixWriter(find_users(keys)), _read(remixes)))


def _read(remixes: QuerySet[Remix]) -> Iterator[tuple[Any, ...]]:
    costs = remixes.annotate(basis=COST_BASIS)
    return costs.order_by("pk").values_list(*COLUMNS).iterator(chunk_size=ROWS_READ)


def _with_head(head: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    yield head
    yield from rows


class _RemixWriter:
    """Write rows in the language and time zone of the request, which ends before they are sent."""

    def __init__(self, users: dict[Any, Any]) -> None:
        self._zone: tzinfo = zone()
        self._users = users
        self._endpoints = endpoint_names()
        choices = (*Status.choices, *CostBasis.choices, *Approval.choices)
        self._labels = {str(value): str(label) for value, label in choices}

    def __call__(self, row: tuple[Any, ...]) -> Sequence[Cell]:
        pk, created, finished, status, endpoint, title, batch, name, person, *rest = row
        estimated, calculated, billed, basis, approval = rest
        best = {
            CostBasis.BILLED: billed,
            CostBasis.CALCULATED: calculated,
            CostBasis.ESTIMATED: estimated,
            CostBasis.FREE: Decimal(0),
        }
        return (
            pk,
            self._time(created),
            self._time(finished),
            self._labels[status],
            self._endpoints.get(endpoint, endpoint),
            title,
            name or (batch and f"#{batch}"),
            "" if person is None else person_label(person, self._users),
            estimated,
            calculated,
            billed,
            best.get(basis),
            self._labels[basis],
            self._labels.get(approval, ""),
        )

    def _time(self, time: datetime | None) -> str:
        if time is None:
            return ""
        shown = time.astimezone(self._zone) if timezone.is_aware(time) else time
        return shown.isoformat(" ", "seconds")
