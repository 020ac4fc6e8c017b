"""A cost is exact or unknown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sora_remix.endpoints import UNSET, Price

TIERS = {"720p": Decimal("0.10"), "1080p": Decimal("0.15")}


def _cost(price: Price, seconds: object, cut_at: int | None = None, **options: Any) -> str | None:
    length = None if seconds is None else Decimal(str(seconds))
    cost = price.estimate(length, options, cut_at=cut_at)
    return None if cost is None else str(cost)


@pytest.mark.parametrize("table", ["per_source_second", "per_output_second"])
def test_price_per_second_is_multiplied_by_the_seconds(table: str) -> None:
    price = Price(**{table: {"": Decimal("0.3333333333")}})  # type: ignore[arg-type]

    assert _cost(price, "1.001") == "0.333667"
    assert _cost(price, None) is None


def test_run_can_have_a_flat_price() -> None:
    assert _cost(Price(per_run={"": Decimal(2)}), None) == "2.000000"


def test_all_price_tables_are_added() -> None:
    price = Price(
        per_run={"": Decimal(100)},
        per_source_second={"": Decimal(10)},
        per_output_second={"": Decimal(1)},
    )

    assert _cost(price, 5, cut_at=2) == "122.000000"


def test_price_without_any_rate_is_unknown() -> None:
    assert _cost(Price(), 4) is None
    assert _cost(Price(floor=Decimal(1)), 4) is None


@pytest.mark.parametrize(
    ("options", "cost"),
    [
        ({"resolution": "720p"}, "0.400000"),
        ({"resolution": "1080p"}, "0.600000"),
        ({"resolution": "auto"}, None),
        ({}, None),
    ],
)
def test_rate_depends_on_the_options(options: dict[str, Any], cost: str | None) -> None:
    assert _cost(Price(by=("resolution",), per_output_second=TIERS), 4, **options) == cost


def test_each_table_falls_back_to_its_default_amount() -> None:
    price = Price(
        by=("resolution",),
        per_source_second={"": Decimal("0.01")},
        per_output_second={**TIERS, "": Decimal(1)},
    )

    assert _cost(price, 1, resolution="720p") == "0.110000"
    assert _cost(price, 1, resolution="4k") == "1.010000"
    assert _cost(price, 1) == "1.010000"


def test_key_joins_the_values_of_its_options() -> None:
    price = Price(by=("n", "sharp"), per_run={"0|true": Decimal(1), "0|false": Decimal(2)})

    assert _cost(price, None, n=0, sharp=True) == "1.000000"
    assert _cost(price, None, n=0, sharp=False) == "2.000000"
    assert _cost(price, None, n=0) is None


def test_minimum_price_is_charged() -> None:
    price = Price(per_output_second={"": Decimal("0.1")}, floor=Decimal("0.5"))

    assert _cost(price, 4) == "0.500000"
    assert _cost(price, 6) == "0.600000"


@pytest.mark.parametrize(
    ("wanted", "seconds"),
    [
        (UNSET, 6),
        (None, 6),
        (0, 6),
        ("auto", 6),
        ("", 6),
        (5, 5),
        ("5", 5),
        ("5s", 5),
        (2.5, Decimal("2.5")),
        (10, 10),
        ("long", None),
    ],
)
def test_option_sets_the_length_of_the_result(wanted: object, seconds: object) -> None:
    price = Price(duration_option="duration")

    assert price.output_seconds(Decimal(6), {"duration": wanted}) == seconds


@pytest.mark.parametrize(
    ("source", "wanted", "cut_at", "seconds"),
    [
        (6, 5, None, 5),
        (6, 10, None, 6),
        (6, 5, 4, 4),
        (6, 0, 4, 4),
        (None, 5, None, None),
        (6, "long", None, None),
    ],
)
def test_option_that_only_cuts_does_not_lengthen_the_result(
    source: int | None, wanted: object, cut_at: int | None, seconds: int | None
) -> None:
    price = Price(duration_option="duration", duration_cuts=True)

    assert price.output_seconds(source, {"duration": wanted}, cut_at=cut_at) == seconds


def test_result_of_fixed_length_needs_no_source_length() -> None:
    price = Price(per_output_second={"": Decimal(1)}, duration_option="duration")

    assert _cost(price, None, duration=8) == "8.000000"
    assert _cost(price, None, duration=0) is None


@pytest.mark.parametrize(
    ("source", "output", "cost"),
    [(5, 8, "16.000000"), (8, 5, "13.000000"), (None, 8, None), (5, "long", None)],
)
def test_source_can_be_charged_for_the_length_of_the_result(
    source: int | None, output: object, cost: str | None
) -> None:
    price = Price(
        per_source_second={"": Decimal(1)},
        per_output_second={"": Decimal(1)},
        min_source_as_output=True,
        duration_option="duration",
    )

    assert _cost(price, source, duration=output) == cost


def test_figures_show_the_rates_that_applied() -> None:
    price = Price(
        by=("resolution",),
        per_source_second={"": Decimal("0.01")},
        per_output_second={**TIERS, "x": Decimal("1E-7")},
        as_of=date(2026, 11, 22),
    )
    common = {
        "currency": "USD",
        "as_of": "2026-11-22",
        "is_firm": True,
        "per_source_second": "0.01",
    }

    assert price.figures({"resolution": "720p"}) == {**common, "per_output_second": "0.10"}
    assert price.figures({"resolution": "x"}) == {**common, "per_output_second": "0.0000001"}
    assert price.figures({"resolution": "auto"}) == common


def test_figures_name_the_options_that_change_the_cost() -> None:
    price = Price(
        per_run={"": Decimal(1)}, min_source_as_output=True, floor=Decimal("0.5"), is_firm=False
    )

    assert price.figures({}) == {
        "per_run": "1",
        "min_source_as_output": True,
        "floor": "0.5",
        "currency": "USD",
        "as_of": None,
        "is_firm": False,
    }


@pytest.mark.parametrize(
    ("price", "rates"),
    [
        ({}, []),
        ({"per_run": {"": 2}}, [(0, 2)]),
        ({"per_source_second": {"": 1}, "per_output_second": {"a": 2, "b": 3}}, [(3, 0), (4, 0)]),
        ({"per_run": {"a": 1, "b": 2}, "per_output_second": {"a": 3}}, [(3, 1)]),
    ],
)
def test_rates_are_listed_for_each_key_with_all_rates(
    price: dict[str, Any], rates: list[tuple[int, int]]
) -> None:
    told = Price(by=("size",), **price).rates()

    assert [(int(second), int(run)) for second, run in told] == rates
