"""Read the properties of a file from its content, not its name."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath
from typing import IO, Any

from ..decoding.containers import EXTENSIONS, HEAD_LENGTH, container_of
from ..decoding.headers import MAGIC_LENGTH, extension_of
from ..exceptions import NotAnImage, NotAVideo
from .decoder import decode

LONGEST = 1_000_000
"""Seconds. Longer durations count as unknown, because no column can hold them."""
FASTEST = 10_000
"""Frames per second. Higher rates count as unknown."""
LARGEST_SIDE = 2**31 - 1
CODEC = re.compile(r"[a-z0-9_]{0,32}")
UNEXPECTED = (ArithmeticError, LookupError, TypeError, ValueError)
"""Errors caused by an answer that only a hijacked decoder would send."""


@dataclass(frozen=True)
class VideoFacts:
    """Properties of a video file, named like the columns of a video."""

    container: str
    """“mp4”, “mov”, “webm”, “matroska”, “mpegts”, “avi” or “gif”."""
    video_codec: str
    """FFmpeg's name. Empty for sound with a cover, or a single picture."""
    audio_codec: str
    """FFmpeg's name. Empty without sound."""
    duration: Decimal | None
    """Seconds. None if the file doesn't state it."""
    width: int
    """Pixels as players show them: rotated, with square pixels."""
    height: int
    size: int
    """Bytes."""
    fps: Decimal | None
    """Frames per second."""
    pixel_format: str = ""
    """FFmpeg's name, such as “yuv420p”."""
    is_cut_off: bool = False
    """Whether the end of the file is missing. The duration is then that of what is left."""

    @property
    def extension(self) -> str:
        """Return the file extension, such as “.mp4”."""
        return EXTENSIONS[self.container]

    @property
    def is_moving(self) -> bool:
        return bool(self.video_codec)

    def known(self) -> dict[str, Any]:
        """Return the known properties by column name."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class ImageFacts:
    """Properties of an image file."""

    extension: str
    """Determined by the content, not the name."""
    width: int
    height: int
    size: int
    """Bytes."""


def video_facts(file: IO[bytes]) -> VideoFacts:
    """Read the properties of a video.

    Raise `NotAVideo` unless a frame can be decoded, and `TryLater` if the server can't do it now.
    """
    try:
        return checked_facts(decode("video_facts", file), file)
    finally:
        file.seek(0)


def checked_facts(answer: Any, file: IO[bytes]) -> VideoFacts:
    """Return a decoder's answer about a video. Raise `NotAVideo` if it is invalid."""
    try:
        return VideoFacts(
            container=_container(answer["container"]),
            video_codec=_codec(answer["video_codec"]),
            audio_codec=_codec(answer["audio_codec"]),
            duration=_seconds(answer["duration"]),
            width=_side(answer["width"]),
            height=_side(answer["height"]),
            size=file.seek(0, os.SEEK_END),
            fps=_rate(answer["rate"]),
            pixel_format=_codec(answer["pixel_format"]),
            is_cut_off=_flag(answer["is_cut_off"]),
        )
    except UNEXPECTED as error:
        raise NotAVideo(f"{type(error).__name__}: {error}") from error


def image_facts(file: IO[bytes]) -> ImageFacts:
    """Read the properties of an image.

    Raise `NotAnImage` unless it can be decoded, and `TryLater` if the server can't do it now.
    """
    extension = image_extension(file)
    if not extension:
        raise NotAnImage
    try:
        size = file.seek(0, os.SEEK_END)
        answer = decode("image_facts", file, refusal=NotAnImage)
    finally:
        file.seek(0)
    try:
        return ImageFacts(extension, _side(answer["width"]), _side(answer["height"]), size)
    except UNEXPECTED as error:
        raise NotAnImage(f"{type(error).__name__}: {error}") from error


def _container(name: Any) -> str:
    if isinstance(name, str) and name in EXTENSIONS:
        return name
    raise ValueError(f"unknown container {name!r}")


def _codec(name: Any) -> str:
    if isinstance(name, str) and CODEC.fullmatch(name):
        return name
    raise ValueError(f"invalid codec {name!r}")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{value!r} is neither true nor false")


def _seconds(microseconds: int | None) -> Decimal | None:
    """Return a duration rounded for its column."""
    seconds = (Decimal(microseconds or 0) / 10**6).quantize(Decimal("0.001"))
    return seconds if 0 < seconds < LONGEST else None


def _rate(rate: tuple[int, int] | None) -> Decimal | None:
    """Return a frame rate rounded for its column."""
    numerator, denominator = rate or (0, 1)
    rounded = (Decimal(numerator) / denominator).quantize(Decimal("0.001"))
    return rounded if 0 < rounded < FASTEST else None


def _side(pixels: Any) -> int:
    if type(pixels) is int and 0 < pixels <= LARGEST_SIDE:
        return pixels
    raise ValueError(f"invalid width or height {pixels!r}")


def image_extension(file: IO[bytes]) -> str:
    """Return the extension of an image by its first bytes, or an empty string for other files.

    fal names sprite sheets `….bin`, whatever their format.
    """
    file.seek(0)
    head = file.read(MAGIC_LENGTH)
    file.seek(0)
    return extension_of(head)


def true_name(name: str, file: IO[bytes]) -> str:
    """Return a file's name with the extension for its content, if that is recognised."""
    file.seek(0)
    head = file.read(HEAD_LENGTH)
    file.seek(0)
    extension = EXTENSIONS.get(container_of(head)) or extension_of(head)
    return str(PurePosixPath(name).with_suffix(extension)) if extension else name
