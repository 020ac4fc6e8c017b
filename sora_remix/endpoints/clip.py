"""What an endpoint wants to know of a video."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol


class Picture(Protocol):
    """What videos and images have in common; None is what is not known."""

    @property
    def size(self) -> int | None:
        """In bytes."""

    @property
    def width(self) -> int | None: ...

    @property
    def height(self) -> int | None: ...

    @property
    def extension(self) -> str:
        """What kind of file it is, as “.mp4”: lower case with its dot, empty without a file."""


class Clip(Picture, Protocol):
    """A video as endpoints see it."""

    sora_id: str
    is_deleted_at_provider: bool
    duration: Decimal | None
    fps: Decimal | None

    @property
    def is_still(self) -> bool:
        """Tell whether its file is known to have no moving picture."""


def short_side(picture: Picture) -> int | None:
    return min(picture.width, picture.height) if picture.width and picture.height else None


def long_side(picture: Picture) -> int | None:
    return max(picture.width, picture.height) if picture.width and picture.height else None


def aspect(picture: Picture) -> Decimal | None:
    """Return the width divided by the height."""
    return Decimal(picture.width) / picture.height if picture.width and picture.height else None
