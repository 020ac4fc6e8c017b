"""`manage.py sora_remix_doctor`: ask the network whether everything works together."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ..asking import presentable
from ..doctor import OK, PROBLEM, WARNING, Line, Part, examine_all, local, remote

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended."""


class Command(BaseCommand):
    """Whatever is broken becomes a line, and the rest is looked at all the same."""

    help = "Look at fal, endpoints, workers, storage and webhooks; exit 1 if there is a problem."
    requires_system_checks = []
    """They would end the command; it says itself that they find errors."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        wait = "how long to wait for a worker to take a turn (30)"
        parser.add_argument("--timeout", type=float, default=30, metavar="SECONDS", help=wait)

    def handle(self, *args: Any, **options: Any) -> None:
        counts: Counter[str] = Counter()
        try:
            for line in _lines(options["timeout"]):
                counts[line.level] += 1
                if line.level != OK or options["verbosity"] > 0:
                    self._show(line)
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=INTERRUPTED) from None
        summary = f"Problems: {counts[PROBLEM]}, warnings: {counts[WARNING]}."
        if counts[PROBLEM]:
            raise CommandError(summary)
        self.stdout.write(summary)

    def _show(self, line: Line) -> None:
        style = {OK: self.style.SUCCESS, WARNING: self.style.WARNING, PROBLEM: self.style.ERROR}
        level = style[line.level](line.level.ljust(len(WARNING)))
        self.stdout.write(f"{level}  {presentable(line.text)}")
        if line.hint:
            self.stdout.write(f"{'':{len(WARNING)}}  → {presentable(line.hint)}")
        self.stdout.flush()


def _lines(timeout: float) -> Iterator[Line]:
    database, broker = "The database", "The broker"
    parts = (
        Part("The settings", local.look_at_settings),
        Part(database, local.look_at_database),
        Part(broker, local.look_at_broker, needs=(database,)),
        Part("The fal API key", remote.look_at_key),
        Part("The endpoints", remote.look_at_endpoints, needs=(database,)),
        Part("The schedule", local.look_at_schedule, needs=(database, broker)),
        Part("The workers", partial(local.look_at_worker, timeout), needs=(database, broker)),
        Part("The pause", local.look_at_pause, needs=(database,)),
        Part("The storage", local.look_at_storage, hint=local.STORAGE_HINT),
        Part("The webhooks", remote.look_at_webhooks),
        Part("The remixes", local.look_at_remixes, needs=(database,)),
    )
    return examine_all(parts)
