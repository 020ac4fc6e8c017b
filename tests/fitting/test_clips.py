"""Whatever a video is like, its clip is an MP4 that shows the same at the same time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import pytest

from tests.fitting.footage import COLORS, QUIET, Footage, Seen, film, turned_by, watch
from tests.fitting.making import edited, fit, turned

FASTSTART = (("movflags", "+faststart"),)
FRAGMENTED = (("movflags", "frag_keyframe+empty_moov+default_base_moof"),)
QUIET_X265 = (("x265-params", "log-level=none"),)
VARIABLE = tuple(
    Fraction(at, 1000)
    for at in (0, 33, 67, 100, 133, 300, 333, 367, 400, 433, 467, 500, 900, 933, 967, 1000, 1033)
)
NTSC = Fraction(30000, 1001)
SOUND_TOLERANCE = 0.04
"""Seconds."""
COLOR_TOLERANCE = 24
"""Levels of 255 in red, green or blue, after two encodings with half the colour resolution."""
LARGE = (7680, 4320)


def _phone() -> bytes:
    filmed = film(
        Footage(
            container="mov",
            codec="libx265",
            codec_options=QUIET_X265,
            draw=turned_by("transpose=cclock"),
        )
    )
    return turned(filmed, 0, 1, -1, 0)


SOURCES: dict[str, Callable[[], bytes]] = {
    "plain MP4": lambda: film(Footage()),
    "phone MOV with HEVC, turned": _phone,
    "fragmented MP4": lambda: film(Footage(options=FRAGMENTED, seekable=False)),
    "moov at the front": lambda: film(Footage(options=FASTSTART)),
    "MPEG-TS with MPEG-2": lambda: film(
        Footage(container="mpegts", codec="mpeg2video", sound="mp2")
    ),
    "MPEG-TS with H.264": lambda: film(Footage(container="mpegts")),
    "AVI": lambda: film(Footage(container="avi", codec="mpeg4", sound="pcm_s16le")),
    "WebM": lambda: film(Footage(container="webm", codec="libvpx-vp9", sound="libopus")),
    "WebM without a length": lambda: film(
        Footage(container="webm", codec="libvpx", sound="libopus", seekable=False)
    ),
    "Matroska": lambda: film(Footage(container="matroska", sound="libopus")),
    "MOV with ProRes": lambda: film(
        Footage(container="mov", codec="prores_ks", pixels="yuv422p10le", sound="pcm_s16le")
    ),
    "Motion JPEG": lambda: film(
        Footage(container="matroska", codec="mjpeg", pixels="yuvj420p", sound="pcm_s16le")
    ),
    "5.1 sound": lambda: film(Footage(layout="5.1")),
    "mono at 44.1 kHz": lambda: film(Footage(layout="mono", samples=44_100)),
    "cover art": lambda: film(Footage(cover=True)),
    "24 fps": lambda: film(Footage(rate=Fraction(24), frames=48)),
    "29.97 fps": lambda: film(Footage(rate=NTSC, frames=60)),
    "60 fps": lambda: film(Footage(rate=Fraction(60), frames=120)),
    "120 fps": lambda: film(Footage(rate=Fraction(120), frames=240)),
    "29.97 fps by milliseconds": lambda: film(Footage(container="matroska", rate=NTSC, frames=60)),
    "no B-frames": lambda: film(Footage(codec_options=(("bf", "0"),))),
    "4:4:4": lambda: film(Footage(pixels="yuv444p")),
    "10 bit": lambda: film(
        Footage(codec="libx265", pixels="yuv420p10le", codec_options=QUIET_X265)
    ),
}
"""Sources of two seconds, whose pictures have the numbers from 0 on."""


@cache
def source(name: str) -> bytes:
    return SOURCES[name]()


def _assert_is_a_clip(seen: Seen, seconds: float) -> None:
    assert seen.streams in (["h264"], ["h264", "aac"])
    assert seen.profile == "High"
    assert seen.pixels == {"yuv420p"}
    assert seen.rotation == 0
    assert seen.rate is not None
    assert abs(len(seen.times) / seen.rate - seconds) < 1 / seen.rate
    steps = {after - before for before, after in zip(seen.times, seen.times[1:], strict=False)}
    assert all(abs(step - 1 / seen.rate) <= Fraction(1, 1000) for step in steps)


def _assert_is_in_step(seen: Seen, start: float, end: float) -> None:
    """The tone ends with the pictures, and pauses when it did."""
    assert seen.samples == 48_000 or seen.layout == "mono"
    assert seen.layout in ("mono", "stereo")
    assert seen.loud[0] == pytest.approx(0, abs=SOUND_TOLERANCE)
    assert seen.loud[-1] == pytest.approx(end - start, abs=SOUND_TOLERANCE)
    [(before, after)] = seen.pauses
    assert before == pytest.approx(QUIET[0] - start, abs=SOUND_TOLERANCE)
    assert after == pytest.approx(QUIET[1] - start, abs=SOUND_TOLERANCE)


def _assert_has_the_colors(seen: Seen) -> None:
    for color, expected in zip(seen.colors, COLORS, strict=True):
        assert all(abs(a - b) <= COLOR_TOLERANCE for a, b in zip(color, expected, strict=True))


@pytest.mark.parametrize("name", SOURCES)
def test_a_part_shows_and_sounds_like_its_source(name: str) -> None:
    clip = watch(fit(source(name), start="0.4", end="1.2"))

    whole = watch_source(name)
    assert whole.rate is not None
    times = [time - whole.times[0] for time in whole.times]
    first = next(number for number, time in enumerate(times) if time >= Fraction("0.3995"))
    last = max(number for number, time in enumerate(times) if time < Fraction("1.1995"))
    assert (clip.numbers[0], clip.numbers[-1]) == (first, last)
    assert clip.numbers == list(range(first, last + 1))
    _assert_is_a_clip(clip, 0.8)
    _assert_is_in_step(clip, 0.4, 1.2)
    _assert_has_the_colors(clip)
    assert clip.tags == (1, 1, 1, 1)


@cache
def watch_source(name: str) -> Seen:
    return watch(source(name), with_numbers=False)


@pytest.mark.parametrize("name", SOURCES)
def test_a_whole_video_keeps_its_pictures_and_its_end(name: str) -> None:
    clip = watch(fit(source(name)))

    assert clip.numbers == list(range(len(watch_source(name).times)))
    _assert_is_a_clip(clip, 2)
    _assert_is_in_step(clip, 0, 2)


def test_video_of_a_phone_is_turned_upright() -> None:
    assert watch(fit(source("phone MOV with HEVC, turned"))).size == (90, 160)


@pytest.mark.parametrize(
    ("matrix", "filters", "size"),
    [
        ((-1, 0, 0, -1), ("hflip", "vflip"), (160, 90)),
        ((0, -1, 1, 0), ("transpose=clock",), (90, 160)),
        ((-1, 0, 0, 1), ("hflip",), (160, 90)),
    ],
    ids=["upside down", "turned to the right", "mirrored"],
)
def test_display_matrix_is_applied(
    matrix: tuple[int, ...], filters: tuple[str, ...], size: tuple[int, int]
) -> None:
    footage = Footage(sound="", frames=3, draw=turned_by(*filters))
    clip = watch(fit(turned(film(footage), *matrix)))

    assert (clip.size, clip.rotation, clip.numbers) == (size, 0, [0, 1, 2])
    _assert_has_the_colors(clip)


@pytest.mark.parametrize(
    ("frames", "seconds"), [(1, 0.04), (8, 0.32)], ids=["one picture", "0.3 s"]
)
def test_short_video_keeps_its_length(frames: int, seconds: float) -> None:
    clip = watch(fit(film(Footage(frames=frames, sound="")), width=80, height=44))

    assert clip.numbers == list(range(frames))
    _assert_is_a_clip(clip, seconds)


def test_video_without_sound_stays_without() -> None:
    assert watch(fit(film(Footage(sound="")), start="0.4")).streams == ["h264"]


def test_part_without_sound_has_none() -> None:
    footage = film(Footage(sound_seconds=0.4))

    assert watch(fit(footage, start="1", end="1.5")).streams == ["h264"]


def test_sound_that_ends_early_is_not_prolonged() -> None:
    clip = watch(fit(film(Footage(sound_seconds=1.2)), start="0.4", width=80, height=44))

    assert clip.loud[-1] == pytest.approx(0.8, abs=SOUND_TOLERANCE)
    _assert_is_a_clip(clip, 1.6)


def test_variable_frame_rate_becomes_constant() -> None:
    footage = film(
        Footage(frames=len(VARIABLE), times=VARIABLE, tick=Fraction(1, 1000), rate=Fraction(30))
    )
    clip = watch(fit(footage))

    assert clip.rate == 30
    _assert_is_a_clip(clip, 1.067)
    assert [clip.numbers.count(number) for number in range(len(VARIABLE))] == [
        1, 1, 1, 1, 5, 1, 1, 1, 1, 1, 1, 12, 1, 1, 1, 1, 1
    ]  # fmt: skip


def test_part_begins_with_what_is_shown_at_its_start() -> None:
    footage = film(
        Footage(frames=len(VARIABLE), times=VARIABLE, tick=Fraction(1, 1000), rate=Fraction(30))
    )
    clip = watch(fit(footage, start="0.7", end="1"))

    assert clip.numbers == 6 * [11] + [12, 13, 14]


@pytest.mark.parametrize(
    ("fps", "numbers"),
    [("12.5", [0, 2, 4, 6]), ("50", [0, 0, 1, 1]), ("30", [0, 1, 2, 2]), ("29.97", [0, 1, 2, 2])],
)
def test_frame_rate_of_the_recipe_is_used(fps: str, numbers: list[int]) -> None:
    clip = watch(fit(source("plain MP4"), fps=fps))

    assert clip.numbers[:4] == numbers
    assert clip.rate == (NTSC if fps == "29.97" else Fraction(fps))
    _assert_is_a_clip(clip, 2)
    _assert_is_in_step(clip, 0, 2)


def test_edit_list_is_respected() -> None:
    footage = edited(film(Footage(codec_options=(("bf", "0"),))), 0.24)
    clip = watch(fit(footage))

    assert clip.numbers == list(range(6, 50))
    _assert_is_a_clip(clip, 1.76)
    assert clip.pauses[0][0] == pytest.approx(QUIET[0] - 0.24, abs=SOUND_TOLERANCE)
    assert clip.loud[-1] == pytest.approx(1.76, abs=SOUND_TOLERANCE)


def test_gif_keeps_its_delays() -> None:
    delays = [Fraction(at, 100) for at in (0, 10, 20, 30, 80, 90, 100)]
    footage = Footage(
        container="gif", codec="gif", sound="", pixels="rgb8", rate=Fraction(10),
        frames=len(delays), times=delays, tick=Fraction(1, 100),
    )  # fmt: skip
    clip = watch(fit(film(footage)))

    assert clip.numbers == [0, 1, 2, 3, 3, 3, 3, 3, 4, 5, 6]
    _assert_is_a_clip(clip, 1.1)


def test_pause_in_the_sound_is_kept() -> None:
    """An hour of pictures with sound at the end only is no problem either."""
    footage = film(Footage(frames=180, rate=Fraction(1), sound_from=150, group=30))
    clip = watch(fit(footage, start="100", end="160"))

    assert len(clip.numbers) == 60
    assert clip.loud[0] == pytest.approx(50, abs=SOUND_TOLERANCE)
    assert clip.loud[-1] == pytest.approx(60, abs=SOUND_TOLERANCE)
