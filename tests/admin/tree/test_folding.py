"""The address of a tree says what of it is closed."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from sora_remix.admin.tree.folding import SMALL, Folding
from sora_remix.admin.tree.shape import Shape

FAMILY = Shape({"1": None, "2": "1", "3": "1", "4": "2", "5": "3", "r1": "3"})


def closed(query: str, shape: Shape = FAMILY, current: str = "2") -> list[str]:
    return sorted(Folding.asked(QueryDict(query), shape).closed(shape, current))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", []),
        ("show=all", []),
        ("show=none", ["1", "2", "3"]),
        ("show=path", ["3"]),
        ("show=all&flip=2", ["2"]),
        ("show=none&flip=1-3", ["2"]),
        ("show=path&flip=2-3", ["2"]),
    ],
)
def test_a_rule_and_its_exceptions_say_what_is_closed(query: str, expected: list[str]) -> None:
    assert closed(query) == expected


@pytest.mark.parametrize("query", ["show=nonsense", "flip=", "flip=r1-99-<b>-", "flip=4"])
def test_what_makes_no_sense_changes_nothing(query: str) -> None:
    assert closed(query) == []


def test_links_do_not_carry_on_what_is_not_there() -> None:
    assert Folding.asked(QueryDict("flip=3-99-<b>"), FAMILY).query == "?show=all&flip=3"


def test_a_large_tree_is_at_first_open_along_the_way_to_its_video() -> None:
    small = Shape({str(n): str(n // 2) if n else None for n in range(SMALL)})
    large = Shape({str(n): str(n // 2) if n else None for n in range(1, SMALL + 2)})

    assert closed("", small, "9") == []
    assert {"1", "2", "4", "9"}.isdisjoint(closed("", large, "9"))
    assert {"3", "5", "8"} < set(closed("", large, "9"))


def test_what_is_flipped_twice_is_as_it_was() -> None:
    folding = Folding.asked(QueryDict("show=path&flip=3"), FAMILY)

    assert folding.flip("1").query == "?show=path&flip=1-3"
    assert folding.flip("3").query == "?show=path"
