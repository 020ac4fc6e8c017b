"""Still pictures of a video: a thumbnail and a contact sheet."""

from fractions import Fraction
from pathlib import Path

import av
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from .videos import build_graph, drain

COLUMNS, ROWS = 4, 3
SHEET = ("scale=240:-2", f"tile={COLUMNS}x{ROWS}:padding=4:margin=4", "format=yuvj420p")


def write_stills(video: Path, thumbnail: Path, sheet: Path) -> None:
    """Write a WebP thumbnail from the middle and a JPEG sheet of twelve moments."""
    middle: VideoFrame | None = None
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        graph = build_graph(stream, SHEET)
        count = stream.frames or COLUMNS * ROWS
        moments = {index * count // (COLUMNS * ROWS) for index in range(COLUMNS * ROWS)}
        for index, frame in enumerate(container.decode(stream)):
            if index == count // 2 or middle is None:
                middle = frame
            if index in moments:
                graph.vpush(frame)
        graph.vpush(None)
        contact_sheet = next(drain(graph))
    if middle:
        thumbnail.write_bytes(_encode(middle.reformat(format="yuv420p"), "libwebp"))
    sheet.write_bytes(_encode(contact_sheet, "mjpeg"))


def _encode(frame: VideoFrame, codec: str) -> bytes:
    encoder = CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt = frame.format.name
    encoder.framerate = Fraction(1)
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
