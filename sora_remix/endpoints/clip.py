"""What an endpoint wants to know of a video."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol


class Clip(Protocol):
    """A video as endpoints see it; None is what is not known."""

    sora_id: str
    is_deleted_at_provider: bool
    duration: Decimal | None
    size: int | None
    width: int | None
    height: int | None
    fps: Decimal | None

    @property
    def extension(self) -> str:
        """What the file's name ends in: lower case with its dot, empty without a file."""


def short_side(clip: Clip) -> int | None:
    return min(clip.width, clip.height) if clip.width and clip.height else None


def long_side(clip: Clip) -> int | None:
    return max(clip.width, clip.height) if clip.width and clip.height else None


def aspect(clip: Clip) -> Decimal | None:
    """Return the width divided by the height."""
    return Decimal(clip.width) / clip.height if clip.width and clip.height else None
