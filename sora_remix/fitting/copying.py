"""Copy a part of a video without encoding its pictures again."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain

from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from ..recipe import Recipe
from .budget import SOUND
from .canvas import Canvas
from .colors import is_wide
from .encoding import ClipFile
from .errors import NotCopyable
from .pictures import PictureReader, TimedPicture
from .progress import ProgressReport
from .rates import exact_rate
from .schedule import ROUNDING
from .sound import SoundReader
from .sound_source import SoundSource
from .target import TargetFile
from .tracks import CopiedSound, EncodedSound, SoundTrack, is_copyable

PROFILES = {"Baseline", "Constrained Baseline", "Main", "High"}
MOST_REORDERED = 32
"""Packets after the end of a part among which one of the part may be."""
MOST_JITTER = Fraction(1, 1000)
"""Seconds by which pictures of a constant rate may deviate, besides a tick of the container."""


def copy(
    reader: PictureReader, source: int, target: TargetFile, recipe: Recipe, progress: ProgressReport
) -> None:
    """Copy the part. Raise `NotCopyable` if that doesn't give what the recipe asks for.

    It is decoded too, so that no broken clip is made.
    """
    _check_stream(reader, recipe)
    packets = _packets_of_part(reader, recipe)
    first = next(packets)
    base = reader.packet_time(first) or Fraction(0)
    with SoundSource(source, reader.first, base) as sound, ClipFile(target) as file:
        stream = file.container.add_stream_from_template(reader.stream, opaque=True)
        track = _sound_track(file, sound, progress)
        period = round(reader.period / reader.tick)
        muxed = _muxed(chain([first], packets), file, stream, period)
        size: tuple[int, int] | None = None
        for count, picture in enumerate(reader.decode(muxed)):
            if size is None:
                size = (picture.frame.width, picture.frame.height)
                _check_first(picture, reader, recipe)
            _check_next(picture, size, base + count * reader.period, reader.tick)
            track.write_until((count + 1) * reader.period)
            progress.set_seconds((count + 1) * reader.period)
        track.finish()


def _check_stream(reader: PictureReader, recipe: Recipe) -> None:
    stream = reader.stream
    is_fit = (
        stream.codec_context.name == "h264"
        and stream.profile in PROFILES
        and stream.pix_fmt == "yuv420p"
        and (stream.sample_aspect_ratio or 1) == 1
        and (recipe.fps is None or exact_rate(recipe.fps) == reader.rate)
    )
    if not is_fit:
        raise NotCopyable


def _packets_of_part(reader: PictureReader, recipe: Recipe) -> Iterator[Packet[VideoStream]]:
    """Yield the packets from a keyframe at the start to the end. Raise `NotCopyable`."""
    start = Fraction(recipe.start) - ROUNDING
    end = None if recipe.end is None else Fraction(recipe.end) - ROUNDING
    base: Fraction | None = None
    beyond = 0
    for packet in reader.packets(start):
        time = reader.packet_time(packet)
        if not packet.size:
            break
        if time is None or packet.pts is None or packet.is_discard:
            raise NotCopyable
        if base is None:
            if time < start:
                continue
            if not packet.is_keyframe or time - start >= reader.period:
                raise NotCopyable
            base = time
        if end is not None and time >= end:
            beyond += 1
            if packet.is_keyframe or beyond > MOST_REORDERED:
                break
            continue
        if time < base or beyond:
            # Pictures outside of the part are needed.
            raise NotCopyable
        yield packet
    if base is None:
        raise NotCopyable
    yield _flush(reader.stream)


def _flush(stream: VideoStream) -> Packet[VideoStream]:
    """Return a packet that makes a decoder yield what it holds back."""
    packet: Packet[VideoStream] = Packet()  # type: ignore[assignment]
    packet.stream = stream
    packet.time_base = stream.time_base or Fraction(1)
    return packet


def _muxed(
    packets: Iterator[Packet[VideoStream]], file: ClipFile, stream: VideoStream, period: int
) -> Iterator[Packet[VideoStream]]:
    """Yield packets, and write each after it was decoded. `period` is in ticks."""
    zero: int | None = None
    held: list[Packet[VideoStream]] = []
    for packet in packets:
        yield packet
        if packet.pts is None:
            continue
        zero = packet.pts if zero is None else zero
        packet.pts -= zero
        held.append(packet)
        # Matroska has no order of decoding: FFmpeg finds it, but not for the first packets.
        if packet.dts is not None:
            first = packet.dts - zero - (len(held) - 1) * period
            for place, one in enumerate(held):
                one.dts = first + place * period
                _mux(one, file, stream)
            held = []
    if held:
        raise NotCopyable


def _mux(packet: Packet[VideoStream], file: ClipFile, stream: VideoStream) -> None:
    packet.stream = stream
    try:
        file.container.mux(packet)
    except FFmpegError as error:
        raise NotCopyable from error


def _sound_track(file: ClipFile, sound: SoundSource, progress: ProgressReport) -> SoundTrack:
    if is_copyable(sound.stream):
        return CopiedSound(file, sound)
    return EncodedSound(file, SoundReader(sound, progress), SOUND)


def _check_first(picture: TimedPicture, reader: PictureReader, recipe: Recipe) -> None:
    """Raise `NotCopyable` if the pictures have to be changed."""
    frame = picture.frame
    canvas = Canvas(frame, reader.stream, recipe)
    is_as_large = (canvas.width, canvas.height) == (frame.width, frame.height)
    if canvas.turns or not is_as_large or is_wide(frame, reader.stream):
        raise NotCopyable


def _check_next(
    picture: TimedPicture, size: tuple[int, int], time: Fraction, tick: Fraction
) -> None:
    """Raise `NotCopyable` if a picture comes at another time than it should, or is different."""
    frame = picture.frame
    is_late = abs(picture.time - time) > MOST_JITTER + tick
    is_other = (frame.width, frame.height) != size
    if is_late or is_other or frame.interlaced_frame:
        raise NotCopyable
