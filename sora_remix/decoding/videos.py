"""A video as a whole: how to open it, and what it says of itself."""

from __future__ import annotations

from typing import TypedDict

import av
from av.container import InputContainer

from .files import Readable
from .limits import MAX_FRAMES, MAX_PIXELS, MAX_STREAMS, OverLimit

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts"
"""Demuxers of videos, none of pictures, that read nothing but the file itself: HLS opens what
a file names."""
OPTIONS = {
    "format_whitelist": FORMATS,
    "max_streams": str(MAX_STREAMS),
    "max_pixels": str(MAX_PIXELS),
    "threads": "1",
}
"""Options of the demuxer, and of the decoders it probes streams with."""


class VideoAnswer(TypedDict):
    """What the parent is told of a video."""

    duration: int | None
    """Microseconds, if known."""
    width: int
    """Pixels, as players show it: cameras note that a picture is to be turned."""
    height: int
    rate: tuple[int, int] | None
    """Numerator and denominator of the frames per second, if known."""


def open_video(file: Readable) -> InputContainer:
    """Open a file from its start. Raise `OverLimit`, or anything that PyAV raises on no video."""
    file.seek(0)
    container = av.open(file, "r", options=OPTIONS, metadata_errors="replace")
    try:
        stream = container.streams.video[0]
        if stream.frames > MAX_FRAMES:
            raise OverLimit("frames")
        if stream.width * stream.height > MAX_PIXELS:
            raise OverLimit("pixels")
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    except BaseException:
        container.close()
        raise
    return container


def video_facts(file: Readable) -> VideoAnswer:
    """Return length, size and speed of a video; raise unless a picture can be decoded."""
    with open_video(file) as container:
        stream = container.streams.video[0]
        is_turned = round(next(container.decode(stream)).rotation) % 180 == 90
        sides = stream.width, stream.height
        width, height = reversed(sides) if is_turned else sides
        rate = stream.average_rate
        return {
            "duration": container.duration,
            "width": width,
            "height": height,
            "rate": (rate.numerator, rate.denominator) if rate else None,
        }
