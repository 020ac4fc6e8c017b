"""Any rows make a tree, however deep they go and whatever is wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_remix.admin.tree.shape import Shape

ANY_PARENTS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.none() | st.sampled_from("abcdefghz"), min_size=1
)
"""What is made from itself, around corners too, or from what is not there, among them."""
FAMILY = {"a": None, "b": "a", "c": "a", "d": "b", "e": "d", "f": "c"}


@given(ANY_PARENTS)
def test_each_node_is_walked_over_once_after_what_it_was_made_from(
    parents: dict[str, str | None],
) -> None:
    shape = Shape(parents)

    walked = [key for key, _ in shape.walk()]

    assert sorted(walked) == sorted(parents)
    for key in parents:
        parent = shape.parents[key]
        assert parent is None or walked.index(parent) < walked.index(key)


@given(ANY_PARENTS)
def test_only_what_leads_back_to_itself_is_taken_from_its_parent(
    parents: dict[str, str | None],
) -> None:
    shape = Shape(parents)

    for key, parent in parents.items():
        if shape.parents[key] != parent:
            way: list[str | None] = [key]
            while (last := way[-1]) is not None and way.count(last) == 1:
                way.append(parents.get(last))
            assert way[-1] == key or parent not in parents


def test_the_walk_goes_down_before_it_goes_on() -> None:
    steps = list(Shape(FAMILY).walk())

    assert steps == [("a", 0), ("b", 1), ("d", 2), ("e", 3), ("c", 1), ("f", 2)]


def test_nothing_is_walked_over_below_what_is_closed() -> None:
    assert [key for key, _ in Shape(FAMILY).walk({"b", "f"})] == ["a", "b", "c", "f"]


def test_all_that_stands_below_a_node_is_counted() -> None:
    assert Shape(FAMILY).below() == {"a": 5, "b": 2, "c": 1, "d": 1, "e": 0, "f": 0}


def test_a_chain_of_5000_is_no_deeper_than_python() -> None:
    shape = Shape({str(n): str(n - 1) if n else None for n in range(5000)})

    assert shape.below()["0"] == 4999
    assert len(shape.path("4999")) == 5000
    assert len(shape.nearest("2500", 100)) == 100


@pytest.mark.parametrize(
    ("most", "kept"), [(1, "d"), (3, "abd"), (4, "abde"), (5, "abcde"), (6, "abcdef")]
)
def test_the_way_back_is_kept_first_and_then_what_is_near(most: int, kept: str) -> None:
    assert sorted(Shape(FAMILY).nearest("d", most).parents) == list(kept)


def test_what_hangs_together_with_nothing_is_kept_last() -> None:
    parents = {"lost": None, **FAMILY}

    assert "lost" not in Shape(parents).nearest("a", 6).parents
    assert "lost" in Shape(parents).nearest("a", 7).parents
