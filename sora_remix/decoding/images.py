"""Decode images: JPEG, PNG and WebP."""

from __future__ import annotations

import os
from typing import TypedDict, cast

import av
from av.video.frame import VideoFrame

from .files import Readable
from .headers import MAGIC_LENGTH, extension_of, pixel_count, scan_count
from .limits import MAX_IMAGE_BYTES, MAX_PIXELS, MAX_SCANS, OverLimit

DECODERS = {".jpg": "mjpeg", ".png": "png", ".webp": "webp"}


class ImageAnswer(TypedDict):
    """The answer to the parent about an image."""

    width: int
    height: int


def image_facts(file: Readable) -> ImageAnswer:
    """Return the size of an image in pixels. Raise if it can't be decoded."""
    image = decode_image(file)
    return {"width": image.width, "height": image.height}


def decode_image(file: Readable) -> VideoFrame:
    """Decode an image. Raise `OverLimit`, or whatever PyAV raises for a broken one."""
    content, extension = _checked_content(file)
    # Not av.open(), which decodes before any limit can be set.
    context = av.CodecContext.create(DECODERS[extension], "r")
    decoder = cast("av.VideoCodecContext", context)
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(MAX_PIXELS)}
    frames = [*decoder.decode(av.Packet(content)), *decoder.decode(None)]
    return frames[0]


def _checked_content(file: Readable) -> tuple[bytes, str]:
    """Read a file, and check its header against the limits."""
    if file.seek(0, os.SEEK_END) > MAX_IMAGE_BYTES:
        raise OverLimit("bytes")
    file.seek(0)
    content = file.read()
    extension = extension_of(content[:MAGIC_LENGTH])
    if not extension:
        raise ValueError("the file is not a JPEG, PNG or WebP")
    if pixel_count(extension, content) > MAX_PIXELS:
        raise OverLimit("pixels")
    if extension == ".jpg" and scan_count(content) > MAX_SCANS:
        raise OverLimit("scans")
    return content, extension
