"""A clip has the size that the recipe asks for, or that players show."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from av.video.frame import VideoFrame

from tests.fitting.footage import COLORS, Footage, film, numbered, turned_by, watch
from tests.fitting.making import fit, turned

GRAY = 128


def _still(**values: Any) -> bytes:
    return film(Footage(sound="", frames=3, **values))


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ({"size": (161, 91), "pixels": "yuv444p"}, (160, 90)),
        ({"size": (120, 90), "pixel": Fraction(4, 3)}, (160, 90)),
        ({"size": (90, 90)}, (90, 90)),
        ({"size": (90, 160)}, (90, 160)),
    ],
    ids=["odd sides", "pixels that are not square", "square", "portrait"],
)
def test_size_is_that_of_players(source: dict[str, Any], size: tuple[int, int]) -> None:
    clip = watch(fit(_still(**source)))

    assert (clip.size, clip.numbers) == (size, [0, 1, 2])


def test_picture_is_scaled_to_the_recipe() -> None:
    clip = watch(fit(_still(), width=100, height=200))

    assert (clip.size, clip.numbers) == ((100, 200), [0, 1, 2])


def test_turned_picture_is_scaled_to_the_recipe() -> None:
    footage = turned(_still(draw=turned_by("transpose=cclock")), 0, 1, -1, 0)
    clip = watch(fit(footage, width=54, height=96))

    assert (clip.size, clip.numbers) == ((54, 96), [0, 1, 2])


def _ruled(_number: int, width: int, height: int) -> VideoFrame:
    """Draw gray whose outer eighths are red at the sides, and green above and below."""

    def at(x: int, y: int) -> tuple[int, ...]:
        if not width // 8 <= x < width - width // 8:
            return COLORS[0]
        return (GRAY,) * 3 if height // 8 <= y < height - height // 8 else COLORS[1]

    content = b"".join(bytes((*at(x, y), 255)) for y in range(height) for x in range(width))
    return VideoFrame.from_bytes(content, width, height)


@pytest.mark.parametrize(
    ("size", "edges"),
    [((120, 90), "green"), ((160, 60), "red")],
    ids=["narrower", "wider"],
)
def test_crop_keeps_the_middle(size: tuple[int, int], edges: str) -> None:
    clip = watch(fit(_still(draw=_ruled), width=size[0], height=size[1], shape="crop"))
    above, left, middle = clip.pixel(0.5, 0.02), clip.pixel(0.02, 0.5), clip.pixel(0.5, 0.5)

    assert clip.size == size
    assert _is_green(above) == (edges == "green")
    assert _is_red(left) == (edges == "red")
    assert _is_gray(middle)


@pytest.mark.parametrize(
    ("size", "place"),
    [((160, 160), (0.5, 0.05)), ((320, 90), (0.05, 0.5))],
    ids=["taller", "wider"],
)
def test_pad_adds_black(size: tuple[int, int], place: tuple[float, float]) -> None:
    clip = watch(fit(_still(draw=_ruled), width=size[0], height=size[1], shape="pad"))

    assert clip.size == size
    assert max(clip.pixel(*place)) < 24
    assert max(clip.pixel(*(1 - one for one in place))) < 24
    assert _is_gray(clip.pixel(0.5, 0.5))


def _is_red(color: tuple[int, ...]) -> bool:
    return color[0] > 2 * color[1]


def _is_green(color: tuple[int, ...]) -> bool:
    return color[1] > 2 * color[0]


def _is_gray(color: tuple[int, ...]) -> bool:
    return max(color) - min(color) < 12


def test_padding_of_a_turned_picture_is_where_it_is_seen() -> None:
    footage = turned(_still(), 0, 1, -1, 0)
    clip = watch(fit(footage, width=160, height=160, shape="pad"))

    assert max(clip.pixel(0.05, 0.5)) < 24
    assert max(clip.pixel(0.5, 0.05)) > 24


def test_picture_of_8k_is_scaled_down() -> None:
    fast = (("preset", "ultrafast"), ("x264-params", "log-level=none"))
    footage = film(Footage(sound="", frames=2, size=(7680, 4320), codec_options=fast, draw=_flat))
    clip = watch(fit(footage, width=1280, height=720), with_numbers=False)

    assert (clip.size, len(clip.times)) == ((1280, 720), 2)


def _flat(_number: int, width: int, height: int) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([GRAY]) * plane.buffer_size)
    return frame


def test_size_that_changes_midway_changes_nothing_in_the_clip() -> None:
    """Streams that adapt to the connection do this."""
    plain = (("bf", "0"),)
    first = film(Footage(container="mpegts", sound="", frames=10, codec_options=plain))
    second = film(
        Footage(
            container="mpegts", sound="", frames=10, size=(320, 180), codec_options=plain,
            times=[Fraction(at, 25) for at in range(10, 20)],
            draw=lambda number, width, height: numbered(number + 10, width, height),
        )
    )  # fmt: skip
    clip = watch(fit(first + second))

    assert clip.size == (160, 90)
    assert clip.numbers == list(range(20))


@pytest.mark.parametrize("field", ["tt", "bb"])
def test_interlaced_pictures_become_whole(field: str) -> None:
    options = (("flags", "+ildct+ilme"), ("field_order", field))
    footage = Footage(
        container="mpegts",
        codec="mpeg2video",
        sound="",
        frames=25,
        codec_options=options,
        draw=_combed,
    )
    clip = watch(fit(film(footage)), with_numbers=False)

    edges = [sum(pixel[0] > GRAY for pixel in row) for row in clip.rows]
    assert len(clip.times) == 25
    assert max(abs(a - b) for a, b in pairwise(edges[4:-4])) <= 4


def _combed(number: int, width: int, height: int) -> VideoFrame:
    """Draw an edge that stands somewhere else in every second line, as if it had moved."""
    rows = []
    for y in range(height):
        edge = 40 + 2 * number + 12 * (y % 2)
        rows.append(bytes([235, 235, 235, 255]) * edge + bytes([16, 16, 16, 255]) * (width - edge))
    return VideoFrame.from_bytes(b"".join(rows), width, height)
