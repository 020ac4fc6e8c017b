"""Choose which picture is shown at which place of a clip with a constant frame rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from .errors import EmptyPart
from .pictures import TimedPicture

ROUNDING = Fraction(1, 2000)
"""Seconds. People type and see milliseconds."""


@dataclass(frozen=True)
class Shown:
    """A picture, and for how many frames of the clip it is shown."""

    picture: TimedPicture
    frames: int
    base: Fraction
    """Where the clip begins, in seconds from the first picture of the video."""


def scheduled(
    pictures: Iterable[TimedPicture],
    start: Fraction,
    end: Fraction | None,
    rate: Fraction,
    period: Fraction,
    video_end: Fraction | None,
) -> Iterator[Shown]:
    """Yield what a clip from `start` to `end` shows at a rate.

    `period` is the usual time between two pictures of the video. `video_end` is where the last one
    ends at the latest, if that is known.

    The clip begins with the first picture that starts in the part. If there is none within a
    period, it begins with the one that is shown at its start. Raise `EmptyPart` if there is none.
    """
    return _Schedule(start, end, rate, period, video_end).run(pictures)


class _Schedule:
    def __init__(
        self,
        start: Fraction,
        end: Fraction | None,
        rate: Fraction,
        period: Fraction,
        video_end: Fraction | None,
    ) -> None:
        self._start, self._end, self._rate, self._period = start, end, rate, period
        self._video_end = video_end
        self._lead = min(period, 1 / rate) / 2
        self._base: Fraction | None = None
        self._count = 0

    def run(self, pictures: Iterable[TimedPicture]) -> Iterator[Shown]:
        shown: TimedPicture | None = None
        for picture in pictures:
            if self._end is not None and picture.time >= self._end - ROUNDING:
                yield from self._show(shown, self._end - ROUNDING)
                break
            if picture.time >= self._start - ROUNDING:
                if self._base is None:
                    self._base = self._choose_base(shown, picture)
                yield from self._show(shown, picture.time - self._lead)
            shown = picture
        else:
            yield from self._show_last(shown)
        if not self._count:
            raise EmptyPart

    def _choose_base(self, shown: TimedPicture | None, picture: TimedPicture) -> Fraction:
        is_near = picture.time - self._start < self._period
        return picture.time if shown is None or is_near else self._start

    def _show_last(self, shown: TimedPicture | None) -> Iterator[Shown]:
        """Show the last picture of the video for its length, rounded to frames."""
        if shown is None:
            return
        # In MP4, the duration of a packet isn't that of its picture if their order differs.
        video_end = min(shown.end, self._video_end or shown.end)
        video_end = max(video_end, shown.time + min(shown.duration, self._period))
        if video_end <= self._start + ROUNDING:
            return
        end = video_end - min(self._period, 1 / self._rate) / 4
        if self._end is not None:
            end = min(end, self._end - ROUNDING)
        yield from self._show(shown, max(end, shown.time))

    def _show(self, shown: TimedPicture | None, until: Fraction) -> Iterator[Shown]:
        if shown is None:
            return
        if self._base is None:
            self._base = max(self._start, shown.time)
        frames = max(0, ceil((until - self._base) * self._rate)) - self._count
        if frames > 0:
            self._count += frames
            yield Shown(shown, frames, self._base)
