"""Kill one cluster after the other while work arrives."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from tests.processes import Qcluster

PATIENCE = 3.0
"""Seconds that a kill is put off to hit a worker in the midst of something."""
LONGEST_AIM = 0.2
"""Seconds after which it is hit at the latest, so that it gets differently far each time."""
STARTED_WITHIN = 60.0


class Crowd(Protocol):
    """Those who ask for work, and watch it, while it storms."""

    def tick(self, progress: float) -> None:
        """Do what is due when this share of the storm is over."""

    def is_worst_moment(self) -> bool:
        """Tell whether a kill now would hit somebody in the midst of something."""

    def note_kill(self, killed_at: datetime) -> None:
        """Look what a kill has left behind."""


class Cluster(Qcluster):
    """A qcluster under the settings of these runs."""

    def __init__(self, media_root: Path) -> None:
        super().__init__(media_root, "tests.chaos.settings")


class Storm:
    """Some clusters, of which one is killed and started again every few seconds."""

    def __init__(self, clusters: Sequence[Cluster], pauses: tuple[float, float]) -> None:
        self.clusters = clusters
        self.kills = 0
        self._pauses = pauses
        self._next_kill = time.monotonic() + pauses[1]

    def rage(self, crowd: Crowd, seconds: float) -> None:
        """Storm for so long; at its end all clusters run."""
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < seconds:
            crowd.tick(passed / seconds)
            overdue = time.monotonic() - self._next_kill
            if overdue > PATIENCE or (overdue > 0 and crowd.is_worst_moment()):
                time.sleep(random.uniform(0, LONGEST_AIM))
                self._kill_one(crowd)
            time.sleep(0.05)
        crowd.tick(1)

    def _kill_one(self, crowd: Crowd) -> None:
        victim = random.choice(self.clusters)
        killed_at = datetime.now(UTC)
        victim.kill()
        self.kills += 1
        crowd.note_kill(killed_at)
        victim.start()
        self._next_kill = time.monotonic() + random.uniform(*self._pauses)


def running(stack: ExitStack, media_root: Path, count: int) -> list[Cluster]:
    """Start some clusters, which end with the stack, and wait until they run."""
    clusters = [stack.enter_context(Cluster(media_root)) for _ in range(count)]
    wait_quietly(lambda: clusters[0].log.count("] running.") >= count, STARTED_WITHIN)
    return clusters


def wait_quietly(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition at most so long; tell whether it came true."""
    end = time.monotonic() + seconds
    while not (is_true := condition()) and time.monotonic() < end:
        time.sleep(0.2)
    return is_true
