"""Large pictures are mapped in bands, which nobody can see."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from av.video.frame import VideoFrame

from sora_remix.fitting import canvas
from sora_remix.fitting.bands import COUNTS, band_count, banded, mapped
from sora_remix.fitting.colors import TONE_MAPPED
from sora_remix.fitting.graphs import picture_graph
from tests.fitting.footage import Footage, film, watch
from tests.fitting.making import fit

WIDTH, HEIGHT = 64, 160
PQ, BT2020 = 16, 9
HDR = "setparams=color_trc=smpte2084:color_primaries=bt2020"


def _noise(seed: int) -> VideoFrame:
    frame = VideoFrame(WIDTH, HEIGHT, "yuv420p10le")
    for plane in frame.planes:
        levels = random.Random(seed).choices(range(64, 941), k=plane.buffer_size // 2)
        plane.update(b"".join(level.to_bytes(2, "little") for level in levels))
    frame.colorspace, frame.pts = BT2020, 0
    return frame


def _pictures(count: int) -> list[list[bytes]]:
    """Map two pictures, one after the other, in so many bands."""
    filters = [HDR, *banded([TONE_MAPPED, "format=yuv420p"], WIDTH, HEIGHT, count)]
    graph = picture_graph(_noise(1), Fraction(1), filters)
    frames = [mapped(graph, _noise(seed), count) for seed in (1, 2)]
    assert {(frame.width, frame.height) for frame in frames} == {(WIDTH, HEIGHT)}
    return [[bytes(plane) for plane in frame.planes] for frame in frames]


@pytest.mark.parametrize("count", COUNTS)
def test_bands_cannot_be_told_from_the_whole(count: int) -> None:
    """Only the pattern of the dithering may be another."""
    for picture, whole in zip(_pictures(count), _pictures(1), strict=True):
        for plane, other in zip(picture, whole, strict=True):
            assert max(abs(a - b) for a, b in zip(plane, other, strict=True)) <= 1


@pytest.mark.parametrize(("height", "count"), [(2160, 8), (2164, 2), (2162, 1), (4320, 8)])
def test_every_band_has_an_even_height(height: int, count: int) -> None:
    assert band_count(height) == count


def test_pictures_of_a_large_video_in_hdr_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = (("color_trc", PQ), ("color_primaries", BT2020), ("colorspace", BT2020))
    video = film(
        Footage(
            codec="libx265",
            codec_options=(("x265-params", "log-level=none"),),
            pixels="yuv420p10le",
            size=(96, 160),
            sound="",
            frames=10,
            tags=tags,
        )
    )
    whole = watch(fit(video))
    monkeypatch.setattr(canvas, "LARGE_PIXELS", 0)
    heights: list[int] = []

    def count(height: int) -> int:
        heights.append(height)
        return 4

    monkeypatch.setattr(canvas, "band_count", count)

    in_bands = watch(fit(video))

    assert heights == [160]
    assert in_bands.numbers == whole.numbers == list(range(10))
    for color, other in zip(in_bands.colors, whole.colors, strict=True):
        assert max(abs(a - b) for a, b in zip(color, other, strict=True)) <= 3
