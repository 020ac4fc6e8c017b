"""How a clip is made from a video: which part of it, and what is changed."""

from __future__ import annotations

import json
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


DECIMALS = {"start", "end", "fps"}


def _plain(value: Any) -> Any:
    """Write decimals so that equal ones are written alike."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
