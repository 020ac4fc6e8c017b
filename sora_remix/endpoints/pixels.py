"""How the colours of pictures are stored, by FFmpeg's names of pixel formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext_lazy as _

from .values import Text

FITTED_PIXELS = "yuv420p"
"""Of a fitted clip."""
USUAL_PIXELS = (FITTED_PIXELS, "yuvj420p")
"""What cameras, browsers and models agree on: 8 bit, 4:2:0, in limited or full range."""
GIF_PIXELS = "bgra"
"""Of every GIF, as FFmpeg decodes it."""
YUV = re.compile(r"yuv[aj]?(4)(\d)(\d)p(\d*)")


def pixel_changes(before: str, after: str) -> Iterator[tuple[Text, Text]]:
    """Yield in what two formats differ: each time as before and after, such as “4:4:4”, “4:2:0”."""
    pairs = zip(_parts(before), _parts(after), strict=True)
    differing = [(old, new) for old, new in pairs if old and str(old) != str(new)]
    yield from differing or [(before, after)]


def pixel_names(formats: Iterable[str]) -> str:
    """Name formats as people do, such as “4:2:0, 8 bit”."""
    names = (", ".join(map(str, filter(None, _parts(one)))) for one in formats)
    return " / ".join(dict.fromkeys(names))


def _parts(name: str) -> tuple[Text, Text]:
    """Return the sampling of the colours, and their depth; other formats have FFmpeg's name."""
    if not (found := YUV.match(name)):
        return name, ""
    *sampling, bits = found.groups()
    return ":".join(sampling), _("%(bits)s bit") % {"bits": bits or 8}
