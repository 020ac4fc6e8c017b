"""Walk through the sections of a file by their headers, which state where each ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .files import Readable


class Section(NamedTuple):
    """A part of a file, which may end beyond it."""

    holds_media: bool
    """Whether there are pictures or sound in it."""
    end: int


def iso_boxes(file: Readable) -> Iterator[Section]:
    """Yield the outermost boxes of an MP4 or MOV (ISO/IEC 14496-12, section 4.2)."""
    start = 0
    while len(header := _read(file, start, 16)) >= 8:
        size, name = int.from_bytes(header[:4]), header[4:8]
        if size == 1:
            # It follows the name.
            size = int.from_bytes(header[8:])
        if size < 8:
            # The rest of the file, unless it is nonsense.
            return
        start += size
        yield Section(name == b"mdat", start)


def riff_chunks(file: Readable) -> Iterator[Section]:
    """Yield the chunks of an AVI, which consists of one or more RIFF chunks."""
    start = 0
    while len(header := _read(file, start, 12)) == 12:
        size = int.from_bytes(header[4:8], "little")
        if header[:4] == b"RIFF":
            start += 12
            continue
        # Chunks begin at even bytes.
        start += 8 + size
        yield Section(header[:4] == b"LIST" and header[8:] == b"movi", start)
        start += size % 2


SEGMENT, CLUSTER = 0x18538067, 0x1F43B675
EBML_MEDIA = {CLUSTER, 0xA0, 0xA3}
"""Ids of a cluster, a block group and a simple block (RFC 9559, section 5.1)."""


def ebml_elements(file: Readable) -> Iterator[Section]:
    """Yield the elements of the segment of a WebM or Matroska.

    Of clusters that don't state their size, as in live recordings, yield the elements.
    """
    start = 0
    while len(header := _read(file, start, 12)) >= 2:
        id_length, size_length = _length(header[0], 4), 0
        if id_length and id_length < len(header):
            size_length = _length(header[id_length], 8)
        data = start + id_length + size_length
        if not size_length or len(header) < data - start:
            return
        name = int.from_bytes(header[:id_length])
        unknown = (1 << 7 * size_length) - 1
        size = int.from_bytes(header[id_length : data - start]) & unknown
        if name == SEGMENT or (name == CLUSTER and size == unknown):
            start = data
            continue
        if size == unknown:
            return
        start = data + size
        yield Section(name in EBML_MEDIA, start)


def _length(first: int, most: int) -> int:
    """Return how many bytes a number has by its first one, or 0 (RFC 8794, section 4)."""
    length = 9 - first.bit_length()
    return length if length <= most else 0


def _read(file: Readable, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)


SECTIONS: dict[str, Callable[[Readable], Iterator[Section]]] = {
    "mp4": iso_boxes,
    "mov": iso_boxes,
    "avi": riff_chunks,
    "webm": ebml_elements,
    "matroska": ebml_elements,
}
"""By container."""
