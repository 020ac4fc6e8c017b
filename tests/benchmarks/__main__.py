"""Measure a cluster with one worker against the sandbox: `python -m tests.benchmarks`.

`--smoke` is short: it shows that everything runs, and checks only what a busy machine leaves
unchanged.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxProcess
from tests.databases import scratch_postgresql


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
        # SQLite makes its own in the folder.
        is_postgresql = options.database == "postgresql"
        database = scratch_postgresql("benchmarks") if is_postgresql else nullcontext()
        with database, SandboxProcess(folder / "sandbox") as sandbox:
            sandbox.add_video("video_clip", clip)
            os.environ |= sandbox.environment()
            # It reads the settings, and fal-client its hosts, when it is imported.
            from .measure import measure_all

            return 0 if measure_all(sandbox, folder, smoke=options.smoke) else 1


if __name__ == "__main__":
    sys.exit(main())
