"""Any rows make a tree, at any depth and even when they form rings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_remix.admin.tree.shape import Shape

ANY_PARENTS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.none() | st.sampled_from("abcdefghz"), min_size=1
)
"""Includes rings and missing parents."""
FAMILY = {"a": None, "b": "a", "c": "a", "d": "b", "e": "d", "f": "c"}


@given(ANY_PARENTS)
def test_each_node_is_walked_once_and_after_its_parent(
    parents: dict[str, str | None],
) -> None:
    shape = Shape(parents)

    walked = [key for key, _ in shape.walk()]

    assert sorted(walked) == sorted(parents)
    for key in parents:
        parent = shape.parents[key]
        assert parent is None or walked.index(parent) < walked.index(key)


@given(ANY_PARENTS)
def test_only_rings_are_broken(
    parents: dict[str, str | None],
) -> None:
    shape = Shape(parents)

    for key, parent in parents.items():
        if shape.parents[key] != parent:
            way: list[str | None] = [key]
            while (last := way[-1]) is not None and way.count(last) == 1:
                way.append(parents.get(last))
            assert way[-1] == key or parent not in parents


def test_the_walk_is_depth_first() -> None:
    steps = list(Shape(FAMILY).walk())

    assert steps == [("a", 0), ("b", 1), ("d", 2), ("e", 3), ("c", 1), ("f", 2)]


def test_descendants_are_counted() -> None:
    assert Shape(FAMILY).descendants() == {"a": 5, "b": 2, "c": 1, "d": 1, "e": 0, "f": 0}


def test_a_chain_of_5000_needs_no_recursion() -> None:
    shape = Shape({str(n): str(n - 1) if n else None for n in range(5000)})

    assert shape.descendants()["0"] == 4999
    assert len(shape.path("4999")) == 5000
    assert len(shape.nearest("2500", 100)) == 100


@pytest.mark.parametrize(
    ("most", "kept"), [(1, "d"), (3, "abd"), (4, "abde"), (5, "abcde"), (6, "abcdef")]
)
def test_the_path_is_kept_first_and_then_the_nearest(most: int, kept: str) -> None:
    assert sorted(Shape(FAMILY).nearest("d", most).parents) == list(kept)


def test_unconnected_nodes_are_kept_last() -> None:
    parents = {"lost": None, **FAMILY}

    assert "lost" not in Shape(parents).nearest("a", 6).parents
    assert "lost" in Shape(parents).nearest("a", 7).parents
