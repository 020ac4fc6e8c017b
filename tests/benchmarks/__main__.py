"""Measure a cluster with one worker against the sandbox: `python -m tests.benchmarks`.

`--smoke` is short and only shows that everything runs; without it the limits are checked.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxProcess


def main() -> int:
    """Set up a site of its own in a temporary folder, run all measurements, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few and short remixes")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sora_remix_benchmarks_") as name:
        folder = Path(name)
        clip = folder / "clip.mp4"
        draw_clip(clip, "sea", seconds=4.0, width=320, height=180)
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        os.environ["SORA_REMIX_TESTS_FOLDER"] = name
        with _database(options.database), SandboxProcess(folder / "sandbox") as sandbox:
            sandbox.add_video("video_clip", clip)
            os.environ |= sandbox.environment()
            # It reads the settings, and fal-client its hosts, when it is imported.
            from .measure import measure_all

            return 0 if measure_all(sandbox, folder, smoke=options.smoke) else 1


@contextmanager
def _database(kind: str) -> Iterator[None]:
    """Make a database for the run; SQLite makes its own in the folder."""
    if kind == "sqlite":
        yield
        return
    import psycopg

    host, user = os.environ.get("PGHOST", "127.0.0.1"), os.environ.get("PGUSER", "postgres")
    name = f"sora_remix_benchmarks_{os.getpid()}"
    os.environ |= {"TEST_DATABASE": "postgresql", "SORA_REMIX_TESTS_DATABASE": name}
    with psycopg.connect(host=host, user=user, dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


if __name__ == "__main__":
    sys.exit(main())
