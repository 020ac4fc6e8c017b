"""Write the sound of a clip: as it is, or encoded again."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet

from .encoding import ClipFile
from .errors import NotCopyable
from .sound import LONGEST_GAP, SAMPLES, SoundReader
from .sound_source import SoundSource

BITS = {"mono": 96_000, "stereo": 160_000}
"""Bits per second."""
MOST_CHANNELS = 2


class SoundTrack(Protocol):
    """The sound of a clip, which follows its pictures."""

    def write_until(self, second: Fraction) -> None:
        """Write the sound up to a time of the clip."""

    def finish(self) -> None:
        """Write what is held back."""


class EncodedSound:
    """Encode sound as AAC, if there is any."""

    def __init__(self, file: ClipFile, reader: SoundReader, most_bits: int) -> None:
        self._container = file.container
        self._reader = reader
        self._stream: AudioStream | None = None
        if reader.layout:
            self._stream = self._container.add_stream("aac", rate=SAMPLES)
            self._stream.codec_context.layout = reader.layout
            self._stream.codec_context.bit_rate = min(BITS[reader.layout], most_bits)

    def write_until(self, second: Fraction) -> None:
        if self._stream:
            for frame in self._reader.read_until(second):
                self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        if self._stream:
            self._container.mux(self._stream.encode(None))


class CopiedSound:
    """Copy AAC. It is decoded too, so that no broken clip is made."""

    def __init__(self, file: ClipFile, source: SoundSource) -> None:
        self._container = file.container
        self._source = source
        self._packets = self._in_clip()
        self._pending = next(self._packets, None)
        self._stream: AudioStream | None = None
        if self._pending and source.stream:
            self._stream = self._container.add_stream_from_template(source.stream, opaque=True)

    def write_until(self, second: Fraction) -> None:
        while self._stream and self._pending and self._pending[0] <= second:
            _end, packet = self._pending
            packet.stream = self._stream
            self._container.mux(packet)
            self._pending = next(self._packets, None)

    def finish(self) -> None:
        """Nothing is held back."""

    def _in_clip(self) -> Iterator[tuple[Fraction, Packet[AudioStream]]]:
        """Yield packets that begin in the clip, with their ends in it."""
        end = Fraction(0)
        for packet in self._source.packets():
            time = self._source.time_of(packet.pts)
            if not packet.size:
                break
            if time is None or (end == 0 and time > LONGEST_GAP) or not _is_whole(packet):
                raise NotCopyable
            end = time + (packet.duration or 0) * packet.time_base
            if time >= 0:
                packet.pts = packet.dts = round(time / packet.time_base)
                yield end, packet
        if self._source.missing_after(end) > LONGEST_GAP:
            raise NotCopyable


def _is_whole(packet: Packet[AudioStream]) -> bool:
    try:
        packet.decode()
    except FFmpegError:
        return False
    return not packet.is_corrupt


def is_copyable(stream: AudioStream | None) -> bool:
    """Tell whether a stream of sound, or none, fits into a clip as it is."""
    if stream is None:
        return True
    return (
        stream.codec_context.name == "aac"
        and stream.profile == "LC"
        and stream.layout.nb_channels <= MOST_CHANNELS
        and stream.rate <= SAMPLES
    )
