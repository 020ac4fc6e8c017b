"""Which nodes of a tree are closed, as the address of the page says it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict
from django.utils.http import urlencode

from .shape import Shape

SMALL = 60
"""So many nodes are all open at first."""
ALL, NONE, PATH = "all", "none", "path"
"""What is open: everything, nothing, or what leads to the video of the page."""


@dataclass(frozen=True)
class Folding:
    """A rule, and the nodes that were opened or closed against it."""

    rule: str
    flipped: frozenset[str] = frozenset()

    @classmethod
    def asked(cls, query: QueryDict, shape: Shape) -> Folding:
        """Read what is asked for; by default a large tree is closed beside the way to the video."""
        rule = query.get("show", "")
        if rule not in (ALL, NONE, PATH):
            rule = ALL if len(shape) <= SMALL else PATH
        return cls(rule, frozenset(query.get("flip", "").split("-")) & shape.parents.keys())

    def closed(self, shape: Shape, current: str) -> frozenset[str]:
        """Return the nodes of which nothing is shown but themselves."""
        full = {key for key, children in shape.children.items() if children}
        opened = {ALL: full, NONE: set(), PATH: full & set(shape.path(current))}[self.rule]
        return frozenset((full - opened) ^ (self.flipped & full))

    def flip(self, key: str) -> Folding:
        """Open what is closed, or close what is open."""
        return Folding(self.rule, self.flipped ^ {key})

    @property
    def flips(self) -> str:
        return "-".join(sorted(self.flipped))

    @property
    def query(self) -> str:
        """The part of the address that says it."""
        flips = {"flip": self.flips} if self.flipped else {}
        return "?" + urlencode({"show": self.rule, **flips})
