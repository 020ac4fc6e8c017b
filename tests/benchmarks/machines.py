"""Measure three clusters with PostgreSQL, Redis and S3: `python -m tests.benchmarks.machines`.

An editor opens lists meanwhile. It needs PostgreSQL and Redis on loopback.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxProcess
from tests.databases import scratch_postgresql
from tests.processes import wait_until
from tests.s3 import make_bucket, storage_on

WORKERS = 2
"""Workers of each cluster."""


def main() -> int:
    """Set up the services, and measure; return 1 if a remix was not stored."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--remixes", type=int, default=3000)
    parser.add_argument("--fal-seconds", type=float, default=30)
    parser.add_argument("--over", type=float, default=60, help="seconds in which they arrive")
    options = parser.parse_args()
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="sora_remix_machines_"))
        folder = Path(name)
        clip = folder / "clip.mp4"
        draw_clip(clip, "sea", seconds=4.0, width=320, height=180)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "SORA_REMIX_TESTS_FOLDER": name,
            "SORA_REMIX_TESTS_QUERIES": str(folder / "queries"),
            "SORA_REMIX_TESTS_STORAGE": json.dumps(storage_on(stack.enter_context(_s3()))),
            "SORA_REMIX_TESTS_WORKERS": str(WORKERS),
            "SORA_REMIX_TESTS_MAX_IN_FLIGHT": str(options.remixes),
            "TEST_BROKER": "redis",
        }
        stack.enter_context(scratch_postgresql("machines"))
        sandbox = stack.enter_context(SandboxProcess(folder / "sandbox"))
        sandbox.add_video("video_clip", clip)
        os.environ |= sandbox.environment()
        return _measure(sandbox, folder, options)


@contextmanager
def _s3() -> Iterator[str]:
    """Run a server for files in a process of its own; yield its URL."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listens() -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(listens)
        make_bucket(url := f"http://127.0.0.1:{port}")
        yield url
    finally:
        server.terminate()
        server.wait()


def _measure(sandbox: SandboxProcess, folder: Path, options: argparse.Namespace) -> int:
    import django

    django.setup()
    # It reads the settings.
    from .several import Clusters

    with Clusters(sandbox, folder, options.fal_seconds) as clusters:
        return 0 if clusters.run(options.remixes, options.over) else 1


if __name__ == "__main__":
    sys.exit(main())
