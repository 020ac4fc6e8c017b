"""Map the colours of a large picture in bands, one after the other.

To map all of it at once takes 200 MB in 4K, and 800 in 8K.
"""

from __future__ import annotations

from collections.abc import Sequence

from av.filter import Graph
from av.video.frame import VideoFrame

from .graphs import filtered

COUNTS = (8, 4, 2)
MARGIN = 16
"""Lines around a band that are mapped too, because colours are blended over some of them."""


def band_count(height: int) -> int:
    """Return into how many bands of an even height a picture can be divided."""
    return next((count for count in COUNTS if height % (2 * count) == 0), 1)


def banded(filters: Sequence[str], width: int, height: int, count: int) -> list[str]:
    """Return filters that get the same picture so many times, and yield it once."""
    if count == 1:
        return [*filters]
    band = height // count
    high = band + 2 * MARGIN
    number = f"mod(n,{count})"
    top = f"clip({number}*{band}-{MARGIN},0,{height - high})"
    return [
        f"crop={width}:{high}:0:'{top}'",
        *filters,
        f"crop={width}:{band}:0:'{number}*{band}-{top}'",
        f"tile=1x{count}",
    ]


def mapped(graph: Graph, frame: VideoFrame, count: int) -> VideoFrame:
    """Return what a graph with these filters makes of a picture."""
    for _band in range(count - 1):
        graph.push(frame)
    return next(filtered(graph, frame))
