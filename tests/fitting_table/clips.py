"""Clips as phones, cameras, browsers and old programs make them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.decoding.recordings import record
from tests.fitting.footage import Footage, film
from tests.fitting.making import cut_off, edited, phone_recording

FASTSTART = (("movflags", "+faststart"),)
FRAGMENTS = (("movflags", "frag_keyframe+empty_moov"),)
QUIET = (("x265-params", "log-level=none"),)
PQ, BT2020 = 16, 9
"""Numbers of the transfer, and of the primaries and matrix, of HDR (ITU-T H.273)."""
SECONDS = 5
NTSC = Fraction(30_000, 1001)


def _made(rate: Fraction | int = 25, seconds: float = SECONDS, **values: Any) -> bytes:
    """Return a clip, by default a usual one: MP4, H.264 and AAC."""
    rate = Fraction(rate)
    values = {"size": (640, 360), "options": FASTSTART, **values}
    return film(Footage(rate=rate, frames=round(seconds * rate), **values))


def _webm(**values: Any) -> bytes:
    values = {"container": "webm", "codec": "libvpx", "sound": "libopus", "options": (), **values}
    return _made(**values)


def _avi() -> bytes:
    return _made(container="avi", codec="mpeg4", sound="pcm_s16le", options=())


def _mpegts() -> bytes:
    return _made(container="mpegts", codec="mpeg2video", sound="mp2", options=())


def _gif() -> bytes:
    return _made(10, container="gif", codec="gif", sound="", pixels="rgb8", options=())


def _hdr() -> bytes:
    tags = (("color_trc", PQ), ("color_primaries", BT2020), ("colorspace", BT2020))
    return _made(
        container="mov",
        codec="libx265",
        pixels="yuv420p10le",
        codec_options=QUIET,
        matrix="bt2020",
        tags=tags,
    )


def _variable_rate() -> bytes:
    times = [Fraction(number * 40 + number % 3 * 11, 1000) for number in range(SECONDS * 25)]
    return _made(times=times, tick=Fraction(1, 1000))


def _in_8k() -> bytes:
    options = (*QUIET, ("preset", "ultrafast"))
    return _made(4, 4, codec="libx265", size=(7680, 4320), codec_options=options)


def _in_4k() -> bytes:
    options = (("preset", "ultrafast"),)
    return _made(2, 20, container="mov", size=(3840, 2160), codec_options=options)


CLIPS: dict[str, Callable[[], bytes]] = {
    "phone MOV, HEVC, rotated": phone_recording,
    "HDR, 10 bit, MOV": _hdr,
    "4:2:2, 10 bit": lambda: _made(pixels="yuv422p10le"),
    "4:4:4": lambda: _made(pixels="yuv444p"),
    "variable frame rate": _variable_rate,
    "fragmented MP4": lambda: _made(options=FRAGMENTS),
    "moov at the end": lambda: _made(options=()),
    "edit lists": lambda: edited(_made(seconds=SECONDS + 1), 1),
    "MPEG-TS, MPEG-2": _mpegts,
    "MPEG-TS, H.264": lambda: _made(container="mpegts", options=()),
    "AVI": _avi,
    "Matroska": lambda: _made(container="matroska", options=()),
    "WebM": _webm,
    "WebM without length": lambda: _webm(seekable=False),
    "GIF": _gif,
    "odd sides": lambda: _made(size=(641, 361), pixels="yuv444p"),
    "pixels not square": lambda: _made(size=(480, 360), pixel=Fraction(4, 3)),
    "no sound": lambda: _made(sound=""),
    "5.1 sound": lambda: _made(layout="5.1"),
    "24 fps": lambda: _made(24),
    "25 fps": _made,
    "29.97 fps": lambda: _made(NTSC),
    "60 fps": lambda: _made(60),
    "120 fps": lambda: _made(120),
    "0.3 s": lambda: _made(30, 0.3),
    "70 s": lambda: _made(5, 70),
    "1 h": lambda: _made(1, 3600, size=(160, 90)),
    "portrait": lambda: _made(size=(360, 640)),
    "square": lambda: _made(size=(480, 480)),
    "wide": lambda: _made(size=(1200, 240)),
    "4K MOV, 20 s": _in_4k,
    "8K, HEVC": _in_8k,
    "cover as a stream": lambda: _made(cover=True),
    "truncated MP4": lambda: cut_off(_made(), 0.8),
    "truncated WebM": lambda: cut_off(_webm(), 0.8),
    "truncated AVI": lambda: cut_off(_avi(), 0.8),
    "truncated MPEG-TS": lambda: cut_off(_mpegts(), 0.8),
    "truncated GIF": lambda: cut_off(_gif(), 0.8),
    "sound with a cover": lambda: record("mp4", pictures=0, sound=True, cover=True),
}
"""By name."""
