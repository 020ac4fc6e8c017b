"""Limits of the process that makes a clip."""

from __future__ import annotations

import os

from ..decoding.limits import limit_memory, limit_seconds

THREADS = 2
"""Threads of the decoder, and of the encoder."""
NICENESS = 10
"""Web requests and the turns of other remixes come first."""
MEMORY = 2 * 1024**3
"""Bytes. Decoding and encoding 8K at once needs most of it, 1080p a tenth."""
LARGE_PIXELS = 1920 * 1440
"""Width times height above which memory is saved at the cost of time and size."""
STEP_SECONDS = 60
"""Processor time from one picture to the next, so that the whole is limited by its length."""


def limit_process() -> None:
    """Limit this process for its whole life."""
    os.nice(NICENESS)
    limit_memory(MEMORY)
    allow_next_step()


def allow_next_step() -> None:
    """Allow processor time for the next picture."""
    limit_seconds(STEP_SECONDS)
