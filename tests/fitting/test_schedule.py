"""Every picture is shown at its time, whatever the frame rates."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from av.video.frame import VideoFrame

from sora_remix.fitting.errors import EmptyPart
from sora_remix.fitting.pictures import TimedPicture
from sora_remix.fitting.schedule import scheduled

FRAME = VideoFrame(16, 16, "gray")
NTSC = Fraction(30000, 1001)


def _shown(
    times: Sequence[Fraction],
    start: str = "0",
    end: str | None = None,
    *,
    rate: Fraction = Fraction(25),
    period: Fraction = Fraction(1, 25),
    duration: Fraction | None = None,
    video_end: Fraction | None = None,
) -> tuple[list[int], Fraction]:
    """Return the place of the picture that each frame shows, and where the clip begins."""
    pictures = [TimedPicture(FRAME, time, duration or period) for time in times]
    shown = list(
        scheduled(
            pictures, Fraction(start), Fraction(end) if end else None, rate, period, video_end
        )
    )
    frames = [times.index(one.picture.time) for one in shown for _count in range(one.frames)]
    return frames, shown[0].base


def _regular(rate: Fraction, count: int) -> list[Fraction]:
    return [number / rate for number in range(count)]


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), NTSC, Fraction(60), Fraction(120)])
def test_constant_rate_shows_every_picture_once(rate: Fraction) -> None:
    frames, base = _shown(_regular(rate, 240), rate=rate, period=1 / rate)

    assert frames == list(range(240))
    assert base == 0


@pytest.mark.parametrize("rate", [Fraction(24), NTSC, Fraction(60)])
def test_times_in_milliseconds_lose_and_repeat_nothing(rate: Fraction) -> None:
    times = [Fraction(round(1000 * time), 1000) for time in _regular(rate, 200)]
    frames, _base = _shown(times, rate=rate, period=1 / rate)

    assert frames == list(range(200))


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("0.4", "0.8", 10, 19),
        ("0.401", "0.8", 11, 19),
        ("0.4004", "0.8004", 10, 19),
        ("0.3996", "0.7996", 10, 19),
        ("0.41", "0.79", 11, 19),
        ("0.4", "0.81", 10, 20),
    ],
)
def test_part_has_the_pictures_that_start_in_it(
    start: str, end: str, first: int, last: int
) -> None:
    frames, base = _shown(_regular(Fraction(25), 50), start, end)

    assert frames == list(range(first, last + 1))
    assert base == Fraction(first, 25)


def test_milliseconds_that_people_type_hit_the_picture() -> None:
    frames, _base = _shown(_regular(NTSC, 60), "0.334", "0.667", rate=NTSC, period=1 / NTSC)

    assert frames == list(range(10, 20))


def test_part_within_a_long_picture_shows_it() -> None:
    times = [Fraction(0), Fraction(10)]

    assert _shown(times, "2", "3") == (25 * [0], Fraction(2))


def test_half_the_rate_shows_every_second_picture() -> None:
    frames, _base = _shown(_regular(Fraction(60), 60), rate=Fraction(30), period=Fraction(1, 60))

    assert frames == list(range(0, 60, 2))


def test_double_rate_shows_every_picture_twice() -> None:
    frames, _base = _shown(_regular(Fraction(25), 10), rate=Fraction(50))

    assert frames == [place for place in range(10) for _twice in range(2)]


def test_last_picture_is_not_shown_beyond_the_end_of_the_video() -> None:
    frames, _base = _shown(
        [Fraction(0), Fraction(1, 5)], duration=Fraction(1), video_end=Fraction(2, 5)
    )

    assert frames == [*5 * [0], *5 * [1]]


@pytest.mark.parametrize("start", ["0.4", "5"])
def test_nothing_is_shown_after_the_end(start: str) -> None:
    with pytest.raises(EmptyPart):
        _shown(_regular(Fraction(25), 10), start)
