"""Read the sound of a part of a video as it is encoded: 48 kHz, mono or stereo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain

from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.filter import Graph
from av.packet import Packet

from .errors import BrokenAt
from .graphs import filtered, sound_graph
from .progress import ProgressReport
from .sound_source import SoundSource

SAMPLES = 48_000
"""Per second."""
FORMAT = "fltp"
LAYOUTS = {1: "mono", 2: "stereo"}
LONGEST_GAP = Fraction(1, 5)
"""Seconds of sound that may be missing where packets are broken."""
PAUSE = Fraction(1, 2)
"""Seconds without sound that are filled here, so that memory doesn't grow with their length."""
TOLERANCE = "0.02"
"""Seconds by which time stamps may jump before silence is added, or sound is cut."""


class SoundReader:
    """Decode the sound of a part of a video."""

    def __init__(self, source: SoundSource, progress: ProgressReport) -> None:
        self._source = source
        self._progress = progress
        self._channels = 0
        self._fifo = AudioFifo()
        self._read = 0
        self._graph: Graph | None = None
        self._key: object = None
        self._made = 0
        self._sounds = self._resampled()
        self._pending = next(self._sounds, None)

    @property
    def layout(self) -> str:
        """Return FFmpeg's name of the clip's channels. It is empty if there is no sound."""
        return LAYOUTS.get(self._channels, "")

    def read_until(self, second: Fraction) -> Iterator[AudioFrame]:
        """Yield the next sound up to a time of the clip. It may end before."""
        wanted = round(second * SAMPLES) - self._read
        while self._pending and self._fifo.samples < wanted:
            self._pending.pts = None
            self._fifo.write(self._pending)
            self._pending = next(self._sounds, None)
        if wanted > 0 and self._fifo.samples and (frame := self._fifo.read(wanted, partial=True)):
            frame.pts, frame.time_base = self._read, Fraction(1, SAMPLES)
            self._read += frame.samples
            yield frame

    def _resampled(self) -> Iterator[AudioFrame]:
        """Yield the sound of the clip from its beginning, with silence where there is none."""
        for time, frame in self._decoded_from_zero():
            key = (frame.sample_rate, frame.format.name, frame.layout.name)
            begin = round(time * SAMPLES)
            is_late = begin - self._made > PAUSE * SAMPLES
            if self._graph and (is_late or key != self._key):
                yield from self._counted(filtered(self._graph, None))
                self._graph = None
            self._channels = self._channels or min(frame.layout.nb_channels, 2)
            if is_late:
                yield from self._counted(self._silence(begin - self._made))
            if self._graph is None:
                self._key, self._graph = key, self._new_graph(frame)
            frame.pts = round(time * frame.sample_rate)
            frame.time_base = Fraction(1, frame.sample_rate)
            yield from self._counted(filtered(self._graph, frame))
        if self._graph:
            yield from self._counted(filtered(self._graph, None))

    def _counted(self, frames: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
        for frame in frames:
            self._made += frame.samples
            yield frame

    def _silence(self, samples: int) -> Iterator[AudioFrame]:
        for at in range(0, samples, SAMPLES):
            frame = AudioFrame(FORMAT, self.layout, min(SAMPLES, samples - at))
            frame.sample_rate = SAMPLES
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            yield frame

    def _new_graph(self, frame: AudioFrame) -> Graph:
        name, layout = frame.layout.name, self.layout
        # Cameras may not say where their channels belong: then the first ones are taken.
        named = "channels" not in name
        mixed = [] if named else [f"pan={layout}|c0=c0" + "|c1=c1" * (self._channels - 1)]
        resample = f"aresample={SAMPLES}:async=1:first_pts={self._made}:min_hard_comp={TOLERANCE}"
        formats = f"aformat=sample_fmts={FORMAT}:sample_rates={SAMPLES}:channel_layouts={layout}"
        tick = Fraction(1, frame.sample_rate)
        return sound_graph(frame, name, tick, [*mixed, resample, formats])

    def _decoded_from_zero(self) -> Iterator[tuple[Fraction, AudioFrame]]:
        """Yield frames that end after the beginning of the clip, with their times in it."""
        sounds = self._decoded(self._source.packets())
        first = next(sounds, None)
        if self._source.can_rewind and (first is None or first[0] > 0):
            # Maybe the container has moved too far.
            sounds = self._decoded(self._source.all_packets())
            first = next(sounds, None)
        for time, frame in chain([first] if first else [], sounds):
            if time + Fraction(frame.samples, frame.sample_rate) > 0:
                yield time, frame

    def _decoded(
        self, packets: Iterable[Packet[AudioStream]]
    ) -> Iterator[tuple[Fraction, AudioFrame]]:
        """Yield frames with their times in the clip. Raise `BrokenAt` if too much is missing."""
        end: Fraction | None = None
        broken: object = None
        for packet in packets:
            frames, error = _frames_of(packet)
            broken = broken or error
            for frame in frames:
                stamp = frame.pts if frame.pts is not None else frame.dts
                time = self._source.time_of(stamp)
                time = (end or Fraction(0)) if time is None else time
                if broken and end is not None and time - end > LONGEST_GAP:
                    raise BrokenAt(self._source.base + end, broken)
                broken = None
                end = time + Fraction(frame.samples, frame.sample_rate)
                yield time, frame
            self._progress.beat()
        self._check_end(end, broken)

    def _check_end(self, end: Fraction | None, broken: object) -> None:
        missing = self._source.missing_after(end or Fraction(0))
        if (broken and end is None) or missing > LONGEST_GAP:
            raise BrokenAt(self._source.base + (end or 0), broken or "the sound ends early")


def _frames_of(packet: Packet[AudioStream]) -> tuple[list[AudioFrame], object]:
    try:
        return packet.decode(), None
    except FFmpegError as error:
        return [], error
