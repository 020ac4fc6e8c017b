"""Draw sample clips."""

from fractions import Fraction
from pathlib import Path

import av
from av.filter import Graph
from av.video.frame import VideoFrame

from .filters import drain
from .scenery import Landscape
from .scenes import SCENES
from .videos import ENCODER


def draw_clip(
    path: Path,
    scene: str,
    seconds: float = 4.0,
    width: int = 320,
    height: int = 180,
    fps: int = 24,
) -> None:
    """Draw one of `SCENES` into a silent MP4; width and height must be even."""
    landscape = Landscape(SCENES[scene], width, height, seconds)
    turn = _turning_graph(width, height, Fraction(1, fps))
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as clip:
        stream = clip.add_stream("libx264", rate=fps, options=ENCODER)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, fps)
        for index in range(round(seconds * fps)):
            picture = VideoFrame.from_bytes(landscape.at(index / fps), height, width)
            picture.pts, picture.time_base = index, Fraction(1, fps)
            turn.vpush(picture)
            for frame in drain(turn):
                clip.mux(stream.encode(frame))
        clip.mux(stream.encode(None))


def _turning_graph(width: int, height: int, tick: Fraction) -> Graph:
    """Return a graph that turns columns into rows."""
    graph = Graph()
    lying = av.VideoFormat("rgba", height, width)
    graph.link_nodes(
        graph.add_buffer(width=height, height=width, format=lying, time_base=tick),
        graph.add("transpose", "cclock_flip"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ).configure()
    return graph
