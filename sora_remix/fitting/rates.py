"""Find the usual frame rate of a video, whatever its container states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from statistics import median

NTSC = tuple(Fraction(1000 * rate, 1001) for rate in (24, 30, 48, 60, 120))
STANDARD = (*NTSC, *(Fraction(rate) for rate in (10, 12, 15, 24, 25, 30, 48, 50, 60, 100, 120)))
"""Frames per second."""
NEAR = Fraction(1, 100)
"""Relative difference up to which a measured rate is taken for a standard or stated one."""
OTHERWISE = Fraction(25)
"""The rate of a video with a single picture."""
SLOWEST, FASTEST = Fraction(1), Fraction(240)


def usual_rate(times: Sequence[Fraction], stated: Iterable[Fraction | None]) -> Fraction:
    """Return the frames per second at which most pictures follow each other.

    `times` are those of successive pictures in seconds. Pauses and dropped pictures don't count.
    """
    known = [rate for rate in stated if rate and SLOWEST <= rate <= FASTEST]
    steps = [after - before for before, after in pairwise(sorted(set(times)))]
    if not steps:
        return known[0] if known else OTHERWISE
    middle = median(steps)
    regular = [step for step in steps if middle / 2 < step < middle * 3 / 2]
    measured = len(regular) / sum(regular, Fraction(0))
    nearest = min((*known, *STANDARD), key=lambda rate: abs(rate - measured))
    if abs(nearest - measured) <= NEAR * measured:
        return nearest
    return min(max(measured.limit_denominator(1001), SLOWEST), FASTEST)


def exact_rate(fps: Decimal) -> Fraction:
    """Return the rate that people mean, for example 30000/1001 by 29.97."""
    rate = Fraction(fps)
    return next((ntsc for ntsc in NTSC if abs(ntsc - rate) < Fraction(1, 100)), rate)
