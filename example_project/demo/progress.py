"""Follow the demo's remixes, and report their results."""

import shutil
import time
from collections.abc import Callable, Sequence

from django.core.management.base import CommandError, OutputWrapper

from sora_remix import media
from sora_remix.exceptions import NotAVideo
from sora_remix.models import Remix
from sora_remix.models.status import UNSETTLED
from sora_remix.storage import app_storage

MOST_SECONDS = 180
HEADINGS = ("Video", "Prompt", "Seconds", "Cost", "Took", "File")


def follow(batch: int, out: OutputWrapper, check: Callable[[], None]) -> list[Remix]:
    """Show the progress until no remix needs a worker, then return the remixes."""
    line, start = _Line(out), time.monotonic()
    try:
        while True:
            check()
            rows = Remix.objects.filter(batch=batch).order_by("source_id")
            remixes = list(rows.select_related("source", "result"))
            seconds = time.monotonic() - start
            line.show(", ".join(_state(remix) for remix in remixes), seconds)
            if not any(remix.status in UNSETTLED for remix in remixes):
                return remixes
            if seconds > MOST_SECONDS:
                raise CommandError(f"The remixes have not finished after {MOST_SECONDS} seconds.")
            time.sleep(0.2)
    finally:
        line.end()


def _state(remix: Remix) -> str:
    return f"{remix.source.title}: {remix.get_status_display()}"


class _Line:
    """One line that is rewritten on a terminal. Elsewhere, a line for each change."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out, self._last = out, ""
        self._is_terminal = bool(out.isatty())

    def show(self, text: str, seconds: float) -> None:
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._out.write(f"\r\x1b[2K{f'   {seconds:3.0f} s  {text}'[:width]}", ending="")
        elif text != self._last:
            self._out.write(f"   {seconds:3.0f} s  {text}")
        self._last = text
        self._out.flush()

    def end(self) -> None:
        if self._is_terminal:
            self._out.write("")


def check_results(remixes: Sequence[Remix], sources: set[int]) -> None:
    """Raise CommandError unless each source has a playable result of its own."""
    if {remix.source_id for remix in remixes} != sources:
        raise CommandError("The remixes were not made from the selected videos.")
    for remix in remixes:
        if remix.status != Remix.Status.SUCCEEDED or remix.result is None:
            raise CommandError(
                f"{remix} of “{remix.source}” is {remix.get_status_display()}. "
                f"{remix.error_code} {remix.error_message}"
            )
        if remix.result_id in sources:
            raise CommandError(f"{remix} has no video of its own.")
        try:
            with app_storage().open(str(remix.result.file.name)) as file:
                media.video_facts(file)
        except (NotAVideo, OSError) as error:
            raise CommandError(
                f"{remix}: the file in the storage is not playable: {error}"
            ) from error


def table(remixes: Sequence[Remix]) -> str:
    """Return the results as a table."""
    rows = [HEADINGS, *(_row(remix) for remix in remixes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _row(remix: Remix) -> tuple[str, ...]:
    assert remix.result
    assert remix.finished_at
    cost = "?" if remix.estimated_cost is None else f"${remix.estimated_cost:.2f}"
    took = (remix.finished_at - remix.created_at).total_seconds()
    return (
        remix.source.title,
        remix.prompt if len(remix.prompt) <= 32 else f"{remix.prompt[:31]}…",
        f"{remix.result.duration:.1f}",
        cost,
        f"{took:.1f} s",
        str(remix.result.file.name),
    )
