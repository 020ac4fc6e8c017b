"""Encode and write the clip: MP4, H.264 and AAC."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import Any, Self

import av
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..decoding.files import DescriptorFile
from .budget import Rates
from .colors import BT709
from .limits import LARGE_PIXELS, THREADS
from .target import TargetFile

QUALITY = "20"
"""The constant rate factor of x264. Differences from the source can hardly be seen."""
PRESET = "veryfast"
"""It takes a third of the time of x264's default, for files that are about a tenth larger."""
LOOKAHEAD = "5"
"""Pictures. Half of the preset's, so that 1080p takes less than 200 MB."""
CONSTANT_RATE = "force-cfr=1"
"""Otherwise x264 holds one more picture back to measure its length: 24 MB in 4K."""
LIMITED_RANGE = 1


class ClipFile:
    """An MP4 that can be played before all of it is loaded."""

    def __init__(self, target: TargetFile) -> None:
        self._target = target
        options = {"movflags": "+faststart"}
        self.container: OutputContainer = av.open(
            target, "w", format="mp4", container_options=options, io_open=self._open_again
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is None:
            self.container.close()
        else:
            self._abandon()

    def _abandon(self) -> None:
        # PyAV 16 corrupts memory when it frees a container that isn't closed.
        self._target.abandon()
        with suppress(Exception):
            self.container.close()

    def _open_again(self, _url: str, _flags: int, _options: object) -> DescriptorFile:
        """Let FFmpeg read what it has written, to move the index to the front."""
        return DescriptorFile(self._target.descriptor)


class PictureEncoder:
    """Encode pictures into a file."""

    def __init__(self, file: ClipFile, size: tuple[int, int], rate: Fraction, rates: Rates) -> None:
        self._container = file.container
        self._tick = 1 / rate
        self._count = 0
        self._stream: VideoStream = self._container.add_stream(
            "libx264", rate=rate, options=_options(size, rates)
        )
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        context: Any = self._stream.codec_context
        context.time_base = self._tick
        context.thread_count = THREADS
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED_RANGE

    @property
    def seconds(self) -> Fraction:
        """Return the length of the pictures so far."""
        return self._count * self._tick

    def write(self, frame: VideoFrame) -> None:
        """Add a frame."""
        frame.pts, frame.time_base = self._count, self._tick
        frame.pict_type = 0
        self._container.mux(self._stream.encode(frame))
        self._count += 1

    def finish(self) -> None:
        """Write what the encoder holds back."""
        self._container.mux(self._stream.encode(None))


def _options(size: tuple[int, int], rates: Rates) -> dict[str, str]:
    options = {"preset": PRESET, "crf": QUALITY, "profile": "high", "rc-lookahead": LOOKAHEAD}
    options["x264-params"] = CONSTANT_RATE
    # Captions would otherwise be copied into the pictures.
    options["a53cc"] = "0"
    if rates.pictures:
        options |= {"maxrate": str(rates.pictures), "bufsize": str(rates.buffer)}
    if size[0] * size[1] > LARGE_PIXELS:
        # In 4K, the encoder then takes 180 MB instead of 420.
        options |= {"rc-lookahead": "0", "bf": "0"}
        options["x264-params"] += ":sync-lookahead=0:weightp=0"
    return options
