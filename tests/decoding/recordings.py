"""Small recordings in every container, with their oddities."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

CODECS = {
    "mp4": ("h264", "aac"),
    "mov": ("h264", "aac"),
    "webm": ("vp8", "opus"),
    "matroska": ("h264", "opus"),
    "mpegts": ("mpeg2video", "mp2"),
    "avi": ("mpeg4", "mp3"),
    "gif": ("gif", ""),
}
"""By container, the codecs of pictures and sound."""
ENCODERS = {"h264": "libx264", "vp8": "libvpx", "opus": "libopus", "mp3": "libmp3lame"}
RATE = 25
SAMPLES = 48_000


def record(
    container: str,
    *,
    pictures: int = 5,
    sound: bool = False,
    cover: bool = False,
    size: tuple[int, int] = (64, 48),
    pixel: Fraction = Fraction(1),
    **options: str,
) -> bytes:
    """Return so many pictures of a size in pixels of a shape, and 0.2 seconds of silence."""
    buffer = io.BytesIO()
    video, audio = CODECS[container]
    with av.open(buffer, "w", format=container, options=options) as output:
        covers = [_add_picture(output, "mjpeg", (32, 32), "yuvj420p")] if cover else []
        videos = [_add_picture(output, video, size)] if pictures else []
        audios = [_add_sound(output, audio)] if sound else []
        for stream in covers:
            stream.disposition = Disposition.attached_pic.value  # type: ignore[assignment]
        for stream in videos:
            stream.codec_context.sample_aspect_ratio = pixel
        for stream, many in (*((one, 1) for one in covers), *((one, pictures) for one in videos)):
            for frame in _frames(stream, many):
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        for track in audios:
            for silence in _silence(track):
                output.mux(track.encode(silence))
            output.mux(track.encode(None))
    return buffer.getvalue()


def _add_picture(
    output: OutputContainer, codec: str, size: tuple[int, int], pixels: str = ""
) -> VideoStream:
    stream = cast("VideoStream", output.add_stream(ENCODERS.get(codec, codec), rate=RATE))
    stream.width, stream.height = size
    stream.pix_fmt = pixels or {"gif": "rgb8"}.get(codec, "yuv420p")
    return stream


def _add_sound(output: OutputContainer, codec: str) -> AudioStream:
    stream = output.add_stream(ENCODERS.get(codec, codec), rate=SAMPLES)
    return cast("AudioStream", stream)


def _frames(stream: VideoStream, many: int) -> Iterator[VideoFrame]:
    """Yield pictures that differ: a bright field that moves down."""
    for number in range(many):
        frame = VideoFrame(stream.width, stream.height, "gray")
        plane = frame.planes[0]
        lines = [bytes([40 if line % many != number else 220]) for line in range(plane.height)]
        plane.update(b"".join(line * plane.line_size for line in lines))
        frame.pts = number
        yield frame.reformat(format=str(stream.pix_fmt))


def _silence(track: AudioStream) -> Iterator[AudioFrame]:
    size = track.codec_context.frame_size or SAMPLES // 50
    for number in range(SAMPLES // 5 // size):
        frame = AudioFrame(track.codec_context.format.name, track.layout.name, size)
        frame.sample_rate, frame.pts = SAMPLES, number * size
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        yield frame
