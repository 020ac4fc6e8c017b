"""Which node was made from which, as a tree of any depth, without recursion."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping


class Shape:
    """A forest: each node has one parent at most, and none is its own ancestor."""

    def __init__(self, parents: Mapping[str, str | None]) -> None:
        """Take a node as a top if it leads back to itself or if its parent is missing."""
        self.parents = _without_rings(parents)
        self.children: dict[str, list[str]] = {key: [] for key in self.parents}
        for key, parent in self.parents.items():
            if parent is not None:
                self.children[parent].append(key)
        self.tops = [key for key, parent in self.parents.items() if parent is None]

    def __len__(self) -> int:
        return len(self.parents)

    def walk(self) -> Iterator[tuple[str, int]]:
        """Yield each node with its depth, before what was made from it."""
        waiting = [(top, 0) for top in reversed(self.tops)]
        while waiting:
            key, depth = waiting.pop()
            yield key, depth
            waiting += ((child, depth + 1) for child in reversed(self.children[key]))

    def path(self, key: str) -> list[str]:
        """Return a node, what it was made from, and so on up to the top."""
        path = [key]
        while (parent := self.parents[path[-1]]) is not None:
            path.append(parent)
        return path

    def descendants(self) -> dict[str, int]:
        """Return the number of nodes below each, at any depth."""
        many = dict.fromkeys(self.parents, 0)
        for key, _ in reversed(list(self.walk())):
            if (parent := self.parents[key]) is not None:
                many[parent] += 1 + many[key]
        return many

    def nearest(self, key: str, most: int) -> Shape:
        """Return at most `most` nodes: first the path to this one, then the nearest."""
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
        """Return the tree without the other nodes."""
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
