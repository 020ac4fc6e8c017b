"""Make remixes while fal answers badly and workers are killed: `python -m tests.chaos`.

Three set-ups run side by side, each in a process, a database and a folder of its own: the app with
the ORM broker, the app with the Redis broker, and what people write without it. The exit status
is 1 when the app broke a promise. Needs PostgreSQL and Redis on loopback.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxProcess
from tests.databases import scratch_postgresql

SETUPS = ("orm", "redis", "baseline")
RUN_SECONDS = 3


def main() -> int:
    """Run all set-ups, or the one that is asked for; return the exit status."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--remixes", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=40, help="how long it storms")
    parser.add_argument("--only", choices=SETUPS)
    parser.add_argument("--logs", type=Path, help="a folder to keep what the workers wrote")
    options = parser.parse_args()
    if options.only:
        return run(options.only, options.remixes, options.seconds, options.logs)
    begin = time.monotonic()
    broken = run_all(sys.argv[1:])
    words = f"Promises were broken: {', '.join(broken)}." if broken else "Every promise was kept."
    print(f"\n{words} It took {time.monotonic() - begin:.0f} s.", flush=True)
    return 1 if broken else 0


def run_all(arguments: list[str]) -> list[str]:
    """Run every set-up, print one after the other, and return those that failed."""
    command = [sys.executable, "-m", "tests.chaos", *arguments, "--only"]
    runs = {
        setup: subprocess.Popen(
            [*command, setup], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for setup in SETUPS
    }
    for process in runs.values():
        said, _ = process.communicate()
        print(said, end="", flush=True)
    return [setup for setup, process in runs.items() if process.returncode]


def run(setup: str, remixes: int, seconds: float, logs: Path | None) -> int:
    """Set up a site of its own in a temporary folder and run one set-up."""
    with tempfile.TemporaryDirectory(prefix="sora_remix_chaos_") as name:
        folder = Path(name)
        clip = folder / "clip.mp4"
        draw_clip(clip, "sea", seconds=1.0, width=160, height=90, fps=12)
        sandbox = SandboxProcess(folder / "sandbox", run_seconds=RUN_SECONDS)
        with scratch_postgresql("chaos"), sandbox:
            sandbox.add_video("video_clip", clip)
            _prepare_environment(name, sandbox, setup)
            # They read the settings, and fal-client its hosts, when they are imported.
            if setup == "baseline":
                from .baseline import run_baseline

                status = run_baseline(sandbox, folder)
            else:
                from .site import run_app

                status = run_app(sandbox, folder, setup, remixes, seconds)
            if logs:
                logs.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / "qcluster.log", logs / f"{setup}.log")
            return status


def _prepare_environment(folder: str, sandbox: SandboxProcess, setup: str) -> None:
    os.environ |= sandbox.environment() | {
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "SORA_REMIX_TESTS_FOLDER": folder,
        "SORA_REMIX_TESTS_MEDIA": f"{folder}/media",
        "SORA_REMIX_TESTS_QUEUE": f"sora_remix_chaos_{os.getpid()}",
        "TEST_BROKER": "redis" if setup == "redis" else "orm",
    }


if __name__ == "__main__":
    sys.exit(main())
