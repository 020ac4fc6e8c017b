"""Colours of a clip look like those of its source."""

from __future__ import annotations

import colorsys
import math
import struct
from collections.abc import Sequence

import pytest
from av.video.frame import VideoFrame

from tests.fitting.footage import COLORS, Footage, film, watch
from tests.fitting.making import fit

TOLERANCE = 24
"""Levels of 255 in red, green or blue, after two encodings with half the colour resolution."""
HUE_TOLERANCE = 20
"""Degrees by which the hue of HDR may change."""
GRAY_TOLERANCE = 4
"""Levels of 255 between red, green and blue of gray."""
BT709, BT601, BT2020, PQ, HLG = 1, 6, 9, 16, 18
QUIET_X265 = (("x265-params", "log-level=none"),)
HD = (1280, 720)


def _assert_colors(content: bytes, expected: Sequence[Sequence[int]] = COLORS) -> None:
    seen = watch(content)
    for color, wanted in zip(seen.colors, expected, strict=True):
        assert all(abs(a - b) <= TOLERANCE for a, b in zip(color, wanted, strict=True)), seen.colors
    assert seen.tags == (BT709, BT709, BT709, 1)
    assert seen.pixels == {"yuv420p"}


def _tags(
    matrix: int, primaries: int, transfer: int, levels: int = 1
) -> tuple[tuple[str, int], ...]:
    names = ("colorspace", "color_primaries", "color_trc", "color_range")
    return tuple(zip(names, (matrix, primaries, transfer, levels), strict=True))


@pytest.mark.parametrize(
    "footage",
    [
        Footage(sound="", frames=3, matrix="bt601"),
        Footage(sound="", frames=3, matrix="bt601", tags=_tags(BT601, BT601, BT601)),
        Footage(sound="", frames=3, matrix="bt709", tags=_tags(BT709, BT709, BT709)),
        Footage(sound="", frames=3, matrix="bt709", size=HD),
        Footage(sound="", frames=3, matrix="bt601", size=HD, tags=_tags(BT601, BT601, BT601)),
        Footage(sound="", frames=3, matrix="bt601", pixels="yuvj420p"),
        Footage(
            sound="", frames=3, matrix="bt709", levels="full", tags=_tags(BT709, BT709, BT709, 2)
        ),
    ],
    ids=["SD", "SD with tags", "SD with BT.709", "HD", "HD with BT.601", "JPEG", "full range"],
)
def test_matrix_and_range_are_converted(footage: Footage) -> None:
    _assert_colors(fit(film(footage), width=96, height=54))


def test_rgb_is_converted() -> None:
    footage = Footage(container="mov", codec="qtrle", pixels="rgb24", sound="", frames=3)

    _assert_colors(fit(film(footage)))


def test_transparent_pixels_become_black() -> None:
    footage = Footage(
        container="mov", codec="qtrle", pixels="argb", sound="", frames=3, draw=_half_transparent
    )

    _assert_colors(fit(film(footage)), [COLORS[0], COLORS[1], (0, 0, 0), (0, 0, 0)])


def _half_transparent(_number: int, width: int, height: int) -> VideoFrame:
    row = b"".join(
        bytes((*COLORS[column * len(COLORS) // width], 255 * (2 * column < width)))
        for column in range(width)
    )
    return VideoFrame.from_bytes(row * height, width, height)


def _light(color: Sequence[int]) -> list[float]:
    """Return the light of a colour of BT.709 in the primaries of BT.2020, from 0 to 1."""
    red, green, blue = ((level / 255) ** 2.4 for level in color)
    return [
        0.6274 * red + 0.3293 * green + 0.0433 * blue,
        0.0691 * red + 0.9195 * green + 0.0114 * blue,
        0.0164 * red + 0.0880 * green + 0.8956 * blue,
    ]


def _pq(nits: float) -> float:
    """Encode light as ITU-R BT.2100 says for PQ."""
    power: float = (nits / 10_000) ** (2610 / 16384)
    ratio: float = (0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)
    return math.pow(ratio, 2523 / 4096 * 128)


def _hlg(scene: float) -> float:
    """Encode light of a scene as ITU-R BT.2100 says for HLG."""
    if scene <= 1 / 12:
        return math.sqrt(3 * scene)
    return 0.17883277 * math.log(12 * scene - 0.28466892) + 0.55991073


def _hdr_levels(color: Sequence[int], transfer: int, white: float) -> tuple[int, int, int]:
    """Return luma and chroma of 10 bit for a colour whose white has so many nits."""
    light = [white * one for one in _light(color)]
    if transfer == PQ:
        red, green, blue = map(_pq, light)
    else:
        # A display of 1000 nits raises the light of the scene to the power of 1.2.
        luminance = 0.2627 * light[0] + 0.678 * light[1] + 0.0593 * light[2]
        gain = (luminance / 1000) ** (1 / 1.2 - 1) / 1000 if luminance else 0
        red, green, blue = (_hlg(one * gain) for one in light)
    luma = 0.2627 * red + 0.678 * green + 0.0593 * blue
    return (
        round(64 + 876 * luma),
        round(512 + 896 * (blue - luma) / 1.8814),
        round(512 + 896 * (red - luma) / 1.4746),
    )


def _hdr(transfer: int, white: float) -> Footage:
    def draw(_number: int, width: int, height: int) -> VideoFrame:
        frame = VideoFrame(width, height, "yuv420p10le")
        levels = [_hdr_levels(color, transfer, white) for color in COLORS]
        for component, plane in enumerate(frame.planes):
            row = b"".join(
                struct.pack("<H", levels[column * len(COLORS) // plane.width][component])
                for column in range(plane.width)
            )
            plane.update(row.ljust(plane.line_size, b"\0") * plane.height)
        return frame

    return Footage(
        codec="libx265", pixels="yuv420p10le", sound="", frames=3, draw=draw,
        codec_options=QUIET_X265, tags=_tags(BT2020, BT2020, transfer),
    )  # fmt: skip


@pytest.mark.parametrize(("transfer", "least"), [(PQ, 0.7), (HLG, 0.8)], ids=["PQ", "HLG"])
def test_hdr_keeps_its_hues_and_stays_bright(transfer: int, least: float) -> None:
    """White of 203 nits (ITU-R BT.2408) becomes darker, which leaves room for what is brighter."""
    seen = watch(fit(film(_hdr(transfer, 203))))
    *bars, gray = seen.colors

    for color, wanted in zip(bars, COLORS, strict=False):
        assert abs(_hue(color) - _hue(wanted)) <= HUE_TOLERANCE
    assert max(gray) - min(gray) <= GRAY_TOLERANCE
    assert least * COLORS[-1][0] < sum(gray) / 3 < COLORS[-1][0]
    assert seen.tags == (BT709, BT709, BT709, 1)
    assert seen.pixels == {"yuv420p"}


def _hue(color: Sequence[int]) -> float:
    """Return the hue in degrees, from -180 to 180."""
    red, green, blue = (level / 255 for level in color)
    hue = colorsys.rgb_to_hsv(red, green, blue)[0]
    return float((360 * hue + 180) % 360 - 180)
