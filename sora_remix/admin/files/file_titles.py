"""The title of an upload whose file name is all that is known about it."""

from __future__ import annotations

import re
from unicodedata import normalize

from django.utils.translation import gettext

MOST = 200
"""Characters that the column holds."""
EXTENSION = re.compile(r"\.\w{1,5}$")
BETWEEN_WORDS = re.compile(r"[\s_-]+")


def title_from_name(name: str) -> str:
    """Return a file name without its extension, with spaces for `_` and `-`."""
    words = BETWEEN_WORDS.sub(" ", EXTENSION.sub("", normalize("NFC", name)))
    shown = "".join(one for one in words if one.isprintable())
    return shown.strip(" .")[:MOST] or gettext("Untitled")
