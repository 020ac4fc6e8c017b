"""Read the lengths that containers state, by which truncated files are recognised."""

from __future__ import annotations

import re
from fractions import Fraction

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

WITH_TRUE_LENGTH = "mov"
"""A demuxer whose streams state their length. Others guess it, maybe from what is left."""
LENGTH_TAG = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")
"""The end of a stream in Matroska and WebM, such as 00:01:02.500000000."""


def stated_end(container: InputContainer, stream: VideoStream | AudioStream) -> Fraction | None:
    """Return the time at which a stream ends, in its own seconds, if the container states it."""
    if WITH_TRUE_LENGTH in container.format.name.split(","):
        if stream.duration and stream.time_base:
            return ((stream.start_time or 0) + stream.duration) * stream.time_base
    elif tag := LENGTH_TAG.match(stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = (Fraction(part) for part in tag.groups())
        return hours * 3600 + minutes * 60 + seconds
    return None
