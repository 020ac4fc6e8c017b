"""The sides of a picture, and which of them an endpoint accepts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from ..recipe import Shape
    from .source import Source


class Frame(NamedTuple):
    """Width and height in pixels, as players show them."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"

    @property
    def shorter(self) -> int:
        return min(self)

    @property
    def longer(self) -> int:
        return max(self)

    @property
    def aspect(self) -> Fraction:
        """Return the width divided by the height."""
        return Fraction(self.width, self.height)


@dataclass(frozen=True, kw_only=True)
class FrameRange:
    """The pictures that a source accepts."""

    least: int | None
    """Pixels of the shorter side."""
    most: int | None
    """Pixels of the longer side."""
    narrowest: Fraction | None
    """Width divided by height."""
    widest: Fraction | None

    @classmethod
    def of(cls, source: Source) -> Self:
        """Read the limits of a source.

        No scaling brings a picture within limits of its sides whose ratio is beyond their ratio.
        """
        narrowest, widest = _fraction(source.min_aspect), _fraction(source.max_aspect)
        if source.min_side and source.max_side:
            longest = Fraction(source.max_side, source.min_side)
            narrowest = max(narrowest or 1 / longest, 1 / longest)
            widest = min(widest or longest, longest)
        return cls(least=source.min_side, most=source.max_side, narrowest=narrowest, widest=widest)

    def allows_aspect(self, frame: Frame) -> bool:
        """Tell whether a picture of this shape can be scaled so that it is accepted."""
        return frame.aspect == self._nearest(frame.aspect)

    def shaped(self, frame: Frame, shape: Shape) -> Frame:
        """Return the size after cropping or padding to the nearest aspect ratio."""
        aspect = self._nearest(frame.aspect)
        if aspect == frame.aspect:
            return frame
        is_too_wide = frame.aspect > aspect
        is_padded = shape == "pad"
        if is_too_wide != is_padded:
            height = _even(frame.height, up=is_padded)
            return Frame(_even(height * aspect, up=is_padded), height)
        width = _even(frame.width, up=is_padded)
        return Frame(width, _even(width / aspect, up=is_padded))

    def scaled(self, frame: Frame) -> Frame:
        """Return the size after scaling it into the limits of its sides."""
        if self.most and frame.longer > self.most:
            return _scaled_by(frame, Fraction(self.most, frame.longer))
        if self.least and frame.shorter < self.least:
            return _scaled_by(frame, Fraction(self.least, frame.shorter))
        return frame

    def _nearest(self, aspect: Fraction) -> Fraction:
        if self.widest is not None and aspect > self.widest:
            return self.widest
        if self.narrowest is not None and aspect < self.narrowest:
            return self.narrowest
        return aspect


def _scaled_by(frame: Frame, factor: Fraction) -> Frame:
    """Scale a picture; rounding brings its sides nearer to each other, never beyond a limit."""
    width, height = frame
    return Frame(
        _even(width * factor, up=width < height), _even(height * factor, up=height < width)
    )


def _fraction(limit: Decimal | int | None) -> Fraction | None:
    return None if limit is None else Fraction(limit)


def _even(pixels: Fraction | int, *, up: bool) -> int:
    """Round to even pixels, which H.264 needs."""
    half = Fraction(pixels) / 2
    return 2 * max(1, ceil(half) if up else floor(half))
