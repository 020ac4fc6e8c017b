"""The facts of a video that endpoints use."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol


class Picture(Protocol):
    """An image or a video; None stands for an unknown fact."""

    @property
    def size(self) -> int | None:
        """In bytes."""

    @property
    def width(self) -> int | None: ...

    @property
    def height(self) -> int | None: ...

    @property
    def extension(self) -> str:
        """The kind of file, as “.mp4”: lower case with its dot, empty without a file."""


class Clip(Picture, Protocol):
    """A video as endpoints see it."""

    @property
    def sora_id(self) -> str: ...

    @property
    def is_deleted_at_provider(self) -> bool: ...

    @property
    def duration(self) -> Decimal | None: ...

    @property
    def fps(self) -> Decimal | None: ...

    @property
    def is_still(self) -> bool:
        """Tell whether its file is known to have no moving picture."""

    @property
    def video_codec(self) -> str:
        """The codec of its picture by FFmpeg's name, as “h264”; empty when unknown."""

    @property
    def pixel_format(self) -> str:
        """How its colours are stored, by FFmpeg's name, as “yuv420p”; empty when unknown."""

    @property
    def is_cut_off(self) -> bool:
        """Tell whether its file is known to lack its end; its duration is then of what is left."""
