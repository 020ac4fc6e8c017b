"""`manage.py demo` as somebody runs it in a shell."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.processes import ROOT

FOREIGN = (
    "DJANGO_SETTINGS_MODULE",
    "FAL_",
    "SSL_CERT_FILE",
    "Q_CLUSTER_NAME",
    "SORA_REMIX_",
    "TEST_",
)
"""The tests' own settings and sandbox must not reach the demo."""
OPEN = re.compile(r"Open (http://[^/]+)(/\S*)")
LOG_IN = re.compile(r"Log in as (\S+) with the password (\S+)")


@dataclass(frozen=True)
class Started:
    """A site that runs, and how to get in."""

    url: str
    path: str
    username: str
    password: str


def run_demo(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        _command(options),
        env=_environment(folder) | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )


@contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[Started]:
    """Run it until the block ends; yield what it says of its site."""
    with subprocess.Popen(
        _command(options),
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield _read(process)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()


def _read(process: subprocess.Popen[str]) -> Started:
    said, place = "", None
    assert process.stdout
    for line in process.stdout:
        said += line
        place = OPEN.match(line) or place
        if place and (found := LOG_IN.match(line)):
            return Started(place[1], place[2], found[1], found[2])
    raise AssertionError(said)


def _command(options: tuple[str, ...]) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), "demo", *options]


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, "SORA_REMIX_DEMO_FOLDER": str(folder), "PYTHONUNBUFFERED": "1"}
