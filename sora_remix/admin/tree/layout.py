"""Where the nodes of a tree stand, from left to right, so that none covers another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .shape import Shape


class Place(NamedTuple):
    """Where a node stands; each is one row high and one column wide."""

    column: int
    row: int


@dataclass
class _Reach:
    """The first and last row that a subtree takes in each column, seen from its top.

    The deepest column comes first: a node goes before all that hangs below it in one step.
    """

    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)

    def moved(self, rows: int) -> _Reach:
        return _Reach([row + rows for row in self.first], [row + rows for row in self.last])

    def clearance(self, lower: _Reach) -> int:
        """Return how far down the lower one has to go so that it covers nothing of this one."""
        pairs = zip(reversed(self.last), reversed(lower.first), strict=False)
        return max((last + 1 - first for last, first in pairs), default=0)

    def joined(self, lower: _Reach) -> _Reach:
        """Return what both take together."""
        return _Reach(_longer(self.first, lower.first), _longer(lower.last, self.last))


def arrange(shape: Shape, closed: Collection[str] = ()) -> dict[str, Place]:
    """Place the nodes that are not below a closed one.

    What was made from a node stands in the next column, the first beside it and the others below
    in their order. Subtrees are as close as they can be without covering each other, as in
    Reingold and Tilford, “Tidier Drawings of Trees”, 1981
    (https://doi.org/10.1109/TSE.1981.234519); but a node stands beside the first of them and not
    beside their middle, which may be a hundred rows away.
    """
    steps = list(shape.walk(closed))
    offsets = _offsets(shape, [step.key for step in steps], closed)
    places: dict[str, Place] = {}
    for key, depth in steps:
        parent = shape.parents[key]
        places[key] = Place(depth, offsets[key] + (places[parent].row if parent else 0))
    return places


def _offsets(shape: Shape, keys: Sequence[str], closed: Collection[str]) -> dict[str, int]:
    """Return how far below its parent each node stands; of a top: below the first one."""
    offsets: dict[str, int] = {}
    reaches: dict[str, _Reach] = {}
    for key in reversed(keys):
        children = () if key in closed else shape.children[key]
        reaches[key] = _stack(children, reaches, offsets)
        reaches[key].first.append(0)
        reaches[key].last.append(0)
    _stack(shape.tops, reaches, offsets)
    return offsets


def _stack(keys: Sequence[str], reaches: dict[str, _Reach], offsets: dict[str, int]) -> _Reach:
    """Set subtrees below one another; return what they take together."""
    taken = _Reach()
    for key in keys:
        reach = reaches.pop(key)
        offsets[key] = taken.clearance(reach)
        taken = taken.joined(reach.moved(offsets[key]))
    return taken


def _longer(preferred: list[int], other: list[int]) -> list[int]:
    """Return the rows of one, and beyond its deepest column those of the other."""
    return other[: max(0, len(other) - len(preferred))] + preferred
