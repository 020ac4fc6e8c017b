"""Graphs of libavfilter, written as chains of steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream


@dataclass(frozen=True)
class Mix:
    """Join the picture with others by a filter of several inputs."""

    by: str
    others: tuple[Chain, ...]
    """How each is made: of a copy of the picture, unless its first step is a `Still`."""


@dataclass(frozen=True)
class Still:
    """Draw a picture of the same size once, and show it for the whole clip."""

    colour: str
    steps: tuple[str, ...]


Chain = tuple["str | Mix | Still", ...]
"""Steps are written as ffmpeg writes them: `name=arguments`."""


def build_graph(video: VideoStream, chain: Chain) -> Graph:
    """Return a graph that takes the stream's frames through the chain."""
    graph = Graph()
    builder = _Builder(graph, f"{video.width}x{video.height}")
    start = graph.add_buffer(template=video, time_base=video.time_base)
    end = builder.follow(start, 0, chain)
    end.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


class _Builder:
    """Adds steps to a graph for pictures of one size."""

    def __init__(self, graph: Graph, size: str) -> None:
        self._graph, self._size = graph, size

    def follow(self, node: FilterContext, output: int, chain: Chain) -> FilterContext:
        """Add the steps behind an output of a node, and return the last one."""
        for step in chain:
            if isinstance(step, Still):
                node = self._draw(step)
            elif isinstance(step, Mix):
                node = self._mix(node, output, step)
            else:
                following = self._add(step)
                node.link_to(following, output)
                node = following
            output = 0
        return node

    def _draw(self, still: Still) -> FilterContext:
        steps = (*still.steps, "loop=loop=-1:size=1")
        colour = self._add(f"color=c={still.colour}:s={self._size}:r=24:d=0.04")
        return self.follow(colour, 0, steps)

    def _mix(self, node: FilterContext, output: int, mix: Mix) -> FilterContext:
        copied = [not isinstance(chain[0], Still) for chain in mix.others]
        split = self._add(f"split={1 + sum(copied)}")
        node.link_to(split, output)
        joined = self._add(mix.by)
        split.link_to(joined)
        used = 0
        for place, (chain, is_copied) in enumerate(zip(mix.others, copied, strict=True), start=1):
            used += is_copied
            self.follow(split, used, chain).link_to(joined, 0, place)
        return joined

    def _add(self, step: str) -> FilterContext:
        name, _, arguments = step.partition("=")
        return self._graph.add(name, arguments or None)


def drain(graph: Graph) -> Iterator[VideoFrame]:
    """Yield the frames that the graph has ready."""
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        # Otherwise the encoder would keep the source's choice of key frames.
        frame.pict_type = PictureType.NONE
        yield frame
