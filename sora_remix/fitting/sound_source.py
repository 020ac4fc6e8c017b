"""Open the sound of a video at a part of it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Self

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from ..decoding.videos import open_video
from .lengths import stated_end
from .source import SourceFile

PRE_ROLL = 1
"""Seconds to read before a part, because decoders need some to start, and streams lag."""


class SoundSource:
    """The first stream of sound that can be decoded, read separately from the pictures."""

    def __init__(self, descriptor: int, first: Fraction, base: Fraction) -> None:
        """`first` is the time of the first picture, and `base` where the clip begins after it."""
        self._descriptor = descriptor
        self.base = base
        self._zero = first + base
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._container.close()

    def missing_after(self, end: Fraction) -> Fraction:
        """Return the seconds of sound that a truncated file lacks after a time of the clip."""
        stated = stated_end(self._container, self.stream) if self.stream else None
        if stated is None or not (self._file.is_exhausted or self._has_failed):
            return Fraction(0)
        return stated - self._zero - end

    @property
    def can_rewind(self) -> bool:
        """Tell whether there is something before the part."""
        return self._zero > 0

    def packets(self) -> Iterator[Packet[AudioStream]]:
        """Yield packets from shortly before the part."""
        start = self._zero - PRE_ROLL
        if self.stream and self.stream.time_base and start > 0:
            try:
                self._container.seek(int(start / self.stream.time_base), stream=self.stream)
            except FFmpegError:
                self._reopen()
        yield from self._demux()

    def all_packets(self) -> Iterator[Packet[AudioStream]]:
        """Yield packets from the beginning of the file."""
        self._reopen()
        yield from self._demux()

    def time_of(self, stamp: int | None) -> Fraction | None:
        """Return the time in the clip."""
        if stamp is None or not self.stream or not self.stream.time_base:
            return None
        return stamp * self.stream.time_base - self._zero

    def _open(self) -> None:
        self._file = SourceFile(self._descriptor)
        self._container = open_video(self._file)
        self.stream = _first_stream(self._container)

    def _reopen(self) -> None:
        self._container.close()
        self._open()

    def _demux(self) -> Iterator[Packet[AudioStream]]:
        """Yield packets from here on. An error of the container ends them."""
        self._file.is_exhausted = self._has_failed = False
        if self.stream:
            try:
                yield from self._container.demux(self.stream)
            except FFmpegError:
                self._has_failed = True


def _first_stream(container: InputContainer) -> AudioStream | None:
    streams = container.streams.audio
    return next((one for one in streams if getattr(one, "codec_context", None)), None)
