"""Clean foreign text before it is stored, logged or shown."""

from __future__ import annotations

from ..logs import printable
from .credentials import secrets

MOST_SHOWN = 500
"""Characters of an answer or an error that are kept."""
HIDDEN = "…"


def clean(text: object, most: int = MOST_SHOWN) -> str:
    """Return foreign text as one line of printable characters, shortened and without keys.

    The result is safe for databases and terminals.
    """
    # First, because a removed character could be in the middle of a key.
    return without_keys(printable(text))[:most].rstrip()


def without_keys(text: str) -> str:
    """Replace every key in a text."""
    for secret in secrets():
        text = text.replace(secret, HIDDEN)
    return text
