"""Notice files whose end is missing, and find how much of them is there.

Most containers state where their sections end, as if nothing were missing. A cut between two
sections, or between two packets of a transport stream, leaves no trace.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from math import floor

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from .containers import HEAD_LENGTH, PACKET, SYNC, container_of
from .files import Readable
from .sections import SECTIONS

MOST_SECTIONS = 10_000
"""Sections to look at. More are only in long recordings that were made in fragments."""
GIF_END = b"\x3b"
GIF_REST = 16
"""Bytes at the end of a GIF among which its trailer is, as some programs add to it."""
WITHOUT_SIZES = ("mpegts", "gif")
"""Demuxers that can't tell whether the last packet is whole, nor how many there were."""


def is_cut_off(file: Readable) -> bool:
    """Tell whether the file certainly ends before its pictures or its sound do.

    Call it before opening the file, because it moves the position.
    """
    file.seek(0)
    container = container_of(file.read(HEAD_LENGTH))
    end = file.seek(0, os.SEEK_END)
    match container:
        case "mpegts":
            return _is_packet_cut(file, end)
        case "gif":
            file.seek(max(0, end - GIF_REST))
            return GIF_END not in file.read()
        case "":
            return False
    sections = islice(SECTIONS[container](file), MOST_SECTIONS)
    return any(section.holds_media and section.end > end for section in sections)


def _is_packet_cut(file: Readable, end: int) -> bool:
    """Tell whether a transport stream ends within a packet, and not with something else."""
    rest = end % PACKET
    file.seek(end - rest - PACKET)
    last = file.read()
    return rest > 0 and last[0] == last[PACKET] == SYNC


def seconds_left(container: InputContainer, pictures: VideoStream) -> Fraction | None:
    """Return until when a file that is cut off has both its pictures and its first sound.

    None if it has all of them. All packets are read, but none is decoded. The time is the start of
    a picture at the usual rate, so that all sound of the pictures before is there.
    """
    streams: list[VideoStream | AudioStream] = [pictures, *container.streams.audio[:1]]
    has_sizes = container.format.name not in WITHOUT_SIZES
    counts, last = _whole_packets(container, streams, has_sizes)
    start = (pictures.start_time or 0) * (pictures.time_base or Fraction(1))
    cut = [one for one in streams if not has_sizes or counts[one.index] != one.frames]
    left = min((last.get(one.index, start) - start for one in cut), default=None)
    rate = pictures.average_rate
    if left is None:
        return None
    return max(Fraction(0), floor(left * rate) / rate if rate else left)


def _whole_packets(
    container: InputContainer, streams: list[VideoStream | AudioStream], has_sizes: bool
) -> tuple[Counter[int], dict[int, Fraction]]:
    """Return the number of packets up to the first broken one, and the time of the last of them.

    Pictures that are still missing are shown no earlier than that.
    """
    counts: Counter[int] = Counter()
    last: dict[int, Fraction] = {}
    before: dict[int, Fraction] = {}
    broken: set[int] = set()
    container.seek(0)
    with suppress(FFmpegError):
        for packet in container.demux(*streams):
            index = packet.stream.index
            if packet.is_corrupt and has_sizes:
                broken.add(index)
            if index not in broken and packet.size and packet.dts is not None:
                counts[index] += 1
                if index in last:
                    before[index] = last[index]
                last[index] = packet.dts * packet.time_base
    return counts, last if has_sizes else before
