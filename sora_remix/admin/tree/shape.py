"""What was made from what, as a tree of any depth: pure, and without recursion."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """One node on the walk through a tree."""

    key: str
    depth: int


class Shape:
    """Which node was made from which: each from one at most, and none from itself."""

    def __init__(self, parents: Mapping[str, str | None]) -> None:
        """Take whatever leads back to itself, or to what is not there, for a beginning."""
        self.parents = _without_rings(parents)
        self.children: dict[str, list[str]] = {key: [] for key in self.parents}
        for key, parent in self.parents.items():
            if parent is not None:
                self.children[parent].append(key)
        self.tops = [key for key, parent in self.parents.items() if parent is None]

    def __len__(self) -> int:
        return len(self.parents)

    def walk(self, closed: Collection[str] = ()) -> Iterator[Step]:
        """Yield each node before what was made from it, but nothing of what is closed."""
        waiting = [Step(top, 0) for top in reversed(self.tops)]
        while waiting:
            yield (step := waiting.pop())
            if step.key not in closed:
                waiting += (Step(one, step.depth + 1) for one in reversed(self.children[step.key]))

    def path(self, key: str) -> list[str]:
        """Return a node, what it was made from, and so on to the beginning."""
        path = [key]
        while (parent := self.parents[path[-1]]) is not None:
            path.append(parent)
        return path

    def below(self) -> dict[str, int]:
        """Return how many nodes stand below each, however deep."""
        many = dict.fromkeys(self.parents, 0)
        for key, _ in reversed(list(self.walk())):
            if (parent := self.parents[key]) is not None:
                many[parent] += 1 + many[key]
        return many

    def nearest(self, key: str, most: int) -> Shape:
        """Return at most so many nodes: what this one was made from first, then by distance."""
        seen = [key]
        known = {key}
        for one in seen:  # grows while it is read
            parent = self.parents[one]
            around = self.children[one] if parent is None else [parent, *self.children[one]]
            new = [near for near in around if near not in known]
            seen += new
            known.update(new)
        in_order = dict.fromkeys((*self.path(key), *seen, *self.parents))
        return self.only(set(list(in_order)[:most]))

    def only(self, keys: Collection[str]) -> Shape:
        """Return what is left with these nodes alone."""
        return Shape({one: parent for one, parent in self.parents.items() if one in keys})


def _without_rings(parents: Mapping[str, str | None]) -> dict[str, str | None]:
    whole = {key: parent if parent in parents else None for key, parent in parents.items()}
    settled: set[str] = set()
    for start in whole:
        walked: set[str] = set()
        key: str | None = start
        while key is not None and key not in settled and key not in walked:
            walked.add(key)
            key = whole[key]
        if key in walked:
            whole[key] = None
        settled |= walked
    return whole
