"""Facts read from files, and where files are stored."""

from __future__ import annotations

import io
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import pytest
from django.core.files.storage import InMemoryStorage, storages

from sora_remix import fal, media
from sora_remix.exceptions import NotAnImage, NotAVideo
from tests.checkout import png
from tests.media.servers import download


def test_facts_are_read_from_the_file(clip: Path) -> None:
    with clip.open("rb") as file:
        facts = media.video_facts(file)

        assert file.tell() == 0
    size = clip.stat().st_size
    assert facts == media.VideoFacts(
        container="mp4",
        video_codec="h264",
        audio_codec="",
        duration=Decimal("1.000"),
        width=160,
        height=90,
        size=size,
        fps=Decimal(12),
        pixel_format="yuv420p",
        is_cut_off=False,
    )
    assert (facts.extension, facts.is_moving) == (".mp4", True)


def recording(kind: str, rate: Fraction | int, pictures: int = 1, **options: str) -> io.BytesIO:
    """Return a silent video of so many pictures."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind, options=options) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for number in range(pictures):
            picture = av.VideoFrame(160, 90, "yuv420p")
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return buffer


def test_recording_without_a_length_is_a_video() -> None:
    facts = media.video_facts(recording("matroska", 12, live="1"))

    assert (facts.duration, facts.width) == (None, 160)


@pytest.mark.parametrize(("rate", "fps"), [(Fraction(30000, 1001), "29.970"), (25, "25")])
def test_frame_rate_of_a_video_is_read(rate: Fraction | int, fps: str) -> None:
    facts = media.video_facts(recording("mp4", rate, pictures=30))

    assert facts.fps == Decimal(fps)


@pytest.mark.parametrize(("pictures", "rate"), [(1, 90000), (2, 90000)])
def test_impossible_frame_rate_is_unknown(pictures: int, rate: int) -> None:
    facts = media.video_facts(recording("mp4", rate, pictures=pictures))

    assert facts.fps is None


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    "content", [b"", b"<html></html>", b"\0" * 5000, b"....ftypisom" * 50, PLAYLIST]
)
def test_file_without_a_decodable_picture_is_not_a_video(content: bytes) -> None:
    with pytest.raises(NotAVideo):
        media.video_facts(io.BytesIO(content))


def test_truncated_video_is_not_a_video(clip: Path) -> None:
    content = clip.read_bytes()

    with pytest.raises(NotAVideo):
        media.video_facts(io.BytesIO(content[: len(content) // 8]))


def test_image_is_not_a_video(result: fal.Result) -> None:
    picture = download(result.spritesheet_url)

    with pytest.raises(NotAVideo):
        media.video_facts(io.BytesIO(picture))


def test_extension_of_an_image_comes_from_its_content(result: fal.Result) -> None:
    thumbnail, spritesheet = download(result.thumbnail_url), download(result.spritesheet_url)

    assert media.image_extension(io.BytesIO(thumbnail)) == ".webp"
    assert media.image_extension(io.BytesIO(spritesheet)) == ".jpg"
    assert media.image_extension(io.BytesIO(b"<svg onload=x>")) == ""


class _CountingFile(io.BytesIO):
    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.largest = max(self.largest, len(data))
        return data


def test_file_is_stored_in_chunks_and_removed_again(media_root: Path, tmp_path: Path) -> None:
    file: IO[bytes] = _CountingFile(b"x" * 1_000_000)

    name = media.store("sora_remix/videos/a.mp4", file)

    assert (media_root / name).stat().st_size == 1_000_000
    assert file.largest <= 64 * 1024  # type: ignore[attr-defined]
    media.remove(name)
    media.remove(name)
    assert not (media_root / name).exists()


def test_files_are_stored_in_the_storage_of_the_setting(settings: Any) -> None:
    settings.STORAGES = settings.STORAGES | {
        "memory": {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    }
    settings.SORA_REMIX_STORAGE = "memory"

    media.store("a.mp4", io.BytesIO(b"x"))

    memory = storages["memory"]
    assert isinstance(memory, InMemoryStorage)
    assert memory.exists("a.mp4")


def draw(codec: str, layout: str, pixels: str) -> bytes:
    """Draw a picture of 320 × 200 of another kind."""
    file = io.BytesIO()
    with av.open(file, "w", format=layout) as container:
        stream: Any = container.add_stream(codec, rate=1, width=320, height=200, pix_fmt=pixels)
        frame = av.VideoFrame(320, 200, "rgb24").reformat(format=pixels)
        container.mux([*stream.encode(frame), *stream.encode()])
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (png(320, 200), ".png"),
        (draw("mjpeg", "image2pipe", "yuvj420p"), ".jpg"),
        (draw("libwebp", "webp", "yuv420p"), ".webp"),
    ],
)
def test_type_and_size_of_an_image_come_from_its_content(content: bytes, extension: str) -> None:
    facts = media.image_facts(io.BytesIO(content))

    assert facts == media.ImageFacts(extension, 320, 200, len(content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg></svg>",
        b"\xff\xd8\xff no JPEG",
        png()[:100],
        png(10_000, 10_000),
        png() + b"\0" * media.MAX_IMAGE_BYTES,
        draw("gif", "gif", "rgb8"),
    ],
    ids=["empty", "svg", "jpeg", "cut", "too many pixels", "too many bytes", "gif"],
)
def test_image_too_expensive_to_decode_is_refused(content: bytes) -> None:
    file = io.BytesIO(content)

    with pytest.raises(NotAnImage):
        media.image_facts(file)

    assert file.tell() == 0
