"""A value is sent with its wire type or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import pytest

from sora_remix.endpoints import Option

Kind = Literal["bool", "int", "number", "enum", "text"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bool", True),
        ("bool", False),
        ("int", 0),
        ("int", -7),
        ("number", 0),
        ("number", 0.5),
        ("text", ""),
        ("text", "noir"),
        ("enum", "any"),
    ],
)
def test_value_of_the_wire_type_is_valid(kind: Kind, value: object) -> None:
    assert Option(name="it", kind=kind).problem(value) is None


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("bool", 0, "true or false"),
        ("bool", 1, "true or false"),
        ("bool", "true", "true or false"),
        ("bool", None, "true or false"),
        ("int", True, "a whole number"),
        ("int", 1.0, "a whole number"),
        ("int", "1", "a whole number"),
        ("number", False, "a number"),
        ("number", "0.5", "a number"),
        ("number", Decimal("0.5"), "a number"),
        ("text", 5, "a text"),
        ("text", None, "a text"),
        ("enum", True, "a text"),
    ],
)
def test_value_of_another_type_is_named(kind: Kind, value: object, expected: str) -> None:
    assert Option(name="it", kind=kind).problem(value) == f"“it” must be {expected}."


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_nan_and_infinity_are_invalid(value: float) -> None:
    assert Option(name="it", kind="number").problem(value)


@pytest.mark.parametrize(
    ("choices", "value"), [((0, 5), 0), (("0", "5"), "0"), ((True,), True), ((0.0, 1.0), 1.0)]
)
def test_listed_choice_is_valid(choices: tuple[Any, ...], value: object) -> None:
    assert Option(name="it", kind="enum", choices=choices).problem(value) is None


@pytest.mark.parametrize(
    ("choices", "value"),
    [
        ((0, 5), "0"),
        ((0, 5), False),
        ((0, 5), 0.0),
        (("0", "5"), 0),
        ((True,), 1),
        (("a", "b"), "A"),
        (("a", "b"), ["a"]),
    ],
)
def test_near_miss_of_a_choice_is_refused_with_the_choices(
    choices: tuple[Any, ...], value: object
) -> None:
    problem = Option(name="it", kind="enum", choices=choices).problem(value)

    assert problem == f"“it” must be one of: {', '.join(map(str, choices))}."


@pytest.mark.parametrize(
    ("least", "most", "value", "span"),
    [
        (1, 10, 0, "from 1 to 10"),
        (1, 10, 11, "from 1 to 10"),
        (1, None, 0, "from 1 to …"),
        (None, 10, 11, "from … to 10"),
        (0, None, -1, "from 0 to …"),
    ],
)
def test_number_out_of_bounds_is_refused_with_the_bounds(
    least: float | None, most: float | None, value: int, span: str
) -> None:
    option = Option(name="it", kind="int", minimum=least, maximum=most)

    assert option.problem(value) == f"“it” must be {span}."


@pytest.mark.parametrize("value", [1, 10])
def test_bounds_themselves_are_valid(value: int) -> None:
    assert Option(name="it", kind="int", minimum=1, maximum=10).problem(value) is None


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        (Option(name="it", kind="bool"), "true", True),
        (Option(name="it", kind="bool"), "False", False),
        (Option(name="it", kind="int"), "-7", -7),
        (Option(name="it", kind="number"), "0.5", 0.5),
        (Option(name="it", kind="text"), "5", "5"),
        (Option(name="it", kind="enum", choices=(5, 10)), "10", 10),
        (Option(name="it", kind="enum", choices=("5", "10")), "10", "10"),
    ],
)
def test_typed_text_is_converted_to_the_wire_type(option: Option, text: str, value: object) -> None:
    read = option.read(text)

    assert (read, type(read)) == (value, type(value))
    assert option.problem(read) is None


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (Option(name="it", kind="bool"), "yes"),
        (Option(name="it", kind="int"), "1.5"),
        (Option(name="it", kind="number"), "much"),
        (Option(name="it", kind="enum", choices=(5, 10)), "7"),
        (Option(name="it", kind="int", choices=(5, 10)), "7"),
    ],
)
def test_unreadable_typed_text_is_refused_by_validation(option: Option, text: str) -> None:
    assert option.problem(option.read(text))


def test_empty_value_is_valid_only_if_it_is_the_default() -> None:
    assert Option(name="it", kind="int", default=None).problem(None) is None
    assert Option(name="it", kind="int", default=1).problem(None)
