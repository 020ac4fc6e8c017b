"""Read image headers without decoding the image."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

MAGIC = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png", b"RIFF": ".webp"}
"""First bytes of the supported image formats, and the extension of each."""
MAGIC_LENGTH = 8
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""A JPEG marker in scan data that is neither a stuffed byte nor a restart."""


def extension_of(head: bytes) -> str:
    """Return the extension of an image by its first bytes, or an empty string."""
    return next((ext for magic, ext in MAGIC.items() if head.startswith(magic)), "")


def pixel_count(extension: str, content: bytes) -> int:
    """Return the header's width times height, or 0 if it can't be read."""
    try:
        width, height = SIZES[extension](content)
    except (struct.error, StopIteration):
        return 0
    return width * height


def scan_count(content: bytes) -> int:
    """Return the number of scans of a JPEG."""
    return sum(marker == START_OF_SCAN for marker, _position in _jpeg_segments(content))


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield the marker and position of each segment up to the end of the first image."""
    position = 2
    while found := MARKER.search(content, position):
        marker, position = found[0][1], found.end()
        if marker == END_OF_IMAGE or position + 2 > len(content):
            return
        yield marker, position
        position += struct.unpack_from(">H", content, position)[0]


def _png_size(content: bytes) -> tuple[int, int]:
    if content[12:16] != b"IHDR":
        return 0, 0
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    segments = _jpeg_segments(content)
    position = next(position for marker, position in segments if marker in FRAME_HEADERS)
    height, width = struct.unpack_from(">HH", content, position + 3)
    return width, height


def _webp_size(content: bytes) -> tuple[int, int]:
    """Read the size from any of the three layouts (RFC 9649, sections 2.5 to 2.7)."""
    match content[12:16]:
        case b"VP8X":
            width, height = (int.from_bytes(content[at : at + 3], "little") for at in (24, 27))
            return width + 1, height + 1
        case b"VP8L":
            bits = struct.unpack_from("<I", content, 21)[0]
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return 0, 0


SIZES = {".png": _png_size, ".jpg": _jpeg_size, ".webp": _webp_size}
