"""Clips as cameras, phones and programs make them, with a number in each picture."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any, cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sora_remix.fitting.graphs import filtered, picture_graph

BITS = 8
"""Of the number in a picture."""
COLORS = ((200, 40, 40), (40, 180, 60), (40, 60, 200), (128, 128, 128))
"""Red, green and blue of the bars above the number, from left to right."""
SAMPLES = 48_000
TONE = 440
QUIET = (0.5, 0.75)
"""When the tone pauses, in seconds."""
UPRIGHT = (1, 0, 0, 1)


@dataclass(frozen=True, kw_only=True)
class Footage:
    """What is filmed, and how."""

    container: str = "mp4"
    codec: str = "libx264"
    sound: str = "aac"
    """Empty for none."""
    frames: int = 50
    rate: Fraction = Fraction(25)
    times: Sequence[Fraction] = ()
    """When the pictures are shown, unless by the rate."""
    tick: Fraction | None = None
    size: tuple[int, int] = (160, 90)
    pixels: str = "yuv420p"
    pixel: Fraction = Fraction(1)
    layout: str = "stereo"
    samples: int = SAMPLES
    cover: bool = False
    group: int = 12
    """Pictures from one keyframe to the next."""
    options: tuple[tuple[str, str], ...] = ()
    matrix: str = "bt601"
    """By which the colours are encoded, whatever the tags say."""
    levels: str = "limited"
    codec_options: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, int], ...] = ()
    """Attributes of the encoder, such as `color_trc`."""
    draw: Callable[[int, int, int], VideoFrame] | None = None
    sound_seconds: float | None = None
    """When the sound ends, unless with the pictures."""
    sound_from: int = 0
    seekable: bool = True

    @property
    def seconds(self) -> float:
        return float(max(self.times) if self.times else self.frames / self.rate)


class Pipe(io.RawIOBase):
    """A file that can't seek."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.content += data
        return len(data)

    def seekable(self) -> bool:
        return False


def film(footage: Footage) -> bytes:
    """Return the content of a file."""
    file: Any = io.BytesIO() if footage.seekable else Pipe()
    with av.open(
        file,
        "w",
        format=footage.container,
        container_options=dict(footage.options),
        io_open=lambda *_call: io.BytesIO(file.getvalue()),
    ) as output:
        pictures = _add_pictures(output, footage)
        sound = _add_sound(output, footage) if footage.sound else None
        if footage.cover:
            _add_cover(output)
        _write(output, footage, pictures, sound)
    return bytes(file.getvalue() if footage.seekable else file.content)


def _add_pictures(output: OutputContainer, footage: Footage) -> VideoStream:
    options = dict(footage.codec_options)
    stream = cast(
        "VideoStream", output.add_stream(footage.codec, rate=footage.rate, options=options)
    )
    stream.width, stream.height = footage.size
    stream.pix_fmt = footage.pixels
    context: Any = stream.codec_context
    context.sample_aspect_ratio = footage.pixel
    context.gop_size = footage.group
    context.time_base = footage.tick or 1 / footage.rate
    for name, value in footage.tags:
        setattr(context, name, value)
    return stream


def _add_sound(output: OutputContainer, footage: Footage) -> AudioStream:
    stream = cast("AudioStream", output.add_stream(footage.sound, rate=footage.samples))
    stream.codec_context.layout = footage.layout
    return stream


def _add_cover(output: OutputContainer) -> None:
    stream = output.add_stream("mjpeg", rate=1)
    stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
    stream.disposition = Disposition.attached_pic.value  # type: ignore[assignment]
    output.mux(stream.encode(converted(numbered(255, 32, 32), "yuvj420p")))
    output.mux(stream.encode(None))


def _write(
    output: OutputContainer, footage: Footage, pictures: VideoStream, sound: AudioStream | None
) -> None:
    tones = _tones(footage) if sound else iter(())
    tick = footage.tick or 1 / footage.rate
    heard = Fraction(footage.sound_from)
    for number in range(footage.frames):
        at = footage.times[number] if footage.times else number / footage.rate
        frame = (footage.draw or numbered)(number, *footage.size)
        scale = f"scale=out_color_matrix={footage.matrix}:out_range={footage.levels}"
        frame = converted(frame, footage.pixels, *([] if "rgb" in footage.pixels else [scale]))
        frame.pts, frame.time_base = round(at / tick), tick
        output.mux(pictures.encode(frame))
        while sound and heard <= at and (tone := next(tones, None)):
            heard += Fraction(tone.samples, footage.samples)
            output.mux(sound.encode(tone))
    for stream, rest in ((pictures, iter(())), (sound, tones)):
        if stream:
            for one in rest:
                output.mux(cast("AudioStream", stream).encode(one))
            output.mux(stream.encode(None))


def numbered(number: int, width: int, height: int) -> VideoFrame:
    """Draw bars of colours, and below them a number in white and black blocks."""
    bars = b"".join(bytes((*COLORS[column * len(COLORS) // width], 255)) for column in range(width))
    blocks = b"".join(
        bytes((*3 * [235 if number >> (BITS - 1 - column * BITS // width) & 1 else 16], 255))
        for column in range(width)
    )
    above = height // 2
    return VideoFrame.from_bytes(bars * above + blocks * (height - above), width, height)


def turned_by(*filters: str) -> Callable[[int, int, int], VideoFrame]:
    """Return a function that draws an upright picture, and turns it by filters."""
    is_lying = filters[0].startswith("transpose")

    def draw(number: int, width: int, height: int) -> VideoFrame:
        sides = (height, width) if is_lying else (width, height)
        return converted(numbered(number, *sides), "rgb24", *filters)

    return draw


def converted(frame: VideoFrame, pixels: str, *filters: str) -> VideoFrame:
    """Return the frame in another format."""
    if frame.format.name == pixels:
        return frame
    frame.pts = 0
    graph = picture_graph(frame, Fraction(1), [*filters, f"format={pixels}"])
    return next(filtered(graph, frame))


def number_in(frame: VideoFrame) -> int:
    """Read the number in a picture of any size."""
    plane = converted(frame, "gray").planes[0]
    line = bytes(plane)[plane.line_size * (frame.height * 3 // 4) :]
    levels = [line[(2 * bit + 1) * frame.width // (2 * BITS)] for bit in range(BITS)]
    return sum((level > 128) << (BITS - 1 - bit) for bit, level in enumerate(levels))


def _rows(frame: VideoFrame) -> list[list[tuple[int, int, int]]]:
    plane = converted(frame, "rgb24", "scale=in_color_matrix=bt709").planes[0]
    content = bytes(plane)
    return [
        [
            cast("tuple[int, int, int]", tuple(content[at : at + 3]))
            for at in range(y * plane.line_size, y * plane.line_size + frame.width * 3, 3)
        ]
        for y in range(frame.height)
    ]


def _tones(footage: Footage) -> Iterator[AudioFrame]:
    """Yield a tone with a pause, in the layout of the footage."""
    channels = av.AudioLayout(footage.layout).nb_channels
    rest = footage.seconds if footage.sound_seconds is None else footage.sound_seconds
    total, size = round(rest * footage.samples), 1024
    for begin in range(footage.sound_from * footage.samples, total, size):
        many = min(size, total - begin)
        values = [_loudness((begin + at) / footage.samples) for at in range(many)]
        frame = AudioFrame("s16", footage.layout, many)
        frame.planes[0].update(
            struct.pack(f"<{many * channels}h", *(v for v in values for _ in range(channels)))
        )
        frame.sample_rate, frame.pts = footage.samples, begin
        frame.time_base = Fraction(1, footage.samples)
        yield frame


def _loudness(second: float) -> int:
    if QUIET[0] <= second < QUIET[1]:
        return 0
    return round(12_000 * math.sin(2 * math.pi * TONE * second))


@dataclass
class Seen:
    """What a clip shows and sounds like."""

    numbers: list[int] = field(default_factory=list)
    times: list[Fraction] = field(default_factory=list)
    rows: list[list[tuple[int, int, int]]] = field(default_factory=list)
    """The first picture, by BT.709."""
    size: tuple[int, int] = (0, 0)
    pixels: set[str] = field(default_factory=set)
    rotation: int = 0
    rate: Fraction | None = None
    streams: list[str] = field(default_factory=list)
    profile: str = ""
    tags: tuple[int, int, int, int] = (0, 0, 0, 0)
    layout: str = ""
    samples: int = 0
    loud: list[float] = field(default_factory=list)
    """Times in seconds at which sound is heard, by hundredths."""
    duration: float = 0

    def pixel(self, x: float, y: float) -> tuple[int, int, int]:
        """Return a colour of the first picture, at fractions of its sides."""
        row = self.rows[int(y * len(self.rows))]
        return row[int(x * len(row))]

    @property
    def colors(self) -> list[tuple[int, int, int]]:
        """Return the colours of the bars in the first picture."""
        return [self.pixel((2 * bar + 1) / (2 * len(COLORS)), 0.25) for bar in range(len(COLORS))]

    @property
    def pauses(self) -> list[tuple[float, float]]:
        """Return when the sound stops, and when it starts again."""
        return [(a, b) for a, b in pairwise(self.loud) if b - a > 0.02]


def watch(content: bytes, *, with_numbers: bool = True) -> Seen:
    """Play a clip."""
    seen = Seen()
    with av.open(io.BytesIO(content), "r") as container:
        seen.streams = [stream.codec_context.name for stream in container.streams]
        seen.duration = (container.duration or 0) / 1e6
        _watch_pictures(container, seen, with_numbers)
    with av.open(io.BytesIO(content), "r") as container:
        if container.streams.audio:
            _listen(container, seen)
    return seen


def _watch_pictures(container: InputContainer, seen: Seen, with_numbers: bool) -> None:
    stream = container.streams.video[0]
    seen.rate = stream.average_rate
    for frame in container.decode(stream):
        seen.times.append((frame.pts or 0) * (stream.time_base or Fraction(1)))
        if with_numbers:
            seen.numbers.append(number_in(frame))
        seen.pixels.add(frame.format.name)
        seen.rotation = frame.rotation
        seen.size = frame.width, frame.height
        seen.rows = seen.rows or _rows(frame)
    context: Any = stream.codec_context
    seen.profile = str(stream.profile)
    seen.tags = (
        context.colorspace,
        context.color_primaries,
        context.color_trc,
        context.color_range,
    )


def _listen(container: InputContainer, seen: Seen) -> None:
    stream = container.streams.audio[0]
    seen.layout, seen.samples = stream.layout.name, stream.rate
    resampler = av.AudioResampler("s16", "mono", SAMPLES)
    for frame in container.decode(stream):
        for mono in resampler.resample(frame):
            begin = float((mono.pts or 0) * (mono.time_base or 1))
            values = struct.unpack(f"<{mono.samples}h", bytes(mono.planes[0])[: mono.samples * 2])
            for at in range(0, mono.samples, SAMPLES // 500):
                if max(map(abs, values[at : at + SAMPLES // 500])) > 1500:
                    seen.loud.append(begin + at / SAMPLES)
