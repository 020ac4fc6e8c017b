"""A video as endpoints see it, of which only length and kind are known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass
class Clip:
    sora_id: str = "video_123"
    is_deleted_at_provider: bool = False
    duration: Decimal | None = Decimal(4)
    size: int | None = None
    width: int | None = None
    height: int | None = None
    fps: Decimal | None = None
    extension: str = ".mp4"
    is_still: bool = False
    video_codec: str = ""
    pixel_format: str = ""
    is_cut_off: bool = False
