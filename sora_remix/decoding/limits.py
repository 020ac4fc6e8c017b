"""Limits for decoding one file."""

from __future__ import annotations

import os
import resource
import time
from contextlib import suppress
from math import ceil
from typing import Literal

Job = Literal["video_facts", "image_facts", "thumbnail", "facts_and_thumbnail"]

SECONDS = 10
"""Processor time of one job, so that a busy server doesn't refuse a good file."""
MEMORY = 1024**3
"""Bytes. An image of 64 megapixels needs up to half of them, an 8K video three quarters."""
OWN_MEMORY = 256 * 1024**2
"""Bytes of address space that the process needs before it decodes anything."""
THREAD_STACK = 16 * 1024**2
"""Bytes of address space of a scaler's thread. PyAV 16 and 17 start one for each processor."""
MAX_IMAGE_BYTES = 50_000_000
MAX_PIXELS = 64_000_000
"""Width times height of an image or a video."""
MAX_STREAMS = 100
MAX_FRAMES = 10_000_000
"""Two days at 60 frames per second. Each frame needs an index entry before decoding."""
MAX_SCANS = 100
"""Scans of a progressive JPEG. Cameras and encoders write about ten."""


class OverLimit(Exception):
    """Decoding the file would exceed a limit."""

    def __init__(self, limit: Literal["bytes", "frames", "pixels", "scans"]) -> None:
        super().__init__(limit)
        self.limit = limit


def limit_memory(most: int = MEMORY) -> None:
    """Limit this process's memory, so that allocations fail before the machine runs out."""
    threads = (os.cpu_count() or 1) * THREAD_STACK
    _set_limit(resource.RLIMIT_AS, most + OWN_MEMORY + threads)
    _set_limit(resource.RLIMIT_CORE, 0)


def limit_seconds(most: int = SECONDS) -> None:
    """Let the kernel end this process if the next job takes too much processor time."""
    _set_limit(resource.RLIMIT_CPU, ceil(time.process_time()) + most)


def _set_limit(kind: int, most: int) -> None:
    # Some systems lack some limits, and an administrator's limit can't be exceeded.
    with suppress(OSError, ValueError):
        hard = resource.getrlimit(kind)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (soft, hard))
