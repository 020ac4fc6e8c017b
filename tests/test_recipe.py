"""Equal recipes have one text, and can be read from it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sora_remix.recipe import Recipe, seconds_of, time_of

FULL = Recipe(
    start=Decimal("12.5"),
    end=Decimal("20"),
    width=1920,
    height=1080,
    shape="pad",
    fps=Decimal("29.97"),
    max_bytes=50_000_000,
)


@pytest.mark.parametrize("recipe", [Recipe(), FULL, Recipe(end=Decimal("100"))])
def test_recipe_is_read_from_its_text(recipe: Recipe) -> None:
    assert Recipe.from_text(recipe.to_text()) == recipe


def test_equal_recipes_have_the_same_text() -> None:
    first = Recipe(start=Decimal("0.000"), end=Decimal("100"))
    second = Recipe(start=Decimal(0), end=Decimal("1E+2"))

    assert first.to_text() == second.to_text() == '{"end":"100"}'


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("12", "12"), ("12.5", "12.5"), ("0:12.5", "12.5"), ("1:02:03.25", "3723.25"), (" 90 ", "90")],
)
def test_time_is_read_as_people_write_it(time: str, seconds: str) -> None:
    assert seconds_of(time) == Decimal(seconds)


@pytest.mark.parametrize("time", ["", "-1", "1:2:3:4", "12,5", "1e3", "nan", "0:12.", "٣"])
def test_other_text_is_no_time(time: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        seconds_of(time)


def test_text_with_an_unknown_part_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown parts of a recipe: speed"):
        Recipe.from_text('{"speed": 2}')


@pytest.mark.parametrize(
    ("seconds", "time"),
    [
        ("0", "0:00"),
        ("2", "0:02"),
        ("12.5", "0:12.5"),
        ("70", "1:10"),
        ("9.125", "0:09.125"),
        ("3723.040", "1:02:03.04"),
    ],
)
def test_seconds_are_written_as_a_time_that_is_read_again(seconds: str, time: str) -> None:
    assert time_of(Decimal(seconds)) == time
    assert seconds_of(time) == Decimal(seconds)
