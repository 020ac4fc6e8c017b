"""How much decoding one file may take."""

from __future__ import annotations

import os
import resource
import time
from contextlib import suppress
from math import ceil
from typing import Literal

Job = Literal["video_facts", "image_facts", "thumbnail", "facts_and_thumbnail"]

SECONDS = 10
"""Processor time for one job: a busy server must not turn a good file into a refused one."""
MEMORY = 1024**3
"""Bytes. An image of 64 megapixels takes up to half of them, a video in 8K three quarters."""
OWN_MEMORY = 256 * 1024**2
"""Bytes of address space that the process takes before it decodes anything."""
THREAD_STACK = 16 * 1024**2
"""Bytes of address space that a scaler's thread takes; it has one for each processor."""
MAX_IMAGE_BYTES = 50_000_000
MAX_PIXELS = 64_000_000
"""Width by height, of an image as of a video."""
MAX_STREAMS = 100
MAX_FRAMES = 10_000_000
"""Two days of 60 frames a second. Each takes an entry of an index, before any is decoded."""
MAX_SCANS = 100
"""Scans of a progressive JPEG. Cameras and encoders write about ten."""


class OverLimit(Exception):
    """Decoding the file would take more than is allowed."""

    def __init__(self, limit: Literal["bytes", "frames", "pixels", "scans"]) -> None:
        super().__init__(limit)
        self.limit = limit


def limit_memory() -> None:
    """Let allocations fail instead of taking the memory of the whole machine."""
    threads = (os.cpu_count() or 1) * THREAD_STACK
    _set_limit(resource.RLIMIT_AS, MEMORY + OWN_MEMORY + threads)
    _set_limit(resource.RLIMIT_CORE, 0)


def limit_seconds() -> None:
    """Have the kernel end this process when the next job takes too much processor time."""
    _set_limit(resource.RLIMIT_CPU, ceil(time.process_time()) + SECONDS)


def _set_limit(kind: int, most: int) -> None:
    # Some systems lack some limits, and nobody may exceed what an administrator has set.
    with suppress(OSError, ValueError):
        hard = resource.getrlimit(kind)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (soft, hard))
