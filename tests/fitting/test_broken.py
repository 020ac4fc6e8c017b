"""A broken video never becomes a shorter clip."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import pytest

from sora_remix.fitting.errors import BrokenAt, EmptyPart, OverSize
from tests.fitting.footage import Footage, film, watch
from tests.fitting.making import cut_off, damaged, fit

FASTSTART = (("movflags", "+faststart"),)
SOURCES: dict[str, Callable[[], bytes]] = {
    "MP4": lambda: film(Footage(sound="", options=FASTSTART)),
    "MP4 with sound": lambda: film(Footage(options=FASTSTART)),
    "HEVC": lambda: film(
        Footage(
            codec="libx265", sound="", options=FASTSTART,
            codec_options=(("x265-params", "log-level=none"),),
        )
    ),
    "Matroska": lambda: film(Footage(container="matroska", sound="libopus")),
    "AVI": lambda: film(Footage(container="avi", codec="mpeg4", sound="pcm_s16le")),
    "AVI without sound": lambda: film(Footage(container="avi", codec="mpeg4", sound="")),
    "MPEG-TS": lambda: film(Footage(container="mpegts", codec="mpeg2video", sound="")),
    "GIF": lambda: film(
        Footage(
            container="gif", codec="gif", sound="", pixels="rgb8", rate=Fraction(10), frames=20
        )
    ),
}  # fmt: skip
"""Videos of two seconds."""


@cache
def source(name: str) -> bytes:
    return SOURCES[name]()


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("recipe", [{}, {"width": 80, "height": 44}], ids=["as it is", "scaled"])
def test_video_that_is_cut_off_is_refused(name: str, recipe: dict[str, int]) -> None:
    with pytest.raises(BrokenAt) as refusal:
        fit(cut_off(source(name), 0.7), **recipe)

    assert 0 < refusal.value.second < 2


@pytest.mark.parametrize("name", ["MP4", "MP4 with sound", "HEVC", "AVI without sound", "MPEG-TS"])
def test_video_that_is_damaged_midway_is_refused(name: str) -> None:
    with pytest.raises(BrokenAt) as refusal:
        fit(damaged(source(name), 0.8, 0.85), width=80, height=44)

    assert 0 < refusal.value.second < 2


def test_second_at_which_a_video_broke_is_that_of_the_video() -> None:
    with pytest.raises(BrokenAt) as whole:
        fit(damaged(source("MP4"), 0.6, 0.65), width=80, height=44)
    with pytest.raises(BrokenAt) as part:
        fit(damaged(source("MP4"), 0.6, 0.65), start="0.6", width=80, height=44)

    assert part.value.second == whole.value.second


def test_damage_after_the_part_does_not_matter() -> None:
    clip = watch(fit(damaged(source("MP4"), 0.8, 0.9), end="0.4", width=80, height=44))

    assert clip.numbers == list(range(10))


def test_damage_before_the_part_does_not_matter() -> None:
    clip = watch(fit(damaged(source("MP4"), 0.4, 0.45), start="1.6", width=80, height=44))

    assert clip.numbers == list(range(40, 50))


def test_broken_last_picture_is_tolerated() -> None:
    footage = film(Footage(sound="", options=FASTSTART, codec_options=(("bf", "0"),)))
    clip = watch(fit(footage[:-20], width=80, height=44))

    assert clip.numbers == list(range(49))


def test_sound_that_is_damaged_is_refused() -> None:
    """There are few pictures in this file, and none where it is damaged."""
    footage = film(Footage(frames=3, rate=Fraction(1), options=FASTSTART))
    with pytest.raises(BrokenAt) as refusal:
        fit(damaged(footage, 0.5, 0.62), start="1", width=80, height=44)

    assert 1 < refusal.value.second < 2


def test_last_picture_may_be_shown_for_long() -> None:
    times = [Fraction(at, 25) for at in (*range(10), 50)]
    footage = Footage(sound="", frames=11, times=times, codec_options=(("bf", "0"),))

    assert watch(fit(film(footage))).numbers == [*range(9), *41 * [9], 10]


@pytest.mark.parametrize("start", ["2", "30"])
def test_part_after_the_end_is_empty(start: str) -> None:
    with pytest.raises(EmptyPart):
        fit(source("MP4"), start=start)


def test_size_that_no_clip_can_have_is_refused() -> None:
    with pytest.raises(OverSize):
        fit(source("MP4"), max_bytes=2000)


def test_file_that_is_no_video_is_refused() -> None:
    with pytest.raises(Exception, match="Invalid data"):
        fit(b"no video")
