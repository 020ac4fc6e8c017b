"""The long-running commands that the demo starts, watches and stops."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from django.core.management.base import CommandError

ROOT = Path(__file__).resolve().parents[2]
LOCAL = "127.0.0.1"
STOP_SECONDS = 30
LINES_SHOWN = 15


class Child:
    """Runs `manage.py` with these arguments from entering to leaving."""

    def __init__(
        self, name: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> None:
        self._name = name
        self._command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        self._log = log
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}

    def __enter__(self) -> Self:
        with self._log.open("w") as log:
            # In its own session, so that Ctrl-C in the terminal reaches only the demo.
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            # Only to the parent, because qcluster hangs if its children get the signal too.
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        finally:
            # Stop everything that is left of its session.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def check(self) -> None:
        """Raise CommandError with the end of its log if it has stopped."""
        status = self._process.poll()
        if status is not None:
            raise CommandError(
                f"{self._name} stopped with status {status}. The last lines of {self._log}:\n"
                f"{self._tail()}"
            )

    def _tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LINES_SHOWN:])


def choose_port(wanted: int) -> int:
    """Return the port, or a free one for 0. Raise CommandError if it is taken."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((LOCAL, wanted))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Port {wanted} can't be used: {getattr(error, 'strerror', None) or error}. "
                "Choose another port with --port, or use a free one with --port 0."
            ) from error
        port: int = one.getsockname()[1]
        return port
