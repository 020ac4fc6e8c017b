"""Rotate, crop, scale and pad pictures, and convert their colours."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import cast

from av.filter import Graph
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..recipe import Recipe
from .bands import band_count, banded, mapped
from .colors import MAPPED, TONE_MAPPED, input_tags, is_wide
from .graphs import filtered, picture_graph
from .limits import LARGE_PIXELS

TURNS = {
    (1, 0, 0, 1): (),
    (-1, 0, 0, -1): ("hflip", "vflip"),
    (0, 1, -1, 0): ("transpose=clock",),
    (0, -1, 1, 0): ("transpose=cclock",),
    (-1, 0, 0, 1): ("hflip",),
    (1, 0, 0, -1): ("vflip",),
    (0, 1, 1, 0): ("transpose=cclock_flip",),
    (0, -1, -1, 0): ("transpose=clock_flip",),
}
"""Filters by the signs of the first four numbers of a display matrix (ISO/IEC 14496-12)."""
MATRIX = struct.Struct("=9i")
LEAST_SIDE = 16
"""Pixels. The least that encoders and players are tested with."""
TICK = Fraction(1, 1000)
SMALL = f"scale={LEAST_SIDE}:{LEAST_SIDE}"


class Canvas:
    """Draw every picture of a video in the size of the clip."""

    def __init__(self, frame: VideoFrame, stream: VideoStream, recipe: Recipe) -> None:
        self._stream = stream
        self._shape = recipe.shape
        self._pixel = stream.sample_aspect_ratio or Fraction(1)
        self.turns = turns_of(frame)
        self._sizing: Graph | None = None
        self._mapping: Graph | None = None
        self._key: object = None
        self._bands = 1
        shown = self._shown_size(frame)
        self.width, self.height = (
            even(recipe.width or shown[0]),
            even(recipe.height or shown[1]),
        )

    def draw(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame of the clip, without a time."""
        key = _properties(frame)
        if self._sizing is None or self._key != key:
            self._key, self._mapping = key, None
            self._sizing = picture_graph(frame, TICK, self._sizing_filters(frame))
        frame.pts = 0
        sized = next(filtered(self._sizing, frame))
        if self._mapping is None:
            self._bands = self._band_count(sized)
            self._mapping = picture_graph(sized, TICK, self._mapping_filters(sized))
        return mapped(self._mapping, sized, self._bands)

    def _shown_size(self, frame: VideoFrame) -> tuple[int, int]:
        """Return width and height as players show them: turned, with square pixels."""
        width = max(1, round(frame.width * self._pixel))
        return (frame.height, width) if is_turned(self.turns) else (width, frame.height)

    def _sizing_filters(self, frame: VideoFrame) -> list[str]:
        sides = (self.width, self.height)
        width, height = reversed(sides) if is_turned(self.turns) else sides
        return [input_tags(frame, self._stream), *self._sized(frame, width, height)]

    def _mapping_filters(self, frame: VideoFrame) -> list[str]:
        scale = TONE_MAPPED if is_wide(frame, self._stream) else MAPPED
        mapping = [scale, "format=yuv420p"]
        bands = banded(mapping, frame.width, frame.height, self._bands)
        return [*bands, *self.turns, "setsar=1"]

    def _band_count(self, frame: VideoFrame) -> int:
        is_large = frame.width * frame.height > LARGE_PIXELS
        return band_count(frame.height) if is_large and is_wide(frame, self._stream) else 1

    def _sized(self, frame: VideoFrame, width: int, height: int) -> list[str]:
        """Return the filters that make a frame fit, before it is turned."""
        aspect = frame.width * self._pixel / frame.height / Fraction(width, height)
        if self._shape == "crop" and aspect != 1:
            crop_width = max(1, round(frame.width / max(aspect, Fraction(1))))
            crop_height = max(1, round(frame.height * min(aspect, Fraction(1))))
            return [f"crop={crop_width}:{crop_height}", f"scale={width}:{height}"]
        if self._shape == "pad" and aspect != 1:
            inner_width = even(width * min(aspect, Fraction(1)))
            inner_height = even(height / max(aspect, Fraction(1)))
            place = f"{(width - inner_width) // 4 * 2}:{(height - inner_height) // 4 * 2}"
            padded = f"pad={width}:{height}:{place}:black"
            return [f"scale={inner_width}:{inner_height}", padded]
        return [f"scale={width}:{height}"]


def even(side: Fraction | int) -> int:
    """Return the nearest even number of pixels that isn't larger by more than one."""
    return max(LEAST_SIDE, int(side) // 2 * 2)


def turns_of(frame: VideoFrame) -> tuple[str, ...]:
    """Return the filters that turn a frame as its display matrix says."""
    # Reading it makes a reference cycle in PyAV, which would keep a large frame in memory.
    frame.pts = 0
    small = next(filtered(picture_graph(frame, Fraction(1), [SMALL]), frame))
    matrix = cast("SideData | None", small.side_data.get("DISPLAYMATRIX"))
    if matrix is None:
        return ()
    a, b, _u, c, d, *_rest = MATRIX.unpack(bytes(matrix)[: MATRIX.size])
    largest = max(abs(a), abs(b), abs(c), abs(d), 1)
    signs = tuple(round(one / largest) for one in (a, b, c, d))
    return TURNS.get(signs, ())


def is_turned(turns: tuple[str, ...]) -> bool:
    """Tell whether width and height change places."""
    return any(turn.startswith("transpose") for turn in turns)


def _properties(frame: VideoFrame) -> object:
    """Return what a graph depends on."""
    return (
        frame.width,
        frame.height,
        frame.format.name,
        frame.colorspace,
        frame.color_range,
    )
