"""Bring the colours of any picture to BT.709, 8 bit, limited range."""

from __future__ import annotations

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

BT709, UNKNOWN, BT601, BT2020 = 1, 2, 5, 9
"""Numbers of matrices and primaries (ITU-T H.273)."""
PQ, HLG = 16, 18
"""Numbers of the transfers of HDR (ITU-R BT.2100)."""
HD_WIDTH, HD_HEIGHT = 1280, 720
"""From here on, players take BT.709 for colours that nothing is said about."""
MAPPED = "scale=out_color_matrix=bt709:out_range=tv:alphablend=uniform_color"
"""Another matrix and range. What is transparent becomes black."""
TONE_MAPPED = f"{MAPPED}:out_primaries=bt709:out_transfer=bt709:intent=perceptual"
"""Other primaries and transfer, by a three-dimensional table that swscale calculates. Highlights
are brought into range much as in ITU-R BT.2390."""


def input_tags(frame: VideoFrame, stream: VideoStream) -> str:
    """Return a filter that sets the tags that a frame of a stream lacks."""
    context = stream.codec_context
    tags = []
    if frame.colorspace == UNKNOWN and not frame.format.is_rgb:
        tags.append(f"colorspace={_usual_matrix(frame, context.color_trc)}")
    if context.color_trc in (PQ, HLG) and context.color_primaries == UNKNOWN:
        tags.append(f"color_primaries={BT2020}")
    return "setparams=" + ":".join(tags) if tags else "null"


def is_wide(frame: VideoFrame, stream: VideoStream) -> bool:
    """Tell whether a frame has colours or a brightness that BT.709 can't show."""
    context = stream.codec_context
    return BT2020 in (frame.colorspace, context.color_primaries) or context.color_trc in (PQ, HLG)


def _usual_matrix(frame: VideoFrame, transfer: int) -> int:
    if transfer in (PQ, HLG):
        return BT2020
    is_jpeg = frame.format.name.startswith("yuvj")
    is_large = frame.width >= HD_WIDTH or frame.height >= HD_HEIGHT
    return BT709 if is_large and not is_jpeg else BT601
