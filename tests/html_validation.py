"""Errors in the HTML of a page."""

from __future__ import annotations

from collections import Counter

import html5lib
from html5lib.constants import E


def faults(page: str) -> list[str]:
    """Return the parse errors of a page by the HTML standard, and the ids that it has twice."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(page)
    wrong = [f"line {line}: {E[code] % words}" for (line, _), code, words in parser.errors]
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    return [*wrong, *(f"id twice: {name}" for name, many in ids.items() if many > 1)]
