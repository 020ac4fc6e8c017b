"""What the bytes of a file say of it, whatever its name says."""

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
"""Seconds from which on a length is unknown: no column holds it, and no video has it."""
FASTEST = 10_000
"""Frames per second from which on a speed is unknown."""
LARGEST_SIDE = 2**31 - 1
CODEC = re.compile(r"[a-z0-9_]{0,32}")
UNEXPECTED = (ArithmeticError, LookupError, TypeError, ValueError)
"""Errors over an answer that no decoder gives unless foreign bytes have taken it over."""


@dataclass(frozen=True)
class VideoFacts:
    """What the file itself says, under the names of the columns of a video."""

    container: str
    """“mp4”, “mov”, “webm”, “matroska”, “mpegts”, “avi” or “gif”."""
    video_codec: str
    """As FFmpeg calls it; empty when nothing moves: sound with a cover, or a single picture."""
    audio_codec: str
    """Likewise; empty without sound."""
    duration: Decimal | None
    """Seconds; None for a recording that was cut off before its length was written."""
    width: int
    """Pixels, as players show it: turned as its camera notes, and with square pixels."""
    height: int
    size: int
    """Bytes."""
    fps: Decimal | None
    """Pictures a second."""

    @property
    def extension(self) -> str:
        """Return what its name ends in, as “.mp4”."""
        return EXTENSIONS[self.container]

    @property
    def is_moving(self) -> bool:
        return bool(self.video_codec)

    def known(self) -> dict[str, Any]:
        """Return by its column what is known."""
        return {name: value for name, value in vars(self).items() if value is not None}


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
    """Read what a video is.

    Raise `NotAVideo` unless a picture can be decoded, and `TryLater` when the server is at fault.
    """
    try:
        return checked_facts(decode("video_facts", file), file)
    finally:
        file.seek(0)


def checked_facts(answer: Any, file: IO[bytes]) -> VideoFacts:
    """Return what a decoder has said of a video; raise `NotAVideo` if that makes no sense."""
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
        )
    except UNEXPECTED as error:
        raise NotAVideo(f"{type(error).__name__}: {error}") from error


def image_facts(file: IO[bytes]) -> ImageFacts:
    """Read kind and size of an image.

    Raise `NotAnImage` unless it can be decoded, and `TryLater` when the server is at fault.
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
    raise ValueError(f"There is no container {name!r}.")


def _codec(name: Any) -> str:
    if isinstance(name, str) and CODEC.fullmatch(name):
        return name
    raise ValueError(f"No codec is called {name!r}.")


def _seconds(microseconds: int | None) -> Decimal | None:
    """Return a length as its column holds it."""
    seconds = (Decimal(microseconds or 0) / 10**6).quantize(Decimal("0.001"))
    return seconds if 0 < seconds < LONGEST else None


def _rate(rate: tuple[int, int] | None) -> Decimal | None:
    """Return a speed as its column holds it."""
    numerator, denominator = rate or (0, 1)
    rounded = (Decimal(numerator) / denominator).quantize(Decimal("0.001"))
    return rounded if 0 < rounded < FASTEST else None


def _side(pixels: Any) -> int:
    if type(pixels) is int and 0 < pixels <= LARGEST_SIDE:
        return pixels
    raise ValueError(f"A picture can't be {pixels!r} pixels wide or high.")


def image_extension(file: IO[bytes]) -> str:
    """Return the extension of a picture by its first bytes, or nothing if it is none.

    fal names a sprite sheet `….bin`, whatever it holds.
    """
    file.seek(0)
    head = file.read(MAGIC_LENGTH)
    file.seek(0)
    return extension_of(head)


def true_name(name: str, file: IO[bytes]) -> str:
    """Return the name of a file with the extension of what it is, as far as its start tells."""
    file.seek(0)
    head = file.read(HEAD_LENGTH)
    file.seek(0)
    extension = EXTENSIONS.get(container_of(head)) or extension_of(head)
    return str(PurePosixPath(name).with_suffix(extension)) if extension else name
