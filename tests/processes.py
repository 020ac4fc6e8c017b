"""Real qcluster processes on the test database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
GONE = (FileNotFoundError, ProcessLookupError)
"""What opening, or reading, a file about a process raises once the process has ended."""


def wait_until(condition: Callable[[], bool], seconds: float = 180) -> None:
    """Wait for a condition; fail when it doesn't come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.1)


class Qcluster:
    """Start, stop and kill `manage.py qcluster`."""

    def __init__(self, media_root: Path, settings: str = "tests.settings") -> None:
        self._settings = {
            "DJANGO_SETTINGS_MODULE": settings,
            "SORA_REMIX_TESTS_DATABASE": str(connection.settings_dict["NAME"]),
            "SORA_REMIX_TESTS_MEDIA": str(media_root),
        }
        self._log = media_root.with_name("qcluster.log")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the cluster and wait until it handles messages."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "qcluster"],
                cwd=ROOT,
                env=os.environ | self._settings,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """Stop the cluster by a signal to its parent; kill it after a timeout."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """Kill the parent and all its children."""
        assert self._process
        kill_family(self.pid)
        self._process.wait()
        self._process = None

    @property
    def pid(self) -> int:
        """The parent's process id."""
        assert self._process
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything the processes wrote."""
        return self._log.read_text() if self._log.exists() else ""


def family(pid: int) -> list[int]:
    """Return a process and all it started, and they in turn, by id; some may have just ended."""
    children: list[int] = []
    with suppress(*GONE):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(*GONE):  # threads end as well
                children += map(int, (task / "children").read_text().split())
    return [pid, *(one for child in children for one in family(child))]


def kill_family(pid: int) -> None:
    """Kill a process and all it started."""
    for one in family(pid):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def said_of(pid: int, name: str) -> str:
    """Return a file about a process from `/proc`; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except GONE:
        return ""
