"""The chart has a bar for each period, and no text that is stretched."""

from __future__ import annotations

from datetime import date

from sora_remix.admin.spend.chart import MOST_BARS, MOST_LABELS, make_chart
from sora_remix.admin.spend.rows import SpendRow
from sora_remix.admin.spend.sums import SpendSums


def _row(day: date, billed: int, estimated: int = 0) -> SpendRow:
    sums = SpendSums(
        remixes=2,
        billed=billed,
        billed_count=1,
        best_estimated=estimated,
        best_estimated_count=1,
    )
    return SpendRow(day.isoformat(), sums, day=day)


def test_bars_are_as_high_as_their_costs() -> None:
    rows = [_row(date(2026, 5, 2), 1_000_000, 3_000_000), _row(date(2026, 5, 1), 1_000_000)]

    chart = make_chart(rows, "day")

    assert chart
    assert (chart.highest, chart.view_box) == ("$4.00", "0 0 40 1000")
    heights = [[(part.name, part.y, part.height) for part in bar.parts] for bar in chart.bars]
    assert heights == [
        [("billed", "750", "250")],
        [("billed", "750", "250"), ("estimated", "0", "750")],
    ]


def test_periods_without_remixes_have_a_place() -> None:
    chart = make_chart([_row(date(2026, 5, 4), 1), _row(date(2026, 5, 1), 1)], "day")

    assert chart
    assert [bool(bar.parts) for bar in chart.bars] == [True, False, False, True]


def test_newest_periods_are_shown() -> None:
    chart = make_chart([_row(date(2026, 5, 1), 1), _row(date(2020, 5, 1), 1)], "day")

    assert chart
    assert len(chart.bars) == MOST_BARS
    assert chart.labels == ["March 3, 2026", "2026-05-01"]


def test_few_bars_have_a_label_each() -> None:
    rows = [_row(date(2026, 5, day), 1) for day in range(1, MOST_LABELS + 1)]

    chart = make_chart(rows)

    assert chart
    assert chart.labels == [row.label for row in rows]


def test_there_is_no_chart_without_a_known_cost() -> None:
    assert make_chart([_row(date(2026, 5, 1), 0)], "day") is None
    assert make_chart([]) is None
