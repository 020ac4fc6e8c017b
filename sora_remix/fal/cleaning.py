"""Clean what comes from outside before it is stored, logged or shown."""

from __future__ import annotations

from ..logs import printable
from .credentials import secrets

MOST_SHOWN = 500
"""Characters of an answer or an error that are kept."""
HIDDEN = "…"


def clean(text: object, most: int = MOST_SHOWN) -> str:
    """Return foreign text as one line of at most so many printable characters, without any key.

    Control characters, lone surrogates and marks that change the direction of writing are
    removed, and whitespace becomes one space: no database refuses it, and no terminal obeys it.
    """
    # Before keys are looked for: what is removed could stand in the middle of one.
    return without_keys(printable(text))[:most].rstrip()


def without_keys(text: str) -> str:
    """Return a text as it is, but without any key."""
    for secret in secrets():
        text = text.replace(secret, HIDDEN)
    return text
