"""A chart of the best known cost, as columns in an SVG image that is stretched to the page.

It has no text: labels that are stretched can't be read. The table has all of its figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ...dollars import dollars
from .days import next_start
from .groupings import period_label
from .rows import SpendRow
from .sums import SpendSums, to_dollars

MOST_BARS = 60
MOST_LABELS = 12
"""With more bars, only the first and the last one have a label."""
STEP, GAP, HEIGHT = 20, 4, 1000
"""Whole numbers, so that every position is one."""


@dataclass(frozen=True)
class BarPart:
    """A rectangle; its numbers are text, which no template localises."""

    name: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class ChartBar:
    """The best known cost of one group."""

    title: str
    parts: Sequence[BarPart]


@dataclass(frozen=True)
class SpendChart:
    """Bars that are as high as the costs of groups."""

    bars: Sequence[ChartBar]
    labels: Sequence[str]
    highest: str
    """What the full height stands for."""

    @property
    def view_box(self) -> str:
        return f"0 0 {len(self.bars) * STEP} {HEIGHT}"


def make_chart(rows: Sequence[SpendRow], period: str = "") -> SpendChart | None:
    """Return a chart of the newest periods, or else of the highest costs; None without any."""
    shown = _fill(rows, period) if period else list(rows[:MOST_BARS])
    highest = max((row.sums.best for row in shown), default=0)
    if highest <= 0:
        return None
    bars = [_bar(at, row, highest) for at, row in enumerate(shown)]
    names = [row.label for row in shown]
    labels = names if len(names) <= MOST_LABELS else [names[0], names[-1]]
    return SpendChart(bars, labels, dollars(to_dollars(highest)))


def _fill(rows: Sequence[SpendRow], period: str) -> list[SpendRow]:
    """Return the newest periods, oldest first, with those in which nothing was requested."""
    found = {row.day: row for row in rows if row.day}
    if not found:
        return []
    days: list[date] = [min(found)]
    while days[-1] < max(found):
        days.append(next_start(period, days[-1]))
    newest = days[-MOST_BARS:]
    empty = SpendSums()
    return [found.get(day) or SpendRow(period_label(period, day), empty) for day in newest]


def _bar(at: int, row: SpendRow, highest: int) -> ChartBar:
    parts, sums, so_far, top = [], row.sums, 0, HEIGHT
    for name, amount in (
        ("billed", sums.billed),
        ("calculated", sums.best_calculated),
        ("estimated", sums.best_estimated),
    ):
        so_far += max(0, amount)
        height = top - (top := HEIGHT - round(so_far * HEIGHT / highest))
        if height:
            x, width = str(at * STEP + GAP // 2), str(STEP - GAP)
            parts.append(BarPart(name, x, str(top), width, str(height)))
    return ChartBar(f"{row.label}: {row.best.amount}", parts)
