"""How a clip is made from a video: which part of it, and what is changed."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Literal, Self

Shape = Literal["", "crop", "pad"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is cut and changed. The clip is always an MP4 with H.264, and AAC if there is sound."""

    start: Decimal = Decimal(0)
    """Seconds from the first picture."""
    end: Decimal | None = None
    """Seconds from the first picture; None for the end of the video."""
    width: int | None = None
    """Even pixels, as players show them; None keeps those of the video. Set with `height`."""
    height: int | None = None
    shape: Shape = ""
    """What is done to the picture if width and height have another aspect ratio than the video:
    it is cropped in the middle, or padded with black."""
    fps: Decimal | None = None
    """Frames per second; None keeps the usual rate of the video."""
    max_bytes: int | None = None
    """Largest size of the file."""

    def to_text(self) -> str:
        """Return the same text for equal recipes, by which a clip is found again."""
        values = {name: _plain(value) for name, value in asdict(self).items()}
        kept = {name: value for name, value in values.items() if value not in (None, "", "0")}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a recipe. Raise `ValueError` if it is none."""
        values: dict[str, Any] = json.loads(text)
        if unknown := values.keys() - {field.name for field in fields(cls)}:
            raise ValueError(f"unknown parts of a recipe: {', '.join(sorted(unknown))}")
        decimals = {name: Decimal(values[name]) for name in DECIMALS & values.keys()}
        return cls(**{**values, **decimals})


TIME = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,6}):)?(\d{1,9}(?:\.\d{1,6})?)", re.ASCII)
"""Hours, minutes and seconds."""
DECIMALS = {"start", "end", "fps"}


def seconds_of(time: str) -> Decimal:
    """Return the seconds of a time such as “12.5”, “0:12.5” or “1:02:03”. Raise `ValueError`."""
    if not (found := TIME.fullmatch(time.strip())):
        raise ValueError(f"{time!r} is not a time")
    hours, minutes, seconds = (Decimal(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def time_of(seconds: Decimal) -> str:
    """Return seconds as such a time, as “0:12.5”."""
    whole, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(whole), 60)
    text = f"{rest.normalize():f}"
    padded = text.zfill(2 + len(text.partition(".")[1] + text.partition(".")[2]))
    return f"{hours}:{minutes:02}:{padded}" if hours else f"{minutes}:{padded}"


def _plain(value: Any) -> Any:
    """Write decimals so that equal ones are written alike."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
