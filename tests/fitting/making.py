"""Make clips in this process, and change the files from which they are made."""

from __future__ import annotations

import random
import struct
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sora_remix.fitting import clips
from sora_remix.fitting.progress import ProgressReport
from sora_remix.recipe import Recipe
from tests.fitting.footage import Footage, film

DECIMALS = {"start", "end", "fps"}


def recipe_of(**values: Any) -> Recipe:
    """Return a recipe whose numbers may be texts."""
    exact: dict[str, Any] = {name: Decimal(values[name]) for name in DECIMALS & values.keys()}
    return Recipe(**values | exact)


def fit(content: bytes, **values: Any) -> bytes:
    """Return the clip made from a video by a recipe."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(content)
        source.flush()
        progress = ProgressReport(lambda answer: None, allow_next_step=lambda: None)
        clips.make_clip(source.fileno(), target.fileno(), recipe_of(**values), progress)
        target.seek(0)
        return target.read()


def turned(content: bytes, *matrix: int) -> bytes:
    """Set the first four numbers of the display matrix of the first track of an MP4."""
    a, b, c, d = (number << 16 for number in matrix)
    at = content.index(b"tkhd") + 4 + 40
    return content[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + content[at + 36 :]


def edited(content: bytes, seconds: float) -> bytes:
    """Leave out the beginning of an MP4 by its edit lists, which count in milliseconds."""
    changed = bytearray(content)
    left_out = round(seconds * 1000)
    for at in _places(content, b"elst"):
        [begin] = struct.unpack_from(">i", content, at + 16)
        _subtract(changed, at + 12, left_out)
        struct.pack_into(">i", changed, at + 16, begin + round(seconds * _timescale(content, at)))
    for at in _places(content, b"tkhd"):
        _subtract(changed, at + 24, left_out)
    for at in _places(content, b"mvhd"):
        _subtract(changed, at + 20, left_out)
    return bytes(changed)


def _places(content: bytes, box: bytes) -> Iterator[int]:
    at = -1
    while (at := content.find(box, at + 1)) >= 0:
        yield at


def _subtract(content: bytearray, at: int, number: int) -> None:
    [before] = struct.unpack_from(">I", content, at)
    struct.pack_into(">I", content, at, before - number)


def _timescale(content: bytes, before: int) -> int:
    """Return the ticks per second of the track whose edit list is here."""
    [ticks] = struct.unpack_from(">I", content, content.index(b"mdhd", before) + 4 + 12)
    return int(ticks)


def damaged(content: bytes, begin: float, end: float) -> bytes:
    """Overwrite a part of a file, given as fractions of its size."""
    first, last = int(len(content) * begin), int(len(content) * end)
    return content[:first] + random.Random(1).randbytes(last - first) + content[last:]


def cut_off(content: bytes, share: float) -> bytes:
    """Keep only the beginning of a file, never whole packets of a transport stream."""
    return content[: int(len(content) * share) | 1]


def phone_recording() -> bytes:
    """Return a MOV of 70 seconds with HEVC, which a phone has recorded upright."""
    filmed = Footage(
        container="mov",
        codec="libx265",
        codec_options=(("x265-params", "log-level=none"),),
        frames=350,
        rate=Fraction(5),
        group=25,
    )
    return turned(film(filmed), 0, 1, -1, 0)
