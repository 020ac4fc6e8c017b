"""A site with the app: people ask, fal misbehaves, clusters die, and all is settled at the end."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import django

django.setup()

from django.core.files import File  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_q.brokers import get_broker  # noqa: E402

from example_project.fal_sandbox.process import SandboxProcess  # noqa: E402
from sora_remix import services, tasks  # noqa: E402
from sora_remix.models import Remix, Video  # noqa: E402

from . import faults, verdict  # noqa: E402
from .storm import Storm, running, wait_quietly  # noqa: E402

Status = Remix.Status
PORTION = 15
PAUSES = (2.0, 5.0)
TARGETS = (Status.SUBMITTING, Status.STORING)
SETTLED_WITHIN = 120.0
SENT_WITHIN = 40.0
SWEEP_EVERY = 5.0
FLUSHED = 0.5
"""Share of the kills with which the queue is lost as well."""


@dataclass
class Seen:
    """What only somebody who watches knows."""

    unconfirmed: dict[int, datetime] = field(default_factory=dict)
    """When a remix was first seen to be unconfirmed, by primary key."""
    sending_at_kills: dict[int, datetime] = field(default_factory=dict)
    """When the cluster was killed that was, perhaps, sending a remix, by primary key."""
    flushes: int = 0
    """How often all messages were lost."""
    troubles: list[str] = field(default_factory=list)
    seconds: float = 0.0


class People:
    """Ask for remixes in portions, sweep now and then, and watch."""

    def __init__(self, sources: Sequence[tuple[Video, str]], remixes: int) -> None:
        self.seen = Seen()
        self._sources = sources
        self._portions = _portions(remixes)
        self._count = -(-remixes // PORTION)
        self._asked = 0
        self._target: str = Status.SUBMITTING
        self._swept_at = time.monotonic()

    def tick(self, progress: float) -> None:
        """Ask for what is due, most of it early enough to be hit."""
        while self._asked < min(self._count, 1 + progress * 1.1 * self._count):
            source, endpoint = self._sources[self._asked % len(self._sources)]
            services.request_remixes([source], next(self._portions), endpoint=endpoint)
            self._asked += 1
        if time.monotonic() - self._swept_at > SWEEP_EVERY:
            self.sweep()
        self.watch()

    def is_worst_moment(self) -> bool:
        """Tell whether a remix is being sent, or stored, whichever is to be hit next."""
        return Remix.objects.filter(status=self._target).exists()

    def note_kill(self, killed_at: datetime) -> None:
        """Note which remixes may have lost the worker that was sending them."""
        sending = Remix.objects.filter(status=Status.SUBMITTING)
        for pk in sending.values_list("pk", flat=True):
            self.seen.sending_at_kills.setdefault(pk, killed_at)
        if random.random() < FLUSHED:
            get_broker().purge_queue()
            self.seen.flushes += 1
        self._target = random.choice(TARGETS)

    def sweep(self) -> None:
        """Sweep more often than the schedule does, for there is less time."""
        self._swept_at = time.monotonic()
        try:
            tasks.sweep()
        except Exception as error:
            logging.exception("The sweep broke")
            self.seen.troubles.append(f"a sweep broke: {type(error).__name__}: {error}")

    def watch(self) -> None:
        """Note since when remixes are unconfirmed."""
        now = timezone.now()
        for pk in Remix.objects.filter(status=Status.UNCONFIRMED).values_list("pk", flat=True):
            self.seen.unconfirmed.setdefault(pk, now)

    def are_content(self) -> bool:
        """Tell whether no worker has anything left to do."""
        self.watch()
        return not Remix.objects.unsettled().exists()

    def are_served(self) -> bool:
        """Tell whether everything that was asked for was sent."""
        self.watch()
        waiting = (Status.QUEUED, Status.SUBMITTING)
        return not Remix.objects.filter(status__in=waiting).exists()


def run_app(
    sandbox: SandboxProcess, folder: Path, broker: str, remixes: int, seconds: float
) -> int:
    """Run the app through the storm; print what came of it; return 1 for a broken promise."""
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)
    generation = Video.objects.create(title="Clip", sora_id="video_clip", duration=1)
    clip = folder / "clip.mp4"
    upload = Video(title="Upload", duration=1, size=clip.stat().st_size)
    with clip.open("rb") as file:
        upload.file.save("clip.mp4", File(file))
    people = People([(generation, "sora-2"), (upload, "flux-3")], remixes)
    print(f"\n=== {remixes} remixes on PostgreSQL with the {broker} broker", flush=True)
    try:
        with ExitStack() as stack:
            storm = Storm(running(stack, folder / "media", 2), PAUSES)
            faults.let_loose(sandbox)
            storm.rage(people, seconds)
            _calm_down(people, sandbox)
    finally:
        get_broker().delete_queue()
    lost = f"{storm.kills} kills, {people.seen.flushes} of them with all messages"
    print(f"{lost}; settled {people.seen.seconds:.0f} s after the storm", flush=True)
    return 1 if verdict.judge(people.seen, sandbox, folder / "media") else 0


def _calm_down(people: People, sandbox: SandboxProcess) -> None:
    """Let fal recover once all is sent, wait, then have its list searched for what is left."""
    begin = time.monotonic()
    wait_quietly(people.are_served, SENT_WITHIN)
    sandbox.behave()
    wait_quietly(people.are_content, SETTLED_WITHIN - (time.monotonic() - begin))
    people.seen.seconds = time.monotonic() - begin
    Remix.objects.filter(status=Status.UNCONFIRMED).update(due_at=timezone.now())
    people.sweep()
    wait_quietly(people.are_content, SETTLED_WITHIN / 4)


def _portions(remixes: int) -> Iterator[list[str]]:
    """Yield prompts, of which one in ten is the same as others."""
    prompts = [
        f"make it alike {n // 50}" if n % 10 == 0 else f"make it unlike {n}" for n in range(remixes)
    ]
    for start in range(0, remixes, PORTION):
        yield prompts[start : start + PORTION]
