"""Pictures that need no change are copied, and only then."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import av
import pytest

from sora_remix.fitting import clips
from sora_remix.fitting.errors import BrokenAt
from tests.fitting.footage import QUIET, Footage, film, turned_by, watch
from tests.fitting.making import cut_off, damaged, fit, turned

NO_B_FRAMES = (("bf", "0"), ("sc_threshold", "0"))
B_FRAMES = (("x264-params", "b-adapt=0:bframes=3"),)
FASTSTART = (("movflags", "+faststart"),)
QUIET_X265 = (("x265-params", "log-level=none"),)


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is encoded in a test."""
    made: list[object] = []
    encode = clips.encode

    def remember(*arguments: Any) -> None:
        made.append(arguments)
        encode(*arguments)

    monkeypatch.setattr(clips, "encode", remember)
    return made


@cache
def _footage(**values: Any) -> bytes:
    return film(Footage(**values))


def _pictures(content: bytes) -> Iterator[bytes]:
    """Yield the coded pictures, each with its length before it as MP4 has it."""
    with av.open(io.BytesIO(content), "r") as container:
        for packet in container.demux(video=0):
            if packet.size:
                yield bytes(packet)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"codec_options": NO_B_FRAMES},
        {"sound": ""},
        {"container": "mov"},
        {"container": "matroska", "codec_options": B_FRAMES},
        {"cover": True},
        {"options": (("movflags", "frag_keyframe+empty_moov"),), "seekable": False},
    ],
    ids=["MP4", "no B-frames", "no sound", "MOV", "Matroska", "cover art", "fragmented"],
)
def test_whole_video_is_copied(values: dict[str, Any], encoded: list[object]) -> None:
    source = _footage(**values)

    clip = fit(source)

    assert encoded == []
    assert list(_pictures(clip)) == list(_pictures(source))
    seen = watch(clip)
    assert seen.numbers == list(range(50))
    assert seen.streams == (["h264", "aac"] if values.get("sound", "aac") else ["h264"])


def test_copied_sound_stays_in_step(encoded: list[object]) -> None:
    clip = watch(fit(_footage(codec_options=NO_B_FRAMES), start="0.48", end="1.44"))

    assert encoded == []
    assert clip.numbers == list(range(12, 36))
    assert next(at for at in clip.loud if at > 0.04) == pytest.approx(QUIET[1] - 0.48, abs=0.04)
    assert clip.loud[-1] == pytest.approx(0.96, abs=0.04)
    assert clip.duration <= 0.96


def test_transport_stream_is_copied(encoded: list[object]) -> None:
    clip = watch(fit(_footage(container="mpegts")))

    assert encoded == []
    assert clip.numbers == list(range(50))
    assert clip.pauses[0][0] == pytest.approx(QUIET[0], abs=0.04)


def test_other_sound_is_encoded_beside_copied_pictures(encoded: list[object]) -> None:
    source = _footage(layout="5.1")

    clip = fit(source)

    assert encoded == []
    assert list(_pictures(clip)) == list(_pictures(source))
    assert watch(clip).layout == "stereo"


VARIABLE = tuple(Fraction(at, 25) for at in (*range(20), *range(25, 55)))


@pytest.mark.parametrize(
    ("values", "recipe"),
    [
        ({}, {"start": "0.4"}),
        ({"codec_options": B_FRAMES}, {"end": "0.28"}),
        ({}, {"fps": "24"}),
        ({}, {"width": 80, "height": 44}),
        ({"codec": "libx265", "codec_options": QUIET_X265}, {}),
        ({"pixels": "yuv422p"}, {}),
        ({"pixel": Fraction(4, 3)}, {}),
        ({"times": VARIABLE, "codec_options": NO_B_FRAMES}, {}),
    ],
    ids=[
        "start between keyframes",
        "end between pictures that need each other",
        "other frame rate",
        "other size",
        "HEVC",
        "4:2:2",
        "pixels that are not square",
        "variable frame rate",
    ],
)
def test_what_has_to_change_is_encoded(
    values: dict[str, Any], recipe: dict[str, Any], encoded: list[object]
) -> None:
    seen = watch(fit(_footage(**values), **recipe), with_numbers=False)

    assert len(encoded) == 1
    assert seen.pixels == {"yuv420p"}


def test_turned_pictures_are_encoded(encoded: list[object]) -> None:
    fit(turned(_footage(draw=turned_by("transpose=cclock")), 0, 1, -1, 0))

    assert len(encoded) == 1


def test_frame_rate_that_the_video_has_changes_nothing(encoded: list[object]) -> None:
    fit(_footage(), fps="25", width=160, height=90)

    assert encoded == []


def test_video_that_is_too_large_to_copy_is_encoded(encoded: list[object]) -> None:
    source = _footage()

    clip = fit(source, max_bytes=len(source) // 2)

    assert len(encoded) == 1
    assert len(clip) <= len(source) // 2
    assert watch(clip).numbers == list(range(50))


@pytest.mark.parametrize("harm", ["damaged", "cut off"])
def test_broken_video_is_not_copied(harm: str) -> None:
    source = _footage(options=FASTSTART, sound="")
    broken = damaged(source, 0.5, 0.6) if harm == "damaged" else cut_off(source, 0.6)

    with pytest.raises(BrokenAt):
        fit(broken)
