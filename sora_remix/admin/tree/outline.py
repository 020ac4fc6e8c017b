"""A family as one nested list: its order, its nesting, and what is open at first."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from .nodes import Family, TreeNode

SMALL = 60
"""Nodes of a tree that is open at first; of a larger one, only the path to its video is open."""
DEEPEST = 10
"""Lists nested in each other: phones have no room for more, and browsers have a limit."""


@dataclass(frozen=True)
class OutlineItem:
    """A node in its place in the list."""

    node: TreeNode
    source: TreeNode | None
    """What it was made from, where it isn't nested below that."""
    children: int
    descendants: int
    has_list: bool
    is_open: bool
    ends: range
    """One number for each list that ends after it."""

    @property
    def summary(self) -> str:
        """Say what is below it."""
        direct = ngettext("%(many)d made from it", "%(many)d made from it", self.children)
        if self.descendants == self.children:
            return direct % {"many": self.children}
        message = gettext("%(direct)s, %(all)d in total")
        return message % {"direct": direct % {"many": self.children}, "all": self.descendants}


def outline(family: Family) -> list[OutlineItem]:
    """Return all nodes in the order of the page, each after what it was made from."""
    shape = family.shape
    is_small = len(shape) <= SMALL
    path = set(shape.path(family.current))
    descendants = shape.descendants()
    steps = list(shape.walk())
    levels = [min(depth, DEEPEST) for _, depth in steps]
    return [
        OutlineItem(
            node=family.nodes[key],
            source=family.source(key) if depth > DEEPEST else None,
            children=len(shape.children[key]),
            descendants=descendants[key],
            has_list=depth < DEEPEST and bool(shape.children[key]),
            is_open=is_small or key in path,
            ends=range(level - following),
        )
        for (key, depth), level, following in zip(steps, levels, [*levels[1:], 0], strict=True)
    ]
