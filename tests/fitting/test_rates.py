"""The usual frame rate is found whatever a container states."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from sora_remix.fitting.rates import exact_rate, usual_rate

NTSC = Fraction(30000, 1001)


def _times(rate: Fraction, ticks: int = 90_000, count: int = 150) -> list[Fraction]:
    return [Fraction(round(number / rate * ticks), ticks) for number in range(count)]


@pytest.mark.parametrize(
    "rate", [Fraction(24000, 1001), Fraction(24), Fraction(25), NTSC, Fraction(30), Fraction(60)]
)
@pytest.mark.parametrize("ticks", [1000, 90_000])
def test_standard_rates_are_told_apart(rate: Fraction, ticks: int) -> None:
    assert usual_rate(_times(rate, ticks), ()) == rate


def test_pauses_and_dropped_pictures_do_not_count() -> None:
    times = [time for number, time in enumerate(_times(Fraction(30))) if number % 7]
    times = [time + (3 if place > 50 else 0) for place, time in enumerate(times)]

    assert usual_rate(times, (Fraction(2187, 100),)) == 30


def test_unusual_rate_is_taken_from_the_container() -> None:
    assert usual_rate(_times(Fraction(25, 2)), (Fraction(25, 2),)) == Fraction(25, 2)


def test_unusual_rate_is_measured() -> None:
    assert usual_rate(_times(Fraction(17)), ()) == 17


@pytest.mark.parametrize(
    ("stated", "rate"), [((), 25), ((Fraction(30),), 30), ((Fraction(90_000), None), 25)]
)
def test_single_picture_has_the_stated_rate(stated: tuple[Fraction | None, ...], rate: int) -> None:
    assert usual_rate([Fraction(0)], stated) == rate


@pytest.mark.parametrize(("step", "rate"), [(Fraction(20), 1), (Fraction(1, 1000), 240)])
def test_rate_is_one_that_can_be_played(step: Fraction, rate: int) -> None:
    assert usual_rate([step * number for number in range(10)], ()) == rate


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        ("29.97", NTSC),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("30", Fraction(30)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_rounded_rate_is_made_exact(fps: str, rate: Fraction) -> None:
    assert exact_rate(Decimal(fps)) == rate
