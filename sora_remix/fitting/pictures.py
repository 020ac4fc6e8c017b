"""Read the pictures of a part of a video, with their times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import NamedTuple, Self

from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..decoding.limits import MAX_PIXELS
from ..decoding.videos import open_video, shown_stream
from .errors import BrokenAt
from .lengths import stated_end
from .progress import ProgressReport
from .rates import usual_rate
from .source import SourceFile

RUN_UPS = (0, 1, 10, 60)
"""Seconds before a time at which a keyframe is looked for, as some containers seek inexactly."""
SAMPLED_PACKETS = 150
"""Packets by which the usual rate is measured."""
MOST_DISORDER = 1
"""Seconds by which a picture may come too late. It is left out."""
STRICT_PACKETS = 300
"""Packets in which a strict decoder has to find a picture."""


class Interval(NamedTuple):
    """When a picture is shown, in seconds from the first picture of the video."""

    time: Fraction
    end: Fraction


@dataclass(frozen=True)
class TimedPicture:
    """A picture as decoded, neither rotated nor scaled."""

    frame: VideoFrame
    time: Fraction
    """Seconds from the first picture of the video."""
    duration: Fraction
    """Seconds. The usual ones if the container states none."""

    @property
    def end(self) -> Fraction:
        return self.time + self.duration

    @property
    def interval(self) -> Interval:
        return Interval(self.time, self.end)


class PictureReader:
    """Decode the pictures of a video from any time on."""

    def __init__(self, descriptor: int, progress: ProgressReport) -> None:
        self._descriptor = descriptor
        self._progress = progress
        self._is_strict = True
        self._open()
        try:
            self.first = Fraction(0)
            self.rate = usual_rate(self._sampled_times(), self._stated_rates())
            self.first = self._first_time()
        except BaseException:
            self.container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.container.close()

    @property
    def tick(self) -> Fraction:
        return self.stream.time_base or Fraction(1, 90_000)

    @property
    def end(self) -> Fraction | None:
        """Return the time at which the last picture ends, if the container states it."""
        stated = stated_end(self.container, self.stream)
        return None if stated is None else stated - self.first

    def length_between(self, start: Fraction, end: Fraction | None) -> Fraction:
        """Return the seconds of a part, for which the whole video may have to be read."""
        last = self.end
        if last is None and end is None:
            times = map(self.packet_time, self.packets(start))
            last = max((time for time in times if time is not None), default=start) + self.period
        ends = [one for one in (last, end) if one is not None]
        return max(min(ends) - start, self.period)

    @property
    def period(self) -> Fraction:
        return 1 / self.rate

    def read(self, start: Fraction) -> Iterator[TimedPicture]:
        """Yield pictures from the last one at or before `start`, or an earlier one.

        Raise `BrokenAt` where one can't be decoded, unless it is the last.
        """
        for run_up in RUN_UPS:
            if start <= run_up:
                break
            self.seek(start - run_up)
            pictures = self.decode(self._demux())
            picture = next(pictures, None)
            if picture and picture.time <= start:
                yield picture
                del picture
                yield from pictures
                return
        self._reopen()
        yield from self.decode(self._demux())

    def packets(self, start: Fraction) -> Iterator[Packet[VideoStream]]:
        """Yield packets from the keyframe before `start` on."""
        self.seek(start)
        yield from self._demux()

    def time_of(self, timestamp: int) -> Fraction:
        """Return the seconds from the first picture."""
        return timestamp * self.tick - self.first

    def packet_time(self, packet: Packet[VideoStream]) -> Fraction | None:
        """Return the time of a packet's picture, if its container states it."""
        stamp = packet.pts if packet.pts is not None else packet.dts
        return None if stamp is None else self.time_of(stamp)

    def seek(self, start: Fraction) -> None:
        """Move to the keyframe before a time. Not every container can: then to the beginning."""
        if start > 0:
            try:
                self.container.seek(int((self.first + start) / self.tick), stream=self.stream)
            except FFmpegError:
                self._reopen()
        else:
            self._reopen()

    def _open(self) -> None:
        self._file = SourceFile(self._descriptor)
        self.container = open_video(self._file)
        self.stream = shown_stream(self.container)
        options = {"max_pixels": str(MAX_PIXELS)}
        # Without this, some decoders fill what is missing with gray, and report nothing.
        strict = {"err_detect": "explode"} if self._is_strict else {}
        self.stream.codec_context.options = options | strict

    def _reopen(self) -> None:
        self.container.close()
        self._open()

    def _first_time(self) -> Fraction:
        """Return the time of the first picture, and choose how strictly to decode."""
        self._reopen()
        picture = next(self.decode(islice(self._demux(), STRICT_PACKETS)), None)
        if not picture:
            self._is_strict = False
            self._reopen()
            picture = next(self.decode(self._demux()), None)
        if not picture:
            raise BrokenAt(Fraction(0), "no picture can be decoded")
        return picture.time

    def _sampled_times(self) -> list[Fraction]:
        packets = islice(self.container.demux(self.stream), SAMPLED_PACKETS)
        return [at for packet in packets if (at := self.packet_time(packet)) is not None]

    def _stated_rates(self) -> tuple[Fraction | None, ...]:
        stream = self.stream
        return stream.average_rate, stream.guessed_rate, stream.base_rate

    def decode(self, packets: Iterable[Packet[VideoStream]]) -> Iterator[TimedPicture]:
        """Yield the pictures of successive packets. Raise `BrokenAt` as `read` does.

        No picture is kept while the next one is decoded: one of 8K takes 50 MB, or 100 with HDR.
        """
        last: Interval | None = None
        broken: BrokenAt | None = None
        end = Fraction(0)
        for packet in packets:
            if (at := self.packet_time(packet)) is not None:
                end = max(end, at + self.period)
            frames, error = _decoded(packet)
            if error and last and not broken:
                broken = BrokenAt(last.end if at is None else at, error)
            while frames:
                picture = self._picture(frames.pop(0), last)
                if last and picture.time <= last.time:
                    self._check_order(picture, last)
                    continue
                if broken and picture.time >= broken.second:
                    raise broken
                yield picture
                last = picture.interval
                del picture
            self._progress.beat()
        if last:
            self._check_end(last, broken, end)

    def _demux(self) -> Iterator[Packet[VideoStream]]:
        """Yield packets from here on. An error of the container ends them."""
        self._file.is_exhausted = self._is_over = False
        self._error: FFmpegError | None = None
        try:
            for packet in self.container.demux(self.stream):
                self._is_over = not packet.size
                yield packet
        except FFmpegError as error:
            self._error = error

    def _picture(self, frame: VideoFrame, last: Interval | None) -> TimedPicture:
        stamp = frame.pts if frame.pts is not None else frame.dts
        duration = frame.duration * self.tick if frame.duration else self.period
        if stamp is None:
            return TimedPicture(frame, last.end if last else Fraction(0), duration)
        return TimedPicture(frame, self.time_of(stamp), duration)

    def _check_order(self, picture: TimedPicture, last: Interval) -> None:
        if last.time - picture.time > MOST_DISORDER:
            raise BrokenAt(last.end, "the times start again")

    def _check_end(self, last: Interval, broken: BrokenAt | None, end: Fraction) -> None:
        """Raise `BrokenAt` if more than the last picture is missing."""
        error = broken or self._error or "the file ends too early"
        if self.end is not None and (self._error or (self._is_over and self._file.is_exhausted)):
            # Otherwise, the last picture is only shown for long.
            end = max(end, self.end)
        elif self._error or (self._is_over and self._file.is_cut_off):
            raise BrokenAt(last.end, error)
        if end - last.end > self.period * 3 / 2:
            raise BrokenAt(last.end, error)


def _decoded(packet: Packet[VideoStream]) -> tuple[list[VideoFrame], object]:
    """Return the whole pictures of a packet, and an error if there is any."""
    try:
        frames = packet.decode()
    except FFmpegError as error:
        return [], error
    whole = [frame for frame in frames if not frame.is_corrupt]
    is_cut = packet.size and packet.is_corrupt and not _is_overcautious(packet.stream)
    return whole, "the picture is incomplete" if is_cut or len(whole) < len(frames) else None


def _is_overcautious(stream: VideoStream) -> bool:
    """Tell whether FFmpeg takes whole packets for broken.

    It does where transport streams were joined. But these decoders notice themselves.
    """
    is_joined = stream.container.format.name == "mpegts"
    return is_joined and stream.codec_context.name in ("h264", "hevc")
