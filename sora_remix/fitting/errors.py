"""Reasons why no clip is made."""

from __future__ import annotations

from fractions import Fraction


class BrokenAt(Exception):
    """The source can't be decoded from this time on."""

    def __init__(self, second: Fraction, detail: object) -> None:
        super().__init__(f"{float(second):.3f} s: {detail}")
        self.second = second
        """Seconds from the first picture."""


class EmptyPart(Exception):
    """The video shows nothing in this part."""


class OverSize(Exception):
    """The clip is larger than the recipe allows."""


class NotCopyable(Exception):
    """The part has to be encoded."""
