"""The codecs of pictures, by FFmpeg's names."""

from __future__ import annotations

from collections.abc import Iterable

NAMES = {
    "av1": "AV1",
    "dnxhd": "DNxHD",
    "gif": "GIF",
    "h264": "H.264",
    "hevc": "HEVC",
    "mjpeg": "Motion JPEG",
    "mpeg1video": "MPEG-1",
    "mpeg2video": "MPEG-2",
    "mpeg4": "MPEG-4",
    "prores": "ProRes",
    "vc1": "VC-1",
    "vp8": "VP8",
    "vp9": "VP9",
}
"""What people call them. Other codecs are called what FFmpeg calls them."""


def codec_names(codecs: Iterable[str]) -> str:
    """Name codecs as people do, such as “H.264, HEVC”."""
    return ", ".join(NAMES.get(codec, codec) for codec in codecs)
