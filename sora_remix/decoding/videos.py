"""A video as a whole: how to open it, and what it says of itself."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypedDict

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .containers import FAMILIES, HEAD_LENGTH, container_read_by
from .files import Readable
from .limits import MAX_FRAMES, MAX_PIXELS, MAX_STREAMS, OverLimit

FORMATS = ",".join(FAMILIES)
"""Demuxers of what may move, none of pictures alone, that read nothing but the file itself:
HLS opens what a file names."""
OPTIONS = {
    "format_whitelist": FORMATS,
    "max_streams": str(MAX_STREAMS),
    "max_pixels": str(MAX_PIXELS),
    "threads": "1",
}
"""Options of the demuxer, and of the decoders it probes streams with."""
IS_PYAV_19 = int(av.__version__.partition(".")[0]) >= 19
METADATA: dict[str, Any] = {} if IS_PYAV_19 else {"metadata_errors": "replace"}
"""How to read titles that are no UTF-8: without it PyAV before 19 refuses the file."""


class VideoAnswer(TypedDict):
    """What the parent is told of a video."""

    container: str
    """One of `containers.EXTENSIONS`."""
    video_codec: str
    """FFmpeg's name of it; empty when nothing moves, as in a podcast with a cover."""
    audio_codec: str
    """Likewise; empty without sound."""
    duration: int | None
    """Microseconds, if known."""
    width: int
    """Pixels, as players show it: turned as its camera notes, and with square pixels."""
    height: int
    rate: tuple[int, int] | None
    """Numerator and denominator of the frames per second, if known."""


def open_video(file: Readable) -> InputContainer:
    """Open a file from its start. Raise `OverLimit`, or anything that PyAV raises on no video."""
    file.seek(0)
    container: InputContainer = av.open(file, "r", options=OPTIONS, **METADATA)
    try:
        stream = shown_stream(container)
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


def shown_stream(container: InputContainer) -> VideoStream:
    """Return the stream that players show: a cover only where there is nothing else."""
    streams = container.streams.video
    return next((stream for stream in streams if not _is_attached(stream)), streams[0])


def video_facts(file: Readable) -> VideoAnswer:
    """Return what a video is; raise unless a picture can be decoded."""
    head = head_of(file)
    with open_video(file) as container:
        return facts_of(container, head)


def head_of(file: Readable) -> bytes:
    """Return the first bytes of a file. Read them before it is opened: that moves its position."""
    file.seek(0)
    return file.read(HEAD_LENGTH)


def facts_of(container: InputContainer, head: bytes) -> VideoAnswer:
    """Return what an open video with these first bytes is; raise as `video_facts` does."""
    stream = shown_stream(container)
    picture, is_moving = _first_picture(container, stream)
    width, height = _shown_sides(stream, picture)
    rate = stream.average_rate
    return {
        "container": container_read_by(container.format.name, head),
        "video_codec": stream.codec_context.codec.canonical_name if is_moving else "",
        "audio_codec": _audio_codec(container),
        "duration": container.duration,
        "width": width,
        "height": height,
        "rate": (rate.numerator, rate.denominator) if rate else None,
    }


def _is_attached(stream: VideoStream) -> bool:
    """Tell whether a stream is a single picture that belongs to the file, such as a cover."""
    return bool(stream.disposition & Disposition.attached_pic)


def _first_picture(container: InputContainer, stream: VideoStream) -> tuple[VideoFrame, bool]:
    """Return the first picture of a stream, and whether others follow."""
    picture, many, is_single = None, 0, _is_attached(stream)
    for packet in container.demux(stream):
        many += packet.size > 0
        if not picture:
            picture = next(iter(packet.decode()), None)
        if picture and (is_single or many > 1):
            break
    if not picture:
        raise ValueError("No picture can be decoded.")
    return picture, many > 1 and not is_single


def _shown_sides(stream: VideoStream, picture: VideoFrame) -> tuple[int, int]:
    """Return width and height in square pixels, turned as players turn it."""
    width = max(1, round(stream.width * (stream.sample_aspect_ratio or Fraction(1))))
    is_turned = round(picture.rotation) % 180 == 90
    return (stream.height, width) if is_turned else (width, stream.height)


def _audio_codec(container: InputContainer) -> str:
    """Return the codec of the first sound, "unknown" for one that FFmpeg can't decode."""
    for stream in container.streams.audio:
        context = getattr(stream, "codec_context", None)
        return context.codec.canonical_name if context else "unknown"
    return ""
