"""The README and the docs as files, and the blocks of code in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
"""Directives of MyST have their name in braces, and are none."""


class Block(NamedTuple):
    """A block of code in a page."""

    language: str
    text: str

    @property
    def kind(self) -> str:
        """Return the comment in its first line, such as “settings.py”."""
        first = self.text.partition("\n")[0]
        return first.removeprefix("# ") if first.startswith("# ") else ""


def pages() -> list[Path]:
    """Return the README and every page of the docs."""
    built = DOCS / "_build"
    return [README, *(path for path in sorted(DOCS.rglob("*.md")) if built not in path.parents)]


def blocks(page: Path, language: str) -> list[Block]:
    """Return the blocks of a page in a language, in their order."""
    found = (Block(*match.groups()) for match in BLOCK.finditer(page.read_text()))
    return [block for block in found if block.language == language]


def block(page: Path, language: str, holding: str) -> str:
    """Return the first block of a page in a language that holds a text."""
    return next(one.text for one in blocks(page, language) if holding in one.text)
