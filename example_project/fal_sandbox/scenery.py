"""Landscapes of drifting layers, painted column by column."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Colour = tuple[int, int, int]
Profile = Callable[[float], float]
"""From a place along the panorama, in picture heights, to a height between 0 and 1."""

PIXEL = 4


@dataclass(frozen=True)
class Ridge:
    """One layer of a landscape, drifting by `speed` picture heights a second."""

    profile: Profile
    top: Colour
    bottom: Colour
    speed: float
    windows: bool = False


@dataclass(frozen=True)
class Scene:
    """A sky, a disc in it, and ridges from the far to the near."""

    sky: tuple[Colour, Colour, Colour]
    disc: Colour
    place: tuple[float, float, float]
    """The disc's centre, as shares of width and height, and its radius as share of the height."""

    ridges: tuple[Ridge, ...]
    stars: int = 0


def gradient(colours: Sequence[Colour], height: int) -> bytes:
    """Return one column of RGBA pixels that runs through the colours."""
    pixels = bytearray()
    for y in range(height):
        place = y / max(1, height - 1) * (len(colours) - 1)
        low = min(int(place), len(colours) - 2)
        share = place - low
        pairs = zip(colours[low], colours[low + 1], strict=True)
        pixels += bytes([*(round(a + (b - a) * share) for a, b in pairs), 255])
    return bytes(pixels)


def paint_sky(scene: Scene, width: int, height: int) -> list[bytes]:
    """Return the columns of the sky with its disc and stars."""
    columns = [bytearray(gradient(scene.sky, height)) for _ in range(width)]
    dice = random.Random(1)
    for _ in range(scene.stars):
        y = int(dice.random() ** 2 * height * 0.7)
        columns[dice.randrange(width)][y * PIXEL : y * PIXEL + 3] = b"\xff\xff\xee"
    middle, level, radius = scene.place[0] * width, scene.place[1] * height, scene.place[2] * height
    for column in range(max(0, math.ceil(middle - radius)), min(width, int(middle + radius))):
        half = math.sqrt(max(0, radius**2 - (column - middle) ** 2))
        start, stop = max(0, round(level - half)), min(height, round(level + half))
        run = bytes([*scene.disc, 255]) * (stop - start)
        columns[column][start * PIXEL : stop * PIXEL] = run
    return [bytes(column) for column in columns]


class Panorama:
    """One ridge painted once, wide enough for the whole drift."""

    def __init__(self, ridge: Ridge, length: int, height: int) -> None:
        self.speed = ridge.speed * height
        shares = (ridge.profile(x / height) for x in range(length))
        self.tops = [round((1 - min(max(share, 0), 1)) * height) for share in shares]
        # The gradient starts at the highest summit, or it would hardly be seen.
        summit = min(self.tops)
        colour = gradient([ridge.top, ridge.bottom], height - summit)
        plain = bytes(summit * PIXEL) + colour
        self.columns = [plain] * length
        if ridge.windows:
            light_windows(self.columns, self.tops, height)


def light_windows(columns: list[bytes], tops: list[int], height: int) -> None:
    """Light some windows in every column that is not at a building's edge."""
    dice, step = random.Random(2), max(4, height // 45)
    rows: list[int] = []
    for x in range(step, len(columns) - step):
        if tops[x - step] != tops[x + step] or x % (2 * step) >= step:
            continue
        if x % (2 * step) == 0:
            floors = range(tops[x] + step, height, 2 * step)
            rows = [y for y in floors if dice.random() < 0.45]
        column = bytearray(columns[x])
        for y in rows:
            stop = min(height, y + step)
            column[y * PIXEL : stop * PIXEL] = b"\xff\xd1\x7a\xff" * (stop - y)
        columns[x] = bytes(column)


class Landscape:
    """A scene at one size, ready to be shown at any time of the clip."""

    def __init__(self, scene: Scene, width: int, height: int, seconds: float) -> None:
        self.width, self.height = width, height
        self.sky = paint_sky(scene, width, height)
        self.near_first = [
            Panorama(ridge, width + math.ceil(ridge.speed * height * seconds) + 1, height)
            for ridge in reversed(scene.ridges)
        ]

    def at(self, seconds: float) -> bytes:
        """Return the picture as RGBA, column after column."""
        shown = [
            (ridge.tops[shift:], ridge.columns[shift:])
            for ridge in self.near_first
            for shift in (int(ridge.speed * seconds),)
        ]
        return b"".join(self._column(x, shown) for x in range(self.width))

    def _column(self, x: int, shown: list[tuple[list[int], list[bytes]]]) -> bytes:
        bottom, runs = self.height, []
        for tops, columns in shown:
            top = tops[x]
            if top < bottom:
                runs.append(columns[x][top * PIXEL : bottom * PIXEL])
                bottom = top
        runs.append(self.sky[x][: bottom * PIXEL])
        return b"".join(reversed(runs))
