"""The thumbnail of a video shows something, as in players."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sora_remix.decoding import thumbnails
from sora_remix.decoding.frames import GRAY, contrast, gray
from sora_remix.decoding.images import decode_image
from sora_remix.decoding.thumbnails import facts_and_thumbnail, thumbnail
from tests.decoding.recordings import record
from tests.processes import wait_until

BLACK, WHITE = 0, 235


def _picture(width: int, height: int, left: int, right: int) -> VideoFrame:
    """Draw a picture of two halves."""
    frame = VideoFrame(width, height, "yuv420p")
    for plane, of_gray in zip(frame.planes, (True, False, False), strict=True):
        halves = (left, right) if of_gray else (128, 128)
        line = b"".join(
            bytes([value]) * (plane.width - plane.width // 2 if number else plane.width // 2)
            for number, value in enumerate(halves)
        ).ljust(plane.line_size, b"\0")
        plane.update(line * plane.height)
    return frame


def recording(
    *pictures: tuple[int, int],
    width: int = 320,
    height: int = 180,
    prepare: Callable[[VideoStream], object] = lambda stream: None,
) -> io.BytesIO:
    """Record pictures of two halves each, ten a second, with only the first a keyframe."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=10, options={"g": "1000", "preset": "ultrafast"}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        prepare(stream)
        for left, right in pictures:
            container.mux(stream.encode(_picture(width, height, left, right)))
        container.mux(stream.encode(None))
    file.seek(0)
    return file


def _made(file: io.BytesIO) -> VideoFrame:
    made = thumbnail(file)
    assert made and made == facts_and_thumbnail(file)[1]
    return decode_image(io.BytesIO(made))


def test_thumbnail_leaves_no_thread_behind() -> None:
    before = _threads()

    thumbnail(recording((BLACK, WHITE)))

    # Linux lists a thread a little longer than others wait for it; those of other tests may end.
    wait_until(lambda: _threads() <= before)


def _threads() -> set[str]:
    return {path.name for path in Path("/proc/self/task").iterdir()}


def test_thumbnail_is_a_jpeg_with_the_shape_of_the_video(clip: Path) -> None:
    picture = _made(io.BytesIO(clip.read_bytes()))

    assert (picture.width, picture.height) == (160, 90)


def test_thumbnail_is_not_larger_than_a_page_needs() -> None:
    picture = _made(recording((BLACK, WHITE), width=2560, height=1440))

    assert (picture.width, picture.height) == (640, 360)


def test_non_square_pixels_are_shown_as_in_players() -> None:
    def widen(stream: VideoStream) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(2, 1)

    picture = _made(recording((BLACK, WHITE), width=160, height=160, prepare=widen))

    assert (picture.width, picture.height) == (320, 160)


IDENTITY = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
TURNED = {
    0: IDENTITY,
    90: struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30),
    180: struct.pack(">9i", -65536, 0, 0, 0, -65536, 0, 0, 0, 1 << 30),
    270: struct.pack(">9i", 0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30),
}
"""The matrix by which a camera notes how far, clockwise, its pictures are to be turned."""


def turned(content: bytes, degrees: int) -> io.BytesIO:
    """Return an MP4 that is to be turned clockwise."""
    head, track, rest = content.partition(b"tkhd")
    return io.BytesIO(head + track + rest.replace(IDENTITY, TURNED[degrees], 1))


@pytest.mark.parametrize(
    ("degrees", "shape", "white"),
    [(90, (180, 320), "below"), (180, (320, 180), "left"), (270, (180, 320), "above")],
)
def test_rotated_picture_is_turned_as_in_players(
    degrees: int, shape: tuple[int, int], white: str
) -> None:
    file = turned(recording((BLACK, WHITE), (BLACK, WHITE)).read(), degrees)  # white on the right

    facts, picture = facts_and_thumbnail(file)[0], _made(file)

    assert (facts["width"], facts["height"]) == (picture.width, picture.height) == shape
    levels, half = gray(picture), GRAY // 2
    rows = [levels[start : start + GRAY] for start in range(0, len(levels), GRAY)]
    above, left = sum(map(sum, rows[:half])), sum(sum(row[:half]) for row in rows)
    light = {"above": above, "below": sum(levels) - above}
    light |= {"left": left, "right": sum(levels) - left}
    assert max(light, key=lambda side: light[side]) == white


def test_thumbnail_skips_a_fade_from_black() -> None:
    black, shown = [(BLACK, BLACK)] * 15, [(BLACK, WHITE)] * 15

    picture = _made(recording(*black, *shown))

    assert contrast(gray(picture)) > 50


def test_video_of_one_colour_has_a_thumbnail_of_that_colour() -> None:
    assert contrast(gray(_made(recording((WHITE, WHITE))))) < 2


@pytest.mark.parametrize("container", ["mp4", "mov", "webm", "matroska", "avi", "gif"])
@pytest.mark.parametrize("sound", [True, False])
def test_single_frame_has_a_thumbnail(container: str, sound: bool) -> None:
    picture = _made(io.BytesIO(record(container, pictures=1, sound=sound and container != "gif")))

    assert (picture.width, picture.height) == (64, 48)


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "gif"])
def test_video_broken_in_the_middle_has_a_thumbnail(container: str) -> None:
    content = bytearray(record(container, pictures=60, size=(160, 120)))
    broken = slice(len(content) * 3 // 10, len(content) * 7 // 10)
    content[broken] = bytes(broken.stop - broken.start)

    assert _made(io.BytesIO(content)).width == 160


def test_failed_thumbnail_does_not_lose_the_facts(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(frame: VideoFrame) -> bytes:
        raise ValueError("no encoder")

    monkeypatch.setattr(thumbnails, "_jpeg", fail)

    facts, picture = facts_and_thumbnail(io.BytesIO(clip.read_bytes()))

    assert (facts["width"], picture) == (160, None)


def test_thumbnail_over_the_memory_limit_is_reported(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(frame: VideoFrame) -> bytes:
        raise MemoryError

    monkeypatch.setattr(thumbnails, "_jpeg", fail)

    with pytest.raises(MemoryError):
        facts_and_thumbnail(io.BytesIO(clip.read_bytes()))
