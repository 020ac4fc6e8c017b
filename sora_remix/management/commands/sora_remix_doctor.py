"""`manage.py sora_remix_doctor`: check that settings, workers, storage and fal work together."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ..doctor import OK, PROBLEM, WARNING, Examination, ReportLine, examine_all, local, remote
from ..fal_answers import presentable

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended."""


class Command(BaseCommand):
    """Report each problem as a line, and check everything else regardless."""

    help = "Check fal, endpoints, workers, storage and webhooks. Exit with 1 if there is a problem."
    requires_system_checks = []
    """They would stop the command. It reports their errors itself."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        wait = "how long to wait for a worker (default: 30)"
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

    def _show(self, line: ReportLine) -> None:
        style = {OK: self.style.SUCCESS, WARNING: self.style.WARNING, PROBLEM: self.style.ERROR}
        level = style[line.level](line.level.ljust(len(WARNING)))
        self.stdout.write(f"{level}  {presentable(line.text)}")
        if line.hint:
            self.stdout.write(f"{'':{len(WARNING)}}  → {presentable(line.hint)}")
        self.stdout.flush()


def _lines(timeout: float) -> Iterator[ReportLine]:
    database, broker = "The database", "The broker"
    parts = (
        Examination("The settings", local.check_settings),
        Examination(database, local.check_database),
        Examination(broker, local.check_broker, needs=(database,)),
        Examination("The fal API key", remote.check_key),
        Examination("The endpoints", remote.check_endpoints, needs=(database,)),
        Examination("The schedule", local.check_schedule, needs=(database, broker)),
        Examination("The workers", partial(local.check_worker, timeout), needs=(database, broker)),
        Examination("The pause", local.check_pause, needs=(database,)),
        Examination("The storage", local.check_storage, hint=local.STORAGE_HINT),
        Examination("The webhooks", remote.check_webhooks),
        Examination("The remixes", local.check_remixes, needs=(database,)),
    )
    return examine_all(parts)
