"""Read and filter single frames of a video, and measure their contrast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import islice, pairwise

from av.container import InputContainer
from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

GRAY = 16
"""Width and height, in pixels, of the picture whose contrast is measured."""


def keyframes(
    container: InputContainer, stream: VideoStream, places: Sequence[float]
) -> Iterator[VideoFrame]:
    """Yield the readable keyframes at or before these places, from 0 (start) to 1 (end)."""
    for place in places:
        with suppress(FFmpegError):
            container.seek(int(place * (container.duration or 0)))
            yield from islice(container.decode(stream), 1)


def beginning(
    container: InputContainer, stream: VideoStream, many: int, step: int
) -> Iterator[VideoFrame]:
    """Yield every `step`-th of the first `many` frames, until one can't be read."""
    with suppress(FFmpegError):
        container.seek(0)
        yield from islice(container.decode(stream), 0, many, step)


def gray(frame: VideoFrame) -> bytes:
    """Return a frame as `GRAY` × `GRAY` gray levels, row by row."""
    plane = filtered(frame, (f"scale={GRAY}:{GRAY}", "format=gray")).planes[0]
    pixels, step = bytes(plane), plane.line_size
    return b"".join(pixels[line * step :][:GRAY] for line in range(GRAY))


def filtered(frame: VideoFrame, filters: Sequence[str]) -> VideoFrame:
    """Return a frame that went through these filters, each written as `name=options`.

    PyAV 19's `VideoFrame.reformat()` leaves threads behind, which fill this process's memory.
    """
    graph = Graph()
    if hasattr(graph, "threads"):  # from PyAV 18 on
        graph.threads = 1
    frame.pts, frame.time_base = 0, Fraction(1)
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    steps = [source, *(graph.add(*one.split("=")) for one in filters), graph.add("buffersink")]
    for before, after in pairwise(steps):
        before.link_to(after)
    graph.configure()
    graph.vpush(frame)
    return graph.vpull()


def contrast(picture: bytes) -> float:
    """Return the mean deviation of the pixels: 0 for a single colour."""
    mean = sum(picture) / len(picture)
    return sum(abs(pixel - mean) for pixel in picture) / len(picture)
