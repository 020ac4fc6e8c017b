"""Build FFmpeg's filter graphs, and run frames through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TypeVar, cast

from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from .limits import THREADS

FrameT = TypeVar("FrameT", VideoFrame, AudioFrame)


def picture_graph(frame: VideoFrame, tick: Fraction, filters: Sequence[str]) -> Graph:
    """Return a graph for frames like this one."""
    graph = _new_graph()
    source = graph.add(
        "buffer",
        video_size=f"{frame.width}x{frame.height}",
        pix_fmt=frame.format.name,
        time_base=str(tick),
        pixel_aspect="1/1",
        colorspace=str(int(frame.colorspace)),
        range=str(int(frame.color_range)),
    )
    return _linked(graph, source, [*filters, "buffersink"])


def sound_graph(frame: AudioFrame, layout: str, tick: Fraction, filters: Sequence[str]) -> Graph:
    """Return a graph for frames like this one."""
    graph = _new_graph()
    source = graph.add(
        "abuffer",
        sample_rate=str(frame.sample_rate),
        sample_fmt=frame.format.name,
        channel_layout=layout,
        time_base=str(tick),
    )
    return _linked(graph, source, [*filters, "abuffersink"])


def _new_graph() -> Graph:
    graph = Graph()
    # Before PyAV 18, filters can only have a thread for each processor.
    if hasattr(graph, "threads"):
        graph.threads = THREADS
    return graph


def _linked(graph: Graph, source: FilterContext, filters: Sequence[str]) -> Graph:
    contexts = [graph.add(*one.split("=", 1)) for one in filters]
    graph.link_nodes(source, *contexts).configure()
    return graph


def filtered(graph: Graph, frame: FrameT | None) -> Iterator[FrameT]:
    """Push a frame, or None at the end, and yield what comes out."""
    graph.push(frame)
    while True:
        try:
            yield cast("FrameT", graph.pull())
        except (BlockingIOError, EOFError):
            return
