"""The titles of results, by which those of several videos and prompts can be told apart."""

from __future__ import annotations

import re
from unicodedata import normalize

from django.utils.text import Truncator

from ..models import Remix

SOURCE_SHOWN = 100
PROMPT_SHOWN = 80
MOST = 200
"""Characters that the column holds; combining ones don't count as shown."""
BETWEEN = " ,.;:–—-"


def title_of_result(remix: Remix) -> str:
    """Return the title of the source and the prompt, which may contain that title already."""
    source, prompt = _in_one_line(remix.source.title), _in_one_line(remix.prompt)
    words = re.compile(rf"(?<!\w){re.escape(source)}(?!\w)", re.IGNORECASE)
    if found := words.match(prompt):
        prompt = prompt[found.end() :].strip(BETWEEN)
    shown = Truncator(prompt).chars(PROMPT_SHOWN)
    if words.search(shown):
        return shown[:MOST]
    parts = (Truncator(source).chars(SOURCE_SHOWN), shown)
    return " – ".join(filter(None, parts))[:MOST]


def _in_one_line(text: str) -> str:
    return " ".join(normalize("NFC", text).split())
