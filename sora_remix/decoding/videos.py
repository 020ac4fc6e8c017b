"""Open videos and read their properties."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple, Self, TypedDict

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .containers import FAMILIES, HEAD_LENGTH, container_read_by
from .files import Readable
from .limits import MAX_FRAMES, MAX_PIXELS, MAX_STREAMS, OverLimit
from .truncation import is_cut_off, seconds_left

FORMATS = ",".join(FAMILIES)
"""The allowed demuxers. They read only the file itself, unlike HLS, which opens other URLs."""
OPTIONS = {
    "format_whitelist": FORMATS,
    "max_streams": str(MAX_STREAMS),
    "max_pixels": str(MAX_PIXELS),
    "threads": "1",
}
"""Options of the demuxer, and of the decoders that probe its streams."""
IS_PYAV_19 = int(av.__version__.partition(".")[0]) >= 19
METADATA: dict[str, Any] = {} if IS_PYAV_19 else {"metadata_errors": "replace"}
"""How to read metadata that is not UTF-8. Without it, PyAV before 19 refuses the file."""


class VideoAnswer(TypedDict):
    """The answer to the parent about a video."""

    container: str
    """One of `containers.EXTENSIONS`."""
    video_codec: str
    """FFmpeg's name. Empty if nothing moves, as in a podcast with a cover."""
    audio_codec: str
    """FFmpeg's name. Empty without sound."""
    pixel_format: str
    """FFmpeg's name, such as "yuv420p"."""
    duration: int | None
    """Microseconds, if known. If the file is cut off: of what is left."""
    is_cut_off: bool
    """Whether the end of the file is certainly missing."""
    width: int
    """Pixels as players show them: rotated, with square pixels."""
    height: int
    rate: tuple[int, int] | None
    """Numerator and denominator of the frames per second, if known."""


def open_video(file: Readable) -> InputContainer:
    """Open a file from its start. Raise `OverLimit`, or whatever PyAV raises if it is no video."""
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
    """Return the stream that players show, which is a cover only if there is no other."""
    streams = container.streams.video
    return next((stream for stream in streams if not _is_attached(stream)), streams[0])


def video_facts(file: Readable) -> VideoAnswer:
    """Return the properties of a video. Raise if no frame can be decoded."""
    outline = FileOutline.of(file)
    with open_video(file) as container:
        return facts_of(container, outline)


class FileOutline(NamedTuple):
    """What is read of a file before it is opened, because reading moves the position."""

    head: bytes
    is_cut_off: bool

    @classmethod
    def of(cls, file: Readable) -> Self:
        return cls(head_of(file), is_cut_off(file))


def head_of(file: Readable) -> bytes:
    """Return the first bytes of a file. Call it before opening it, which moves the position."""
    file.seek(0)
    return file.read(HEAD_LENGTH)


def facts_of(container: InputContainer, outline: FileOutline) -> VideoAnswer:
    """Return the properties of an open video. Raise as `video_facts` does."""
    stream = shown_stream(container)
    picture, is_moving = _first_picture(container, stream)
    width, height = _shown_sides(stream, picture)
    rate = stream.average_rate
    left = seconds_left(container, stream) if outline.is_cut_off else None
    return {
        "container": container_read_by(container.format.name, outline.head),
        "video_codec": stream.codec_context.codec.canonical_name if is_moving else "",
        "audio_codec": _audio_codec(container),
        "pixel_format": picture.format.name,
        "duration": container.duration if left is None else round(left * 1_000_000),
        "is_cut_off": left is not None,
        "width": width,
        "height": height,
        "rate": (rate.numerator, rate.denominator) if rate else None,
    }


def _is_attached(stream: VideoStream) -> bool:
    """Tell whether a stream is an attached picture, such as a cover."""
    return bool(stream.disposition & Disposition.attached_pic)


def _first_picture(container: InputContainer, stream: VideoStream) -> tuple[VideoFrame, bool]:
    """Return the first frame of a stream, and whether others follow."""
    picture, many, is_single = None, 0, _is_attached(stream)
    for packet in container.demux(stream):
        many += packet.size > 0
        if not picture:
            picture = next(iter(packet.decode()), None)
        if picture and (is_single or many > 1):
            break
    if not picture:
        raise ValueError("no frame can be decoded")
    return picture, many > 1 and not is_single


def _shown_sides(stream: VideoStream, picture: VideoFrame) -> tuple[int, int]:
    """Return width and height in square pixels, rotated as in players."""
    width = max(1, round(stream.width * (stream.sample_aspect_ratio or Fraction(1))))
    is_turned = round(picture.rotation) % 180 == 90
    return (stream.height, width) if is_turned else (width, stream.height)


def _audio_codec(container: InputContainer) -> str:
    """Return the codec of the first audio stream, or "unknown" if FFmpeg can't decode it."""
    for stream in container.streams.audio:
        context = getattr(stream, "codec_context", None)
        return context.codec.canonical_name if context else "unknown"
    return ""
