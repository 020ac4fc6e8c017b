"""Make a thumbnail from a video file."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .files import Readable
from .frames import beginning, contrast, filtered, gray, keyframes
from .videos import FileOutline, VideoAnswer, facts_of, open_video, shown_stream

LONGEST_SIDE = 640
"""Pixels of a thumbnail's longer side."""
PLACES = (0.3, 0.5, 0.1, 0.7)
"""Where to look for a frame, as fractions of the length."""
FADE_IN = 90
"""Number of first frames to search if the keyframes show nothing."""
FADE_STEP = 10
ENOUGH_CONTRAST = 12.0
"""Contrast at which a frame is used without searching further."""
TURNS = {90: ("transpose=cclock",), 180: ("hflip", "vflip"), 270: ("transpose=clock",)}
"""Filters by the rotation of a frame, in degrees counter-clockwise."""


def thumbnail(file: Readable) -> bytes | None:
    """Return a JPEG of a frame that shows something, or None if there is no frame."""
    with open_video(file) as container:
        return _thumbnail(container)


def facts_and_thumbnail(file: Readable) -> tuple[VideoAnswer, bytes | None]:
    """Return facts and thumbnail, opening the file once. The thumbnail is None if it fails."""
    outline = FileOutline.of(file)
    with open_video(file) as container:
        facts = facts_of(container, outline)
        try:
            return facts, _thumbnail(container)
        except MemoryError:
            raise  # This process may hold all its memory, so it has to end.
        except Exception:  # noqa: BLE001  (PyAV raises anything for broken files)
            return facts, None


def _thumbnail(container: InputContainer) -> bytes | None:
    stream = shown_stream(container)
    frame = _best_frame(container, stream)
    return _jpeg(_upright(frame, stream)) if frame else None


def _best_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """Return the first frame with enough contrast, or else the one with the most."""
    best, most = None, -1.0
    first = beginning(container, stream, FADE_IN, FADE_STEP)
    for frame in chain(keyframes(container, stream, PLACES), first):
        shown = contrast(gray(frame))
        if shown > most:
            best, most = frame, shown
        if shown >= ENOUGH_CONTRAST:
            break
    return best


def _upright(frame: VideoFrame, stream: VideoStream) -> VideoFrame:
    """Return the frame rotated as in players, with square pixels, and scaled down."""
    width = frame.width * (stream.sample_aspect_ratio or Fraction(1))
    scale = min(Fraction(1), LONGEST_SIDE / max(width, Fraction(frame.height)))
    sides = (max(2, round(side * scale / 2) * 2) for side in (width, frame.height))
    turns = TURNS.get(round(frame.rotation) % 360, ())
    return filtered(frame, ("scale={}:{}".format(*sides), *turns, "format=yuvj420p"))


def _jpeg(frame: VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.thread_count = 1  # one picture; a busy system may refuse to start threads
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt, encoder.framerate = frame.format.name, Fraction(1)
    encoder.options = {"qmin": "3", "qmax": "6"}
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
