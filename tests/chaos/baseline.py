"""The same faults for a plain implementation: `fal_client.subscribe` in a task."""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import django

QUEUE = {"timeout": 8, "retry": 10, "max_attempts": 0, "ack_failures": False}
"""django-q2 as it comes, with a `retry` of 60 seconds made short for a short run."""
os.environ["SORA_REMIX_CHAOS_QUEUE"] = json.dumps(QUEUE)
django.setup()

from django.core.management import call_command  # noqa: E402
from django_q.tasks import async_task  # noqa: E402

from example_project.fal_sandbox.process import SandboxProcess  # noqa: E402
from sora_remix.models import Video  # noqa: E402

from . import faults  # noqa: E402
from .storm import Storm, running, wait_quietly  # noqa: E402

TASK = "tests.benchmarks.baseline.remix"
REMIXES = 20
STORM_SECONDS = 20
CALM_SECONDS = 25
PAUSES = (5.0, 7.0)


class Crowd:
    """Ask for everything at the start."""

    def __init__(self) -> None:
        self._is_asked = False

    def tick(self, progress: float) -> None:
        """Queue one task for each remix, once."""
        if not self._is_asked:
            self._is_asked = True
            for number in range(REMIXES):
                async_task(TASK, "video_clip", f"make it unlike {number}")

    def is_worst_moment(self) -> bool:
        """Strike when it is due: such a task is nearly always in the midst of something."""
        return True

    def note_kill(self, killed_at: datetime) -> None:
        """Nothing of it is written down anywhere."""


def run_baseline(sandbox: SandboxProcess, folder: Path) -> int:
    """Run it through a shorter storm and print what it bought twice and lost; return 0."""
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0, run_syncdb=True)
    print(f"\n=== {REMIXES} remixes by fal_client.subscribe in a task", flush=True)
    begin = time.monotonic()
    with ExitStack() as stack:
        storm = Storm(running(stack, folder / "media", 2), PAUSES)
        faults.let_loose(sandbox)
        storm.rage(Crowd(), STORM_SECONDS)
        sandbox.behave()
        wait_quietly(lambda: len(_stored()) == REMIXES, CALM_SECONDS)
    print(f"{storm.kills} kills; watched for {time.monotonic() - begin:.0f} s")
    _print_losses(sandbox)
    return 0


def _print_losses(sandbox: SandboxProcess) -> None:
    bought = Counter(str(one["input"]["prompt"]) for one in sandbox.accepted())
    twice = [prompt for prompt, times in bought.items() if times > 1]
    total, surplus = bought.total(), bought.total() - len(bought)
    print(f"fal accepted {total} requests for {len(bought)} of {REMIXES} remixes")
    print(f"{len(twice)} were bought more than once: {surplus} charges too many")
    lost = total - Video.objects.count()
    none = len(bought.keys() - _stored())
    print(f"{lost} paid results are in no storage; {none} remixes have none at all", flush=True)


def _stored() -> set[str]:
    return set(Video.objects.values_list("title", flat=True))
