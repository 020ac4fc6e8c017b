"""Divide the bytes that a clip may have."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

SOUND = 160_000
"""Bits per second of sound, unless there are too few."""
LEAST_SOUND = 24_000
SOUND_SHARE = Fraction(1, 5)
"""Most of the bits that sound may take."""
BUFFER_SECONDS = 2
"""Seconds for which pictures may take more than their rate."""
FRAME_BYTES = 24
"""Bytes of the index for each picture and for the sound with it, at most."""
FILE_BYTES = 4096
"""Bytes of the file besides."""
LEAST_RATE = 1000
"""Bits per second of pictures. Encoders take no less."""


@dataclass(frozen=True)
class Rates:
    """How many bits the clip may have."""

    pictures: int | None = None
    """For each second. None for constant quality."""
    buffer: int = 0
    """How many bits pictures may take above their rate for a while."""
    sound: int = SOUND
    """For each second."""


def rates_within(most_bytes: int, seconds: Fraction, fps: Fraction) -> Rates:
    """Return rates for a clip of this length that keep it below a size."""
    index = FILE_BYTES + FRAME_BYTES * seconds * max(fps, Fraction(50))
    bits = max(Fraction(0), 8 * (most_bytes - index))
    sound = max(LEAST_SOUND, min(SOUND, int(bits / seconds * SOUND_SHARE)))
    buffered = min(Fraction(BUFFER_SECONDS), seconds / 2)
    pictures = max(LEAST_RATE, int((bits - sound * seconds) / (seconds + buffered)))
    return Rates(pictures, max(LEAST_RATE, int(pictures * buffered)), sound)
