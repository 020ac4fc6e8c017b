"""Notice MP4 and MOV files whose end is missing, and find how much of them is there.

Such a file names its whole length at its start, as if nothing were missing.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from fractions import Fraction
from math import floor

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from .containers import HEAD_LENGTH, container_of
from .files import Readable

HEADER = 16
"""Bytes at the start of a box that state its size and name (ISO/IEC 14496-12, section 4.2)."""
LARGE = 1
"""The size of a box whose true size follows the name, in eight bytes."""
LEAST = 8
"""Bytes of a box. A size of 0 means the rest of the file."""
MEDIA = b"mdat"
MOST_BOXES = 10_000
"""Boxes to look at. More are only in long recordings that were made in fragments."""


def is_cut_off(file: Readable) -> bool:
    """Tell whether the file ends before a box with pictures or sound does.

    Only the headers of the outermost boxes are read. Call it before opening the file, because it
    moves the position.
    """
    file.seek(0)
    if container_of(file.read(HEAD_LENGTH)) not in ("mp4", "mov"):
        return False
    end = file.seek(0, os.SEEK_END)
    start = 0
    for _count in range(MOST_BOXES):
        file.seek(start)
        header = file.read(HEADER)
        size, name = int.from_bytes(header[:4]), header[4:8]
        if size == LARGE:
            size = int.from_bytes(header[8:])
        if name == MEDIA and start + size > end:
            return True
        if size < LEAST:
            return False
        start += size
    return False


def seconds_left(container: InputContainer, pictures: VideoStream) -> Fraction | None:
    """Return until when a file that is cut off has both its pictures and its first sound.

    None if it has all of them. All packets are read, but none is decoded. The time is the start of
    a picture at the usual rate, so that all sound of the pictures before is there.
    """
    streams: list[VideoStream | AudioStream] = [pictures, *container.streams.audio[:1]]
    counts: Counter[int] = Counter()
    last: dict[int, Fraction] = {}
    broken: set[int] = set()
    container.seek(0)
    with suppress(FFmpegError):
        for packet in container.demux(*streams):
            index = packet.stream.index
            if packet.is_corrupt:
                broken.add(index)
            if index not in broken and packet.size and packet.dts is not None:
                counts[index] += 1
                # Pictures that are still missing are shown no earlier than this.
                last[index] = packet.dts * packet.time_base
    cut = [one for one in streams if one.index in broken or counts[one.index] != one.frames]
    start = (pictures.start_time or 0) * (pictures.time_base or Fraction(1))
    left = min((last.get(one.index, start) - start for one in cut), default=None)
    rate = pictures.average_rate
    return left if left is None or not rate else floor(left * rate) / rate
