"""Make whole pictures of interlaced ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from av.filter import Graph
from av.video.frame import VideoFrame

from .graphs import filtered, picture_graph
from .pictures import TimedPicture

FILTER = "bwdif=mode=send_frame:deint=interlaced"


def deinterlaced(
    pictures: Iterable[TimedPicture], tick: Fraction, period: Fraction
) -> Iterator[TimedPicture]:
    """Yield the pictures, filtered from the first interlaced one on."""
    graph: Graph | None = None
    shape: tuple[int, int, str] | None = None
    first = Fraction(0)
    for picture in pictures:
        frame = picture.frame
        if graph is None and not frame.interlaced_frame:
            yield picture
            continue
        if shape != _shape(frame):
            yield from _drained(graph, first, period)
            shape, graph = _shape(frame), picture_graph(frame, tick, [FILTER])
        assert graph is not None  # noqa: S101  (set with the shape)
        first = picture.time - (frame.pts or 0) * tick
        yield from _timed(filtered(graph, frame), first, period)
    yield from _drained(graph, first, period)


def _drained(graph: Graph | None, first: Fraction, period: Fraction) -> Iterator[TimedPicture]:
    if graph is not None:
        yield from _timed(filtered(graph, None), first, period)


def _timed(
    frames: Iterable[VideoFrame], first: Fraction, period: Fraction
) -> Iterator[TimedPicture]:
    for frame in frames:
        seconds = (frame.pts or 0) * (frame.time_base or Fraction(1))
        yield TimedPicture(frame, first + seconds, period)


def _shape(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name
