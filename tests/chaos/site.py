"""A site with the app under load, faults and kills, until everything is settled."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import django

django.setup()

from django.core.files import File  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_q.brokers import get_broker  # noqa: E402
from django_q.tasks import async_task  # noqa: E402

from example_project.fal_sandbox.process import SandboxProcess  # noqa: E402
from sora_remix import services, tasks  # noqa: E402
from sora_remix.models import Chain, Remix, Video  # noqa: E402

from . import faults, verdict  # noqa: E402
from .storm import Storm, running, wait_quietly  # noqa: E402

Status = Remix.Status
PORTION = 15
PAUSES = (2.0, 5.0)
TARGETS = (Status.SUBMITTING, Status.STORING)
SETTLED_WITHIN = 300.0
SERVED_WITHIN = 60.0
SWEEP_EVERY = 5.0
LONG_PAUSE = timedelta(seconds=10)
"""What an administrator does not wait for."""
FLUSHED = 0.5
"""Share of the kills with which the queue is lost as well."""


@dataclass
class Seen:
    """Facts that only an observer during the run knows."""

    unconfirmed: dict[int, datetime] = field(default_factory=dict)
    """When a remix was first seen to be unconfirmed, by primary key."""
    sending_at_kills: dict[int, datetime] = field(default_factory=dict)
    """When the cluster was killed that was, perhaps, sending a remix, by primary key."""
    flushes: int = 0
    """How often all messages were lost."""
    lifted: int = 0
    """How often a long pause of sending was ended by hand."""
    longest_pause: timedelta = timedelta()
    stopped: set[int] = field(default_factory=set)
    """Slow results for which one task had not enough time, by primary key of the remix."""
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

    def watch(self) -> None:
        """Note what will not show in the end, end long pauses, and sweep now and then."""
        now = timezone.now()
        for pk in Remix.objects.filter(status=Status.UNCONFIRMED).values_list("pk", flat=True):
            self.seen.unconfirmed.setdefault(pk, now)
        storing = Remix.objects.filter(status=Status.STORING, prompt__contains=faults.SLOWLY)
        self.seen.stopped.update(storing.filter(failures__gt=0).values_list("pk", flat=True))
        self._end_long_pause()
        if time.monotonic() - self._swept_at > SWEEP_EVERY:
            self._swept_at = time.monotonic()
            # By a worker, for fal's list may come slowly. The schedule does it more seldom.
            async_task(tasks.SWEEP)

    def _end_long_pause(self) -> None:
        """Resume sending, as an administrator does who sees that fal answers others."""
        held = list(Chain.objects.exclude(held_until=None).values_list("held_until", flat=True))
        # Read afterwards: a worker may start a pause after a moment that was noted before.
        now = timezone.now()
        pauses = [until - now for until in held if until]
        self.seen.longest_pause = max(self.seen.longest_pause, *pauses, timedelta())
        late = Remix.objects.filter(status=Status.QUEUED, due_at__gt=now + LONG_PAUSE)
        if any(pause > LONG_PAUSE for pause in pauses) or late.filter(is_ready=True).exists():
            services.resume_sending(by=None)
            self.seen.lifted += 1

    def sweep(self) -> None:
        """Sweep here, where what breaks is seen."""
        try:
            tasks.sweep()
        except Exception as error:
            logging.exception("The sweep broke")
            self.seen.troubles.append(f"a sweep broke: {type(error).__name__}: {error}")

    def are_content(self) -> bool:
        """Tell whether no worker has anything left to do."""
        self.watch()
        return not Remix.objects.unsettled().exists()

    def are_served(self) -> bool:
        """Tell whether everything was sent, and half of what fal has is stored."""
        self.watch()
        waiting = (Status.QUEUED, Status.SUBMITTING)
        if Remix.objects.filter(status__in=waiting).exists():
            return False
        under_way = (Status.PROCESSING, Status.STORING)
        unstored = Remix.objects.filter(status__in=under_way).count()
        return unstored <= Remix.objects.filter(status=Status.SUCCEEDED).count()


def run_app(
    sandbox: SandboxProcess, folder: Path, broker: str, remixes: int, seconds: float
) -> int:
    """Run the app through the faults and print the outcome; return 1 for a broken promise."""
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0, run_syncdb=True)
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
    return 1 if verdict.judge(people.seen, sandbox, folder) else 0


def _calm_down(people: People, sandbox: SandboxProcess) -> None:
    """Let fal recover once much is done, wait, then have its list searched for what is left."""
    begin = time.monotonic()
    wait_quietly(people.are_served, SERVED_WITHIN)
    faults.calm_down(sandbox)
    wait_quietly(people.are_content, SETTLED_WITHIN - (time.monotonic() - begin))
    people.seen.seconds = time.monotonic() - begin
    Remix.objects.filter(status=Status.UNCONFIRMED).update(due_at=timezone.now())
    people.sweep()
    wait_quietly(people.are_content, SETTLED_WITHIN / 10)


def _portions(remixes: int) -> Iterator[list[str]]:
    prompts = list(map(_prompt, range(remixes)))
    for start in range(0, remixes, PORTION):
        yield prompts[start : start + PORTION]


def _prompt(number: int) -> str:
    """Return a prompt; one in ten is the same as others, and slow ones come in a row."""
    if 16 <= number % 80 < 24:
        return f"make it {faults.SLOWLY} unlike {number}"
    if number % 10 == 0:
        return f"make it alike {number // 50}"
    if number % 25 == 7:
        return f"make it {faults.ODDLY} unlike {number}"
    return f"make it unlike {number}"
