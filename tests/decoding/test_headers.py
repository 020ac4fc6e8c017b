"""The size that an image claims is read before anything is decoded."""

from __future__ import annotations

import io

import av
import pytest

from sora_remix.decoding.headers import extension_of, pixel_count, scan_count
from tests.checkout import png
from tests.decoding import bombs


def _webp(lossless: bool) -> bytes:
    file = io.BytesIO()
    options = {"lossless": str(int(lossless))}
    with av.open(file, "w", format="webp") as container:
        stream = container.add_stream("libwebp", rate=1, options=options)
        stream.width, stream.height = 320, 200
        stream.pix_fmt = "bgra" if lossless else "yuv420p"
        frame = av.VideoFrame(320, 200, stream.pix_fmt)
        container.mux([*stream.encode(frame), *stream.encode()])
    return file.getvalue()


EXTENDED = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\x0f\x27\x00"


@pytest.mark.parametrize(
    ("content", "pixels"),
    [
        (png(320, 200), 64_000),
        (bombs.jpeg(304, 2), 92_416),
        (_webp(lossless=False), 64_000),
        (_webp(lossless=True), 64_000),
        (EXTENDED, 2**24 * 10_000),
        (png()[:20], 0),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 99, 0),
        (bombs.jpeg(8, 1)[:9], 0),
        (b"RIFF\0\0\0\0AVI " + b"\xff" * 99, 0),
        (EXTENDED[:14], 0),
        (b"RIFF\0\0\0\0WEBPVP8 ", 0),
    ],
)
def test_pixels_of_an_image_are_read_from_its_header(content: bytes, pixels: int) -> None:
    assert pixel_count(extension_of(content), content) == pixels


@pytest.mark.parametrize("scans", [1, 2, 100])
def test_scans_of_a_jpeg_are_counted(scans: int) -> None:
    assert scan_count(bombs.jpeg(80, scans)) == scans


def test_marker_inside_a_segment_or_after_the_image_is_not_counted_as_a_scan() -> None:
    head, body = bombs.jpeg(80, 2)[:2], bombs.jpeg(80, 2)[2:]
    note = b"\xff\xe1\x01\x02" + b"\xff\xda" * 128

    assert scan_count(head + note + body + b"\xff\xda" * 500) == 2


def test_stuffed_bytes_and_restart_markers_are_not_counted_as_scans() -> None:
    image = bombs.jpeg(80, 1)[:-2]

    assert scan_count(image + b"\xff\x00\xda\xff\xd0\xda\xff\xff\xd9" + b"\xff\xda") == 1
