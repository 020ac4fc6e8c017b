"""The drawing of a tree, and the nested list that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from unicodedata import east_asian_width

from django.utils.translation import gettext, ngettext

from .folding import Folding
from .layout import Place, arrange
from .nodes import Family, Node

WIDTH, HEIGHT = 288, 96
"""Of a card, in pixels; its template has the places of what is on it."""
ACROSS, DOWN = WIDTH + 80, HEIGHT + 16
"""From one card to the next."""
MARGIN = 8
TRUNK = 68
"""From a card to where the ways to what was made from it part, beyond its toggle and count."""
ROUND = 8
LINES = 2
LETTERS = 21
"""That a line of a card has room for, beside the picture."""
DEEPEST = 10
"""So many lists are nested in one another: a phone has no room for more, and browsers an end."""


@dataclass(frozen=True)
class Card:
    """A node in its place, in pixels."""

    node: Node
    x: int
    y: int
    is_closed: bool
    below: int
    query: str
    """Leads to the page with this card opened or closed."""

    @property
    def lines(self) -> list[str]:
        """The name of the node, cut to the room that there is."""
        return cut(self.node.heading, LINES)

    @property
    def endpoint(self) -> str:
        return "".join(cut(self.node.endpoint, 1)) if self.node.has_details else ""

    @property
    def toggle(self) -> str:
        """What pressing the toggle does."""
        if self.is_closed:
            message = ngettext("Show %(many)d more", "Show %(many)d more", self.below)
        else:
            message = ngettext("Hide %(many)d below", "Hide %(many)d below", self.below)
        return message % {"many": self.below}


@dataclass(frozen=True)
class Item:
    """A node in the list."""

    node: Node
    source: Node | None
    """What it was made from, where it does not stand below that."""
    children: int
    below: int
    has_list: bool
    is_open: bool
    ends: Sequence[int]
    """As many numbers as lists end after it."""

    @property
    def summary(self) -> str:
        """Say what hangs below it."""
        direct = ngettext("%(many)d made from it", "%(many)d made from it", self.children)
        if self.below == self.children:
            return direct % {"many": self.children}
        message = gettext("%(direct)s, %(all)d in total")
        return message % {"direct": direct % {"many": self.children}, "all": self.below}


class Drawing:
    """What is open of a family, placed from left to right."""

    def __init__(self, family: Family, folding: Folding) -> None:
        self.family = family
        self.folding = folding
        self._closed = folding.closed(family.shape, family.current)
        self._below = family.shape.below()
        self._cards = {
            key: self._card(key, place)
            for key, place in arrange(family.shape, self._closed).items()
        }

    @property
    def cards(self) -> list[Card]:
        return list(self._cards.values())

    @property
    def edges(self) -> str:
        """Return the paths from each card to all that were made from it."""
        parents = ((self.family.shape.parents[key], card) for key, card in self._cards.items())
        return "".join(_edge(self._cards[key], card) for key, card in parents if key)

    @property
    def width(self) -> int:
        """Of all cards, with the toggles at the right."""
        return max(card.x for card in self._cards.values()) + ACROSS

    @property
    def height(self) -> int:
        return max(card.y for card in self._cards.values()) + HEIGHT + MARGIN

    @property
    def closed(self) -> str:
        """Name what is closed, for the script."""
        return "-".join(sorted(self._closed))

    @property
    def said(self) -> str:
        """Say how much is open."""
        many, shown = len(self.family.shape), len(self._cards)
        message = ngettext(
            "%(shown)d of %(many)d is shown", "%(shown)d of %(many)d are shown", many
        )
        return message % {"shown": shown, "many": many}

    @property
    def items(self) -> list[Item]:
        """Return all nodes as they stand in the list, whatever is closed."""
        steps = list(self.family.shape.walk())
        levels = [min(depth, DEEPEST) for _, depth in steps]
        return [
            self._item(step.key, step.depth, level - following)
            for step, level, following in zip(steps, levels, [*levels[1:], 0], strict=True)
        ]

    def _card(self, key: str, place: Place) -> Card:
        return Card(
            node=self.family.nodes[key],
            x=MARGIN + place.column * ACROSS,
            y=MARGIN + place.row * DOWN,
            is_closed=key in self._closed,
            below=self._below[key],
            query=self.folding.flip(key).query if self._below[key] else "",
        )

    def _item(self, key: str, depth: int, ends: int) -> Item:
        shape = self.family.shape
        parent = shape.parents[key] if depth > DEEPEST else None
        return Item(
            node=self.family.nodes[key],
            source=self.family.nodes[parent] if parent else None,
            children=len(shape.children[key]),
            below=self._below[key],
            has_list=depth < DEEPEST and bool(shape.children[key]),
            is_open=key not in self._closed,
            ends=range(ends),
        )


def cut(text: str, lines: int) -> list[str]:
    """Break a text into lines for a card; letters of East Asia take the room of two."""
    is_wide = any(east_asian_width(letter) in "WF" for letter in text)
    letters = LETTERS // 2 if is_wide else LETTERS
    broken = wrap(text, letters)
    if len(broken) > lines:
        broken[lines - 1] = broken[lines - 1][: letters - 1] + "…"
    return broken[:lines]


def _edge(source: Card, card: Card) -> str:
    """Go to the right, down and to the right; the ways to all of a fan are one at first."""
    x, y, end = source.x + WIDTH, source.y + HEIGHT // 2, card.y + HEIGHT // 2
    if y == end:
        return f"M{x} {y}H{card.x}"
    return f"M{x + TRUNK} {y}V{end - ROUND}q0 {ROUND} {ROUND} {ROUND}H{card.x}"
