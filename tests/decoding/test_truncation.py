"""A file whose end is missing is noticed, and how much of it is there."""

from __future__ import annotations

import io
from fractions import Fraction

import pytest

from sora_remix.decoding.truncation import MOST_BOXES, is_cut_off
from sora_remix.decoding.videos import VideoAnswer, video_facts
from tests.decoding.recordings import record
from tests.fitting.footage import Footage, film, watch
from tests.fitting.making import cut_off, fit

FASTSTART = (("movflags", "+faststart"),)
SOURCES = {
    "MP4": Footage(options=FASTSTART, frames=100),
    "without sound": Footage(options=FASTSTART, frames=100, sound=""),
    "slow": Footage(options=FASTSTART, frames=24, rate=Fraction(4)),
    "MOV": Footage(container="mov", options=FASTSTART, frames=100),
    "fragments": Footage(options=(("movflags", "frag_keyframe+empty_moov"),), frames=100),
    "HEVC": Footage(
        codec="libx265",
        options=FASTSTART,
        frames=100,
        codec_options=(("x265-params", "log-level=none"),),
    ),
}
"""Videos of four to six seconds."""


def _facts(content: bytes) -> VideoAnswer:
    return video_facts(io.BytesIO(content))


@pytest.mark.parametrize("name", SOURCES)
def test_whole_file_is_not_cut_off(name: str) -> None:
    facts = _facts(film(SOURCES[name]))

    assert not facts["is_cut_off"]
    assert facts["duration"] and abs(facts["duration"] / 1e6 - SOURCES[name].seconds) < 0.2


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 0.97])
@pytest.mark.parametrize("name", SOURCES)
def test_clip_can_be_made_of_what_is_left(name: str, share: float) -> None:
    footage = SOURCES[name]
    content = cut_off(film(footage), share)

    facts = _facts(content)

    assert facts["is_cut_off"] and facts["duration"]
    assert 0.15 < facts["duration"] / 1e6 < footage.seconds
    end = f"{facts['duration'] / 1e6 - 0.1:.3f}"
    for size in ({}, {"width": 80, "height": 44}):
        numbers = watch(fit(content, end=end, **size)).numbers
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= int(float(end) * footage.rate)


def test_what_follows_the_pictures_and_sound_may_be_missing() -> None:
    content = film(Footage(options=FASTSTART)) + (1000).to_bytes(4) + b"free"

    assert not _facts(content)["is_cut_off"]


def test_missing_bytes_that_nothing_needs_do_not_matter() -> None:
    content = film(Footage(options=FASTSTART))
    at = content.index(b"mdat") - 4
    size = int.from_bytes(content[at : at + 4]) + 1000

    assert not _facts(content[:at] + size.to_bytes(4) + content[at + 4 :])["is_cut_off"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x20mdat", True),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x08mdat", False),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x00mdat" + bytes(100), False),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x01mdat" + (1 << 40).to_bytes(8), True),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x01mdat" + (16).to_bytes(8), False),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x01mdat", False),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0", False),
        (b"\0\0\0\x08wide" * MOST_BOXES + b"\0\0\0\x20mdat", False),
        (b"\0\0\0\x20mdat", True),
        (b"", False),
    ],
)
def test_box_that_is_larger_than_the_rest_of_the_file_is_noticed(
    content: bytes, expected: bool
) -> None:
    assert is_cut_off(io.BytesIO(content)) is expected


@pytest.mark.parametrize("container", ["webm", "matroska", "mpegts", "avi", "gif"])
def test_other_containers_do_not_tell(container: str) -> None:
    content = cut_off(record(container, pictures=50), 0.9)

    assert not is_cut_off(io.BytesIO(content))
