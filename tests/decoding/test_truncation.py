"""A file whose end is missing is noticed, and how much of it is there."""

from __future__ import annotations

import io
from fractions import Fraction

import pytest

from sora_remix.decoding.containers import PACKET
from sora_remix.decoding.truncation import MOST_SECTIONS, is_cut_off
from sora_remix.decoding.videos import VideoAnswer, video_facts
from tests.fitting.footage import Footage, film, watch
from tests.fitting.making import cut_off, fit

FASTSTART = (("movflags", "+faststart"),)
SOURCES = {
    "MP4": Footage(options=FASTSTART, frames=100),
    "without sound": Footage(options=FASTSTART, frames=100, sound=""),
    "slow": Footage(options=FASTSTART, frames=24, rate=Fraction(4)),
    "MOV": Footage(container="mov", options=FASTSTART, frames=100),
    "fragments": Footage(options=(("movflags", "frag_keyframe+empty_moov"),), frames=100),
    "Matroska": Footage(container="matroska", sound="libopus", frames=100),
    "WebM": Footage(container="webm", codec="libvpx", sound="libopus", frames=100),
    "live WebM": Footage(
        container="webm", codec="libvpx", sound="libopus", frames=100, seekable=False,
        options=(("live", "1"),),
    ),
    "AVI": Footage(container="avi", codec="mpeg4", sound="pcm_s16le", frames=100),
    "AVI without sound": Footage(
        container="avi", codec="mjpeg", pixels="yuvj420p", sound="", frames=100
    ),
    "MPEG-TS": Footage(container="mpegts", frames=100),
    "MPEG-TS of MPEG-2": Footage(container="mpegts", codec="mpeg2video", sound="mp2", frames=100),
    "GIF": Footage(
        container="gif", codec="gif", sound="", pixels="rgb8", rate=Fraction(10), frames=50
    ),
    "HEVC": Footage(
        codec="libx265",
        options=FASTSTART,
        frames=100,
        codec_options=(("x265-params", "log-level=none"),),
    ),
}  # fmt: skip
"""Videos of four to six seconds."""
WITHOUT_LENGTH = "live WebM"
RIFF = b"RIFF\xff\xff\0\0AVI "
SEGMENT = b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01" + 7 * b"\xff"


def _facts(content: bytes) -> VideoAnswer:
    return video_facts(io.BytesIO(content))


@pytest.mark.parametrize("name", SOURCES)
def test_whole_file_is_not_cut_off(name: str) -> None:
    facts = _facts(film(SOURCES[name]))

    assert not facts["is_cut_off"]
    if name == WITHOUT_LENGTH:
        assert facts["duration"] is None
    else:
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


@pytest.mark.parametrize("name", ["Matroska", "WebM", "AVI", "AVI without sound"])
def test_index_at_the_end_may_be_missing(name: str) -> None:
    assert not _facts(film(SOURCES[name])[:-10])["is_cut_off"]


@pytest.mark.parametrize("rest", [b"", b"#", b"#EOF" * 10])
def test_transport_stream_that_ends_with_a_packet_does_not_tell(rest: bytes) -> None:
    content = film(SOURCES["MPEG-TS"])

    assert not is_cut_off(io.BytesIO(content[: 50 * PACKET] + rest))


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
        (b"\0\0\0\x08wide" * MOST_SECTIONS + b"\0\0\0\x20mdat", False),
        (b"\0\0\0\x20mdat", True),
        (b"", False),
        (b"G" + bytes(187) + b"G", True),
        (b"G" + bytes(187) + b"G" + bytes(187), False),
        (RIFF + b"LIST\x08\0\0\0movi....", False),
        (RIFF + b"LIST\x09\0\0\0movi....", True),
        (RIFF + b"LIST\x09\0\0\0INFO....", False),
        (RIFF + b"LIST\x05\0\0\0movi.\0" + RIFF + b"LIST\x05\0\0\0movi", True),
        (RIFF + b"LIST", False),
        (SEGMENT + b"\x1f\x43\xb6\x75\x84....", False),
        (SEGMENT + b"\x1f\x43\xb6\x75\x85....", True),
        (SEGMENT + b"\x1c\x53\xbb\x6b\x85....", False),
        (SEGMENT + b"\x1c\x53\xbb\x6b\xff....", False),
        (SEGMENT + b"\x1f\x43\xb6\x75\xff\xa3\x40\x02..\xa3\x82.", True),
        (SEGMENT + b"\x1f\x43\xb6\x75\xff\xa3\x40\x02..\xa0\x82..", False),
        (SEGMENT + b"\x1f\x43\xb6\x75\x01", False),
        (SEGMENT + b"\x1f\x43", False),
        (SEGMENT + b"\0\0\0\0", False),
        (SEGMENT + b"\xa3\0\0\0", False),
    ],
)
def test_box_that_is_larger_than_the_rest_of_the_file_is_noticed(
    content: bytes, expected: bool
) -> None:
    assert is_cut_off(io.BytesIO(content)) is expected
