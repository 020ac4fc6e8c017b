"""Playable results, made from the source's own frames."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .filters import Chain, build_graph, drain

ENCODER = {"preset": "veryfast", "crf": "23", "threads": "1"}
# H.264 in yuv420p has no odd sides.
SOUNDS = {"aac", "mp3", "opus", "ac3", "eac3", "alac", "flac"}
INTERLEAVING = 2.0
"""How many seconds sound and pictures may be apart in a file."""
ROUNDING = 0.005
"""Tolerance of a time."""
EVEN = ("scale=trunc(iw/2)*2:trunc(ih/2)*2", "format=yuv420p")


@dataclass(frozen=True)
class Facts:
    """fal's description of a video, in addition to its URL."""

    width: int
    height: int
    fps: float
    duration: float
    num_frames: int


def read_facts(path: Path) -> Facts:
    """Read the facts from a video's container."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate or Fraction(24)
        seconds = (container.duration or 0) / av.time_base
        frames = stream.frames or round(seconds * rate)
        facts = stream.width, stream.height, float(rate), round(seconds, 3), frames
    return Facts(*facts)


def render(
    source: Path,
    target: Path,
    chain: Chain,
    *,
    seconds: float | None = None,
    sound: bool = True,
) -> None:
    """Write the source to the target as faststart H.264 with the chain applied.

    Every frame keeps its time; the first audio stream is copied. After so many seconds both end.
    """
    with (
        av.open(str(source)) as original,
        av.open(str(target), "w", options={"movflags": "+faststart"}) as remix,
    ):
        video = original.streams.video[0]
        audio = _choose_sound(original) if sound else None
        picture = _add_picture(remix, video)
        track = remix.add_stream_from_template(audio) if audio else None
        for item in _until(seconds, _filtered(original, video, audio, chain)):
            if isinstance(item, VideoFrame):
                remix.mux(picture.encode(item))
            elif track:
                item.stream = track
                remix.mux(item)
        remix.mux(picture.encode(None))


def _choose_sound(original: InputContainer) -> AudioStream | None:
    """Return the first audio stream that an MP4 can hold."""
    streams = original.streams.audio
    return next((one for one in streams if one.codec_context.name in SOUNDS), None)


def _until(
    seconds: float | None, items: "Iterator[VideoFrame | av.Packet[Stream]]"
) -> "Iterator[VideoFrame | av.Packet[Stream]]":
    """Leave out what comes later, and stop when no more can come before."""
    for item in items:
        time = float((item.pts or 0) * (item.time_base or 0))
        if seconds is None or time < seconds - ROUNDING:
            yield item
        elif time > seconds + INTERLEAVING:
            return


def _add_picture(remix: OutputContainer, video: VideoStream) -> VideoStream:
    picture = remix.add_stream("libx264", rate=video.average_rate or 24, options=ENCODER)
    picture.width, picture.height = video.width // 2 * 2, video.height // 2 * 2
    picture.pix_fmt = "yuv420p"
    if video.time_base:
        picture.codec_context.time_base = video.time_base
    return picture


def _filtered(
    original: InputContainer, video: VideoStream, audio: AudioStream | None, chain: Chain
) -> "Iterator[VideoFrame | av.Packet[Stream]]":
    graph = build_graph(video, chain + EVEN)
    for packet in original.demux([stream for stream in (video, audio) if stream]):
        if packet.stream is audio:
            if packet.dts is not None:
                yield packet
            continue
        for frame in packet.decode():
            if isinstance(frame, VideoFrame):
                graph.vpush(frame)
                yield from drain(graph)
    graph.vpush(None)
    yield from drain(graph)
