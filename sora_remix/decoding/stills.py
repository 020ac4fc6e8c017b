"""A picture that stands for a video, made from the file where nobody gave one."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, pairwise

import av
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .files import Readable
from .frames import beginning, contrast, gray, keyframes
from .videos import VideoAnswer, facts_of, head_of, open_video, shown_stream

LONGEST_SIDE = 640
"""Pixels of a thumbnail."""
PLACES = (0.3, 0.5, 0.1, 0.7)
"""Where to look for a picture, as parts of the length."""
FADE_IN = 90
"""Pictures at the start among which one is looked for when the keyframes show nothing."""
FADE_STEP = 10
TELLING = 12.0
"""Contrast from which a picture is taken without looking for a better one."""
TURNS = {90: ("transpose=cclock",), 180: ("hflip", "vflip"), 270: ("transpose=clock",)}
"""Filters by the degrees, counter-clockwise, by which players turn a picture."""


def thumbnail(file: Readable) -> bytes | None:
    """Return a JPEG of a telling moment, as players show it; None when nothing is shown."""
    with open_video(file) as container:
        return _thumbnail(container)


def facts_and_thumbnail(file: Readable) -> tuple[VideoAnswer, bytes | None]:
    """Return both, opening the file once; None for a thumbnail that can't be made."""
    head = head_of(file)
    with open_video(file) as container:
        facts = facts_of(container, head)
        try:
            return facts, _thumbnail(container)
        except MemoryError:
            raise  # This process may hold all that it is allowed to: it has to end.
        except Exception:  # noqa: BLE001  (of broken files PyAV raises anything)
            return facts, None


def _thumbnail(container: InputContainer) -> bytes | None:
    stream = shown_stream(container)
    frame = _telling_frame(container, stream)
    return _jpeg(_upright(frame, stream)) if frame else None


def _telling_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """Return the first picture that shows something, else the one that shows most."""
    best, most = None, -1.0
    first = beginning(container, stream, FADE_IN, FADE_STEP)
    for frame in chain(keyframes(container, stream, PLACES), first):
        shown = contrast(gray(frame))
        if shown > most:
            best, most = frame, shown
        if shown >= TELLING:
            break
    return best


def _upright(frame: VideoFrame, stream: VideoStream) -> VideoFrame:
    """Return the picture turned as players turn it, with square pixels and no longer side."""
    width = frame.width * (stream.sample_aspect_ratio or Fraction(1))
    scale = min(Fraction(1), LONGEST_SIDE / max(width, Fraction(frame.height)))
    sides = (max(2, round(side * scale / 2) * 2) for side in (width, frame.height))
    turns = TURNS.get(round(frame.rotation) % 360, ())
    return _filtered(frame, ("scale={}:{}".format(*sides), *turns, "format=yuvj420p"))


def _filtered(frame: VideoFrame, filters: tuple[str, ...]) -> VideoFrame:
    graph = Graph()
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


def _jpeg(frame: VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt, encoder.framerate = frame.format.name, Fraction(1)
    encoder.options = {"qmin": "3", "qmax": "6"}
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
