"""Nodes of a tree stand where they can be read."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from sora_remix.admin.tree.layout import arrange
from sora_remix.admin.tree.shape import Shape


def shape_of(parents: Sequence[int | None]) -> Shape:
    """Return a tree of numbers, each made from the one that is named in its place."""
    return Shape(
        {str(n): None if parent is None else str(parent) for n, parent in enumerate(parents)}
    )


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    many = draw(st.integers(1, 40))
    return shape_of([draw(st.none() | st.integers(0, n - 1)) if n else None for n in range(many)])


@given(shapes(), st.sets(st.integers(0, 39).map(str)))
def test_no_node_covers_another(shape: Shape, closed: set[str]) -> None:
    places = arrange(shape, closed)

    assert len(set(places.values())) == len(places)
    assert places.keys() == {key for key, _ in shape.walk(closed)}
    assert min(place.row for place in places.values()) == 0


@given(shapes())
def test_what_was_made_stands_right_of_its_source_and_in_its_order(shape: Shape) -> None:
    places = arrange(shape)

    for key, children in shape.children.items():
        rows = [places[child].row for child in children]
        assert all(places[child].column == places[key].column + 1 for child in children)
        assert rows[:1] in ([], [places[key].row])
        assert rows == sorted(rows)


@given(shapes())
def test_no_line_from_a_source_meets_a_node_that_was_made_from_another(shape: Shape) -> None:
    places = arrange(shape)

    for column in {place.column for place in places.values()}:
        in_order = sorted(
            (place.row, key) for key, place in places.items() if place.column == column
        )
        sources = [shape.parents[key] for _, key in in_order]
        changes = [
            one for one, before in zip(sources, [object(), *sources], strict=False) if one != before
        ]
        assert len(changes) == len(set(changes))


@given(shapes())
def test_nothing_could_stand_any_higher(shape: Shape) -> None:
    places = arrange(shape)
    taken = set(places.values())

    for children in (shape.tops, *shape.children.values()):
        for child in children[1:]:
            family = [key for key, _ in Shape(_below(shape, child)).walk()]
            above = [places[key]._replace(row=places[key].row - 1) for key in family]
            assert any(place in taken - {places[key] for key in family} for place in above)


def _below(shape: Shape, top: str) -> dict[str, str | None]:
    below: dict[str, str | None] = {top: None}
    for key, _ in shape.walk():
        if shape.parents[key] in below:
            below[key] = shape.parents[key]
    return below


def test_a_leaf_stands_close_to_a_sibling_with_many_below() -> None:
    shape = shape_of([None, 0, 0, 1, 1, 1, 1])

    assert [arrange(shape)[key].row for key in ("1", "2", "6")] == [0, 1, 3]


def test_a_chain_of_3000_stands_in_one_row() -> None:
    shape = shape_of([None, *range(2999)])

    assert {place.row for place in arrange(shape).values()} == {0}
