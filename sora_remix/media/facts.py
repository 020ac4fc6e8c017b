"""What the bytes of a file say of it, whatever its name says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import IO, cast

import av
from av.video.frame import VideoFrame

from ..exceptions import NotAnImage, NotAVideo

VIDEO_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts"
"""Demuxers of videos, none of pictures, that read nothing but the file itself: HLS opens what
a file names."""
IMAGE_DECODERS = {".jpg": "mjpeg", ".png": "png", ".webp": "webp"}
"""Decoders of the pictures that browsers show, by the ending that belongs to their content."""
MAX_IMAGE_BYTES = 50_000_000
MAX_PIXELS = 64_000_000
"""A picture takes three or four bytes for each while it is looked at."""
IMAGE_MAGIC = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png", b"RIFF": ".webp"}


@dataclass(frozen=True)
class VideoFacts:
    """What the file itself says."""

    duration: Decimal | None
    """Seconds; None for a recording that was cut off before its length was written."""
    width: int
    """Pixels, as players show it: cameras note that a picture is to be turned."""
    height: int
    size: int
    """Bytes."""
    fps: Decimal | None = None
    """Pictures a second."""


@dataclass(frozen=True)
class ImageFacts:
    """What a picture itself says."""

    extension: str
    """By its content, whatever its name ends in."""
    width: int
    height: int
    size: int
    """Bytes."""


def video_facts(file: IO[bytes]) -> VideoFacts:
    """Read length and size of picture; raise `NotAVideo` unless a picture can be decoded."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        with av.open(file, "r", options={"format_whitelist": VIDEO_FORMATS}) as container:
            stream = container.streams.video[0]
            is_turned = round(next(container.decode(stream)).rotation) % 180 == 90
            width, height = stream.width, stream.height
            return VideoFacts(
                duration=_seconds(container.duration),
                width=height if is_turned else width,
                height=width if is_turned else height,
                size=size,
                fps=_rate(stream.average_rate),
            )
    except (av.FFmpegError, IndexError, StopIteration, ValueError) as error:
        raise NotAVideo(f"{type(error).__name__}: {error}") from error
    finally:
        file.seek(0)


def _seconds(length: int | None) -> Decimal | None:
    seconds = (Decimal(length or 0) / av.time_base).quantize(Decimal("0.001"))
    return seconds if seconds > 0 else None


def _rate(rate: Fraction | None) -> Decimal | None:
    exact = Decimal(rate.numerator) / rate.denominator if rate else Decimal()
    return exact.quantize(Decimal("0.001")) if 0 < exact < 10_000 else None


def image_facts(file: IO[bytes]) -> ImageFacts:
    """Read kind and size of a picture; raise `NotAnImage` unless it can be decoded."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    picture = decode_image(file, MAX_PIXELS)
    return ImageFacts(image_extension(file), picture.width, picture.height, size)


def decode_image(file: IO[bytes], most_pixels: int) -> VideoFrame:
    """Decode a picture; raise `NotAnImage` when it is none, or is larger than allowed."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    extension = image_extension(file)
    if not extension or size > MAX_IMAGE_BYTES:
        raise NotAnImage
    try:
        # Not av.open(): that decodes before any limit can be set.
        context = av.CodecContext.create(IMAGE_DECODERS[extension], "r")
        decoder = cast("av.VideoCodecContext", context)
        decoder.options = {"max_pixels": str(most_pixels)}
        return [*decoder.decode(av.Packet(file.read())), *decoder.decode(None)][0]
    except (av.FFmpegError, IndexError) as error:
        raise NotAnImage(f"{type(error).__name__}: {error}") from error
    finally:
        file.seek(0)


def image_extension(file: IO[bytes]) -> str:
    """Return the extension of a picture by its first bytes, or nothing if it is none.

    fal names a sprite sheet `….bin`, whatever it holds.
    """
    head = file.read(8)
    file.seek(0)
    return next((ext for magic, ext in IMAGE_MAGIC.items() if head.startswith(magic)), "")
