"""Tell the parent process how far the clip is."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from .limits import allow_next_step

PAUSE = 0.25
"""Seconds between two messages."""


class ProgressReport:
    """Send the length of what is made, and a sign of life when that takes long."""

    def __init__(
        self,
        send: Callable[[dict[str, Any]], None],
        *,
        allow_next_step: Callable[[], None] = allow_next_step,
    ) -> None:
        self._send = send
        self._allow_next_step = allow_next_step
        self.seconds = Fraction(0)
        self._next = 0.0

    def set_seconds(self, seconds: Fraction) -> None:
        """Set the length of the clip so far."""
        self.seconds = seconds
        self.beat()

    def beat(self) -> None:
        """Tell that work goes on, such as on pictures before the part."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + PAUSE
            self._allow_next_step()
            self._send({"seconds": round(float(self.seconds), 3)})
