"""Only the necessary part of a video is read."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import pytest

from sora_remix.decoding.thumbnails import facts_and_thumbnail
from sora_remix.decoding.videos import video_facts
from sora_remix.endpoints.pixels import GIF_PIXELS
from tests.decoding.recordings import record
from tests.decoding.test_thumbnails import turned
from tests.fitting.footage import Footage, film


class CountingFile(io.FileIO):
    """A file that knows how much of it was read at once, and in all."""

    most = total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        read = super().read(-1 if size is None else size)
        self.most = max(self.most, len(read))
        self.total += len(read)
        return read


def test_large_video_is_not_read_whole(tmp_path: Path, clip: Path) -> None:
    big = tmp_path / "big.mp4"
    with big.open("wb") as file:
        file.write(clip.read_bytes() + (64 * 2**20).to_bytes(4) + b"free")
        file.truncate(file.tell() - 8 + 64 * 2**20)

    with CountingFile(big) as counted:
        facts, picture = facts_and_thumbnail(counted)

        assert facts["width"] == 160 and picture
        assert counted.most < 2**20
        assert counted.total < 4 * 2**20


def test_metadata_in_another_encoding_does_not_break_a_video(clip: Path) -> None:
    head, name, rest = clip.read_bytes().partition(b"Lavf")
    assert name

    assert video_facts(io.BytesIO(head + b"\xfc\xe9\xff\xfe" + rest))["width"] == 160


@pytest.mark.parametrize("container", ["mp4", "mov", "webm", "matroska", "avi", "gif"])
@pytest.mark.parametrize("sound", [True, False])
def test_single_frame_does_not_move(container: str, sound: bool) -> None:
    file = io.BytesIO(record(container, pictures=1, sound=sound and container != "gif"))

    facts, picture = facts_and_thumbnail(file)

    assert (facts["container"], facts["video_codec"]) == (container, "")
    assert picture


def test_audio_with_a_cover_does_not_move() -> None:
    file = io.BytesIO(record("mp4", pictures=0, cover=True, sound=True))

    facts, picture = facts_and_thumbnail(file)

    assert (facts["video_codec"], facts["audio_codec"]) == ("", "aac")
    assert (facts["width"], facts["height"]) == (32, 32)
    assert picture


def test_cover_of_a_video_is_not_used_as_its_picture() -> None:
    facts = video_facts(io.BytesIO(record("mp4", cover=True)))

    assert (facts["video_codec"], facts["width"], facts["height"]) == ("h264", 64, 48)


@pytest.mark.parametrize(
    ("pixel", "degrees", "shown"),
    [
        (Fraction(4, 3), 0, (85, 48)),
        (Fraction(1, 2), 0, (32, 48)),
        (Fraction(4, 3), 90, (48, 85)),
        (Fraction(4, 3), 180, (85, 48)),
    ],
)
def test_width_and_height_are_those_shown_by_players(
    pixel: Fraction, degrees: int, shown: tuple[int, int]
) -> None:
    facts = video_facts(turned(record("mp4", pixel=pixel), degrees))

    assert (facts["width"], facts["height"]) == shown


@pytest.mark.parametrize(
    "footage",
    [
        Footage(frames=3),
        Footage(frames=3, pixels="yuv444p"),
        Footage(frames=3, pixels="yuv422p10le"),
        Footage(frames=3, pixels="yuvj420p", levels="full"),
        Footage(frames=3, codec="libx264rgb", pixels="rgb24"),
    ],
    ids=lambda footage: footage.pixels,
)
def test_pixel_format_is_that_of_the_decoded_picture(footage: Footage) -> None:
    facts = video_facts(io.BytesIO(film(footage)))

    assert facts["pixel_format"] == {"rgb24": "gbrp"}.get(footage.pixels, footage.pixels)


def test_every_gif_has_the_pixel_format_of_gifs() -> None:
    assert video_facts(io.BytesIO(record("gif")))["pixel_format"] == GIF_PIXELS


def test_unknown_audio_codec_does_not_break_a_video() -> None:
    content = record("avi", sound=True)
    tag = content.rindex(b"auds")
    format_tag = content.index(b"strf", tag) + 8

    facts = video_facts(io.BytesIO(content[:format_tag] + b"\xfe\xca" + content[format_tag + 2 :]))

    assert (facts["video_codec"], facts["audio_codec"]) == ("mpeg4", "unknown")
