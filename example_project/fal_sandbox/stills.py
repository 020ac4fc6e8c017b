"""Still pictures of a video: a thumbnail and a contact sheet."""

import struct
import zlib
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from .filters import build_graph, drain

COLUMNS, ROWS = 4, 3
"""Pictures of a sheet."""


def write_stills(video: Path, thumbnail: Path, sheet: Path) -> None:
    """Write a WebP thumbnail from the middle and a JPEG sheet of twelve moments."""
    thumbnail.write_bytes(draw_thumbnail(video))
    sheet.write_bytes(_draw_sheet(video))


def draw_thumbnail(video: Path) -> bytes:
    """Draw the picture in the middle of a video as a WebP."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        frames = container.decode(stream)
        frame = next(frames)
        for _number, later in zip(range(stream.frames // 2), frames, strict=False):
            frame = later
    return encode_picture(frame.reformat(format="yuv420p"), "libwebp")


def _draw_sheet(video: Path) -> bytes:
    moments = COLUMNS * ROWS
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        graph = build_graph(stream, ("scale=240:-2", f"tile={COLUMNS}x{ROWS}", "format=yuvj420p"))
        count = stream.frames or moments
        chosen = {index * count // moments for index in range(moments)}
        for index, frame in enumerate(container.decode(stream)):
            if index in chosen:
                graph.vpush(frame)
        graph.vpush(None)
        return encode_picture(next(drain(graph)), "mjpeg")


@cache
def picture_bomb(side: int) -> bytes:
    """Return a square PNG whose pixels take a thousand times the bytes of the file, or more."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side * (1 + -(-side // 8))), 9)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def encode_picture(frame: VideoFrame, codec: str, **options: str) -> bytes:
    """Encode one frame as a still picture, with options of FFmpeg's encoder."""
    encoder = CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt = frame.format.name
    encoder.framerate = Fraction(1)
    encoder.options = options
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
