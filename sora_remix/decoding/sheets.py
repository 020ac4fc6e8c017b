"""The grid of a sprite sheet, read from the sheet itself and proven by the video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from math import ceil, floor, inf
from operator import itemgetter
from typing import TypedDict

from av.video.frame import VideoFrame

from .files import Readable
from .frames import GRAY, contrast, difference, grays
from .images import decode_image
from .videos import open_video, shown_stream

MOST_PIXELS = 40_000_000
MOST_FRAMES = 2_000
"""A longer video is not decoded only to prove a sheet, and no sheet has more places."""
MOST_COLUMNS = 30
SMALLEST_PLACE = 24
"""Pixels of the shorter side of a picture that is of any use."""
ASPECT = 0.12
"""By which part a place of the grid may differ in shape from the video: gaps count with it."""
MOMENTS = 48
"""Pictures of the video that places are compared with."""
EMPTY = 3.0
"""Contrast below which the last places of a sheet hold no picture."""
PROVEN = 0.25
"""Difference between places and moments, as part of the contrast there is, that is none."""
CLEARLY = 2
"""How many times less than by any other grid the places must differ by the one that is taken."""
RIM = 2
"""Pixels of a small picture that are not compared: there may be a gap between the places."""


class GridAnswer(TypedDict):
    """How the pictures lie in a sprite sheet, row by row."""

    columns: int
    rows: int
    frames: int
    """Pictures there are: the last places may be empty."""


def sheet_grid(sheet: Readable, video: Readable) -> GridAnswer | None:
    """Return the grid by which each place of the sheet shows its moment of the video.

    Nobody documents how a sheet is laid out, so nothing is assumed: without proof it is None.
    """
    picture = decode_image(sheet, MOST_PIXELS)
    aspect, moments = _moments(video)
    return _proven(list(_distances(picture, aspect, moments)), moments)


def _proven(
    found: Sequence[tuple[float, GridAnswer]], moments: Sequence[bytes]
) -> GridAnswer | None:
    """Return the grid whose places are those moments, if they are those of no other grid."""
    shown = sum(map(contrast, moments)) / MOMENTS
    if shown < EMPTY or not found:
        return None
    (least, grid), *others = sorted(found, key=itemgetter(0))
    next_to_it = min((distance for distance, _other in others), default=inf)
    return grid if least < PROVEN * shown and least * CLEARLY < next_to_it else None


def _moments(video: Readable) -> tuple[Fraction, list[bytes]]:
    """Return the aspect of a video and pictures of all its parts; raise ValueError if too long."""
    with open_video(video) as container:
        stream = shown_stream(container)
        if stream.frames > MOST_FRAMES:
            raise ValueError(f"It has {stream.frames} frames: too many to decode for this.")
        frames = [grays(frame)[0] for frame in islice(container.decode(stream), MOST_FRAMES)]
        pixels = stream.sample_aspect_ratio or Fraction(1)
        aspect = Fraction(stream.width, stream.height) * pixels
    return aspect, [_inner(frames[index * len(frames) // MOMENTS]) for index in range(MOMENTS)]


def _distances(
    picture: VideoFrame, aspect: Fraction, moments: Sequence[bytes]
) -> Iterator[tuple[float, GridAnswer]]:
    """Yield each possible grid with how far its pictures are from those of the video."""
    for columns, rows in _shapes(picture, aspect):
        places = [_inner(place) for place in grays(picture, columns, rows)]
        distances = ((_distance(places[:many], moments), many) for many in _counts(places))
        if nearest := min(distances, default=None):
            yield nearest[0], {"columns": columns, "rows": rows, "frames": nearest[1]}


def _counts(places: Sequence[bytes]) -> set[int]:
    """Return how many pictures there may be: the last places are empty, or the video ends dark."""
    filled = len(places)
    while filled and contrast(places[filled - 1]) < EMPTY:
        filled -= 1
    return {many for many in (filled, len(places)) if many > 1}


def _shapes(picture: VideoFrame, aspect: Fraction) -> Iterator[tuple[int, int]]:
    """Yield all columns and rows whose places have about the shape of the video."""
    for columns in range(1, MOST_COLUMNS + 1):
        width = picture.width / columns
        exact = picture.height * float(aspect) / width
        for rows in {floor(exact), ceil(exact)} - {0}:
            height = picture.height / rows
            fits = abs(width / height / float(aspect) - 1) <= ASPECT
            is_sheet = 1 < columns * rows <= MOST_FRAMES
            if fits and is_sheet and min(width, height) >= SMALLEST_PLACE:
                yield columns, rows


def _distance(places: Sequence[bytes], moments: Sequence[bytes]) -> float:
    """Return the mean difference of places from the nearest moment about their time."""
    reach = MOMENTS / len(places)
    nearest = []
    for number, place in enumerate(places):
        first = max(0, floor((number - 0.5) * reach) - 1)
        last = min(MOMENTS, ceil((number + 1.5) * reach) + 1)
        nearest.append(min(difference(place, moment) for moment in moments[first:last]))
    return sum(nearest) / len(nearest)


def _inner(picture: bytes) -> bytes:
    lines = range(RIM, GRAY - RIM)
    return b"".join(picture[line * GRAY + RIM : (line + 1) * GRAY - RIM] for line in lines)
