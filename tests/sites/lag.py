"""Replicas of SQLite databases that lag behind by some seconds."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Self

PERIOD = 0.25


class LaggingReplicas:
    """Keep copies of databases as these were some seconds ago."""

    def __init__(self, primaries: Mapping[str, str], seconds: float) -> None:
        """Take the file of the primary for each file of a replica."""
        self._primaries = primaries
        self._seconds = seconds
        self._snapshots: deque[tuple[float, str, sqlite3.Connection]] = deque()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        for replica, primary in self._primaries.items():
            Path(replica).touch()
            self._take(replica, primary)
        self._apply(time.monotonic())
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        self._thread.join()
        for _taken_at, _replica, snapshot in self._snapshots:
            snapshot.close()

    def _run(self) -> None:
        while not self._is_over.wait(PERIOD):
            for replica, primary in self._primaries.items():
                self._take(replica, primary)
            self._apply(time.monotonic() - self._seconds)

    def _take(self, replica: str, primary: str) -> None:
        snapshot = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(primary)) as source:
            source.backup(snapshot)
        self._snapshots.append((time.monotonic(), replica, snapshot))

    def _apply(self, until: float) -> None:
        """Write what was taken until then into the replicas, oldest first."""
        while self._snapshots and self._snapshots[0][0] <= until:
            _taken_at, replica, snapshot = self._snapshots.popleft()
            with closing(sqlite3.connect(replica, timeout=20)) as target, closing(snapshot):
                snapshot.backup(target)
