"""`manage.py remix`: request remixes from the shell, and wait for them if asked to."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils.text import Truncator

from ... import services, tasks
from ...database import retry_conflicts
from ...dollars import english_dollars
from ...endpoints import get_endpoint
from ...exceptions import Reason, RequestRefused, SoraRemixError
from ...models import Chain, Remix, Video
from ...models.status import UNSETTLED
from ...recipe import seconds_of
from ..fal_answers import presentable
from ..labels import hold_label

BACKGROUND = "The workers continue in the background."
SYNC = (
    "Nothing is sent to fal, because this site runs tasks inside the process that starts them. "
    "Remove “sync” from Q_CLUSTER and start “manage.py qcluster”."
)
REWRITE = "\r\x1b[K"
"""Move to the start of the line and clear it."""
DIGITS = 18
"""Longer numbers can't be primary keys: databases refuse to compare them."""
INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended."""


class Command(BaseCommand):
    """Request all remixes or none, so that a selection is never half paid."""

    help = "Request remixes: every video with every prompt. This costs money."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("videos", nargs="+", metavar="VIDEO", help="primary key or Sora id of a video")
        add(
            "--prompt",
            action="append",
            required=True,
            dest="prompts",
            metavar="TEXT",
            help="prompt; repeat it for several",
        )
        usual = "default: SORA_REMIX_ENDPOINT, else the first available one that accepts the videos"
        add("--endpoint", metavar="KEY", help=usual)
        add(
            "--option",
            action="append",
            default=[],
            dest="options",
            metavar="NAME=VALUE",
            help="option of the endpoint; repeat it for several",
        )
        self._add_part_and_fit(parser)
        add(
            "--exceed-budget",
            action="store_true",
            help="request them even if a budget has less left than they may cost",
        )
        add("--wait", action="store_true", help="wait until all remixes have finished")
        add(
            "--timeout",
            type=float,
            metavar="SECONDS",
            help="with --wait: stop waiting after this time",
        )

    def _add_part_and_fit(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--from", dest="start", metavar="TIME", help="start of the part to remix, as 0:12.5")
        add("--to", dest="end", metavar="TIME", help="end of that part; default: of the video")
        add(
            "--fit",
            nargs="?",
            const=True,
            default=False,
            choices=("crop", "pad"),
            help="change videos until the endpoint accepts them; crop or pad their aspect ratio",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        is_sync = tasks.is_sync()
        if is_sync and options["wait"]:
            raise CommandError(f"Nothing was requested, because --wait would never end. {SYNC}")
        remixes = self._request(options)
        for remix in remixes:
            self.stdout.write(_requested(remix))
        self.stdout.write(_total(remixes))
        if is_sync:
            self.stderr.write(f"{SYNC} Until then, these remixes wait and cost nothing.")
        if options["wait"]:
            self._wait([remix.pk for remix in remixes], options["timeout"])

    @retry_conflicts
    def _request(self, options: dict[str, Any]) -> list[Remix]:
        """Request the remixes, or write nothing and report every problem at once."""
        reasons: list[Reason] = []
        remixes: list[Remix] = []
        videos = _find(options["videos"], reasons)
        key = options["endpoint"] or _default_key(videos)
        chosen = _read_options(key, options["options"], reasons)
        try:
            remixes = services.request_remixes(
                videos,
                options["prompts"],
                endpoint=key,
                options=chosen,
                part=_read_part(options["start"], options["end"]),
                fit=options["fit"],
                exceed_budget=options["exceed_budget"],
            )
        except RequestRefused as refusal:
            reasons += refusal.reasons
        if reasons:
            lines = [presentable(f"{reason.field}: {reason.message}") for reason in reasons]
            raise CommandError("\n  ".join(["Nothing was requested.", *lines]))
        return remixes

    def _wait(self, pks: list[int], timeout: float | None) -> None:
        try:
            is_over = self._watch(pks, timeout)
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted. {BACKGROUND}", returncode=INTERRUPTED) from None
        finally:
            if self.stdout.isatty():
                self.stdout.write("")
        if not is_over:
            raise CommandError(f"Not all have finished after {timeout:g} s. {BACKGROUND}")
        remixes = Remix.objects.filter(pk__in=pks).select_related("result").order_by("pk")
        for remix in remixes:
            self.stdout.write(_outcome(remix))
        if bad := sum(remix.status != Remix.Status.SUCCEEDED for remix in remixes):
            raise CommandError(f"{bad} of {len(pks)} did not succeed.")

    def _watch(self, pks: list[int], timeout: float | None) -> bool:
        """Show the progress until no remix needs a worker. Return False when the time is up."""
        rows = Remix.objects.order_by().filter(pk__in=pks).values_list("status")
        start, shown, held = time.monotonic(), "", ""
        while True:
            held = self._show_hold(held)
            counts = dict(rows.annotate(Count("pk")))
            elapsed = time.monotonic() - start
            shown = self._show_progress(counts, elapsed, shown)
            if not counts.keys() & set(UNSETTLED):
                return True
            if timeout is not None and elapsed >= timeout:
                return False
            time.sleep(1)

    def _show_hold(self, shown: str) -> str:
        """Add a line once fal refuses the account, and once that is over."""
        hold = Chain.objects.hold()
        held = presentable(hold_label(hold)) if hold else ""
        if held != shown:
            line = f"These remixes wait and cost nothing. {held}" if held else "Sending continues."
            self.stdout.write(f"{REWRITE}{line}" if self.stdout.isatty() else line)
        return held

    def _show_progress(self, counts: dict[str, int], elapsed: float, shown: str) -> str:
        """Rewrite one line on a terminal. Elsewhere, add a line for each change."""
        known = [status for status in Remix.Status if status in counts]
        line = ", ".join(f"{counts[status]} {status.label}" for status in known)
        if self.stdout.isatty():
            clock = f"{int(elapsed) // 60}:{int(elapsed) % 60:02}"
            self.stdout.write(f"{REWRITE}{line}, {clock}", ending="")
            self.stdout.flush()
        elif line != shown:
            self.stdout.write(line)
        return line


def _find(names: Iterable[str], reasons: list[Reason]) -> list[Video]:
    """Return each video once, by primary key or Sora id, and a reason for each unknown name."""
    names = list(dict.fromkeys(names))
    pks = {name: int(name) for name in names if name.isdecimal() and len(name) <= DIGITS}
    by_pk = Video.objects.in_bulk(pks.values())
    by_sora_id = {video.sora_id: video for video in Video.objects.filter(sora_id__in=names)}
    found: dict[int, Video] = {}
    for name in names:
        if video := by_pk.get(pks.get(name)) or by_sora_id.get(name):
            found[video.pk] = video
        else:
            reasons.append(Reason("videos", f"There is no video “{name}”."))
    return list(found.values())


def _read_part(start: str | None, end: str | None) -> services.Part | None:
    """Read the part to remix. Raise `RequestRefused`."""
    if start is None and end is None:
        return None
    try:
        return seconds_of(start or "0"), seconds_of(end) if end else None
    except ValueError as error:
        message = "Write a time as seconds, or as 0:12.5."
        raise RequestRefused([Reason("part", message)]) from error


def _default_key(videos: Sequence[Video]) -> str:
    try:
        return services.default_endpoint(videos).key
    except SoraRemixError:
        return ""  # the request reports it


def _read_options(key: str, texts: Iterable[str], reasons: list[Reason]) -> dict[str, Any]:
    try:
        known = {option.name: option for option in get_endpoint(key).options}
    except SoraRemixError:
        return {}  # the request reports it
    options: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            reasons.append(Reason(name, "Write an option as NAME=VALUE."))
        else:
            options[name] = known[name].read(value) if name in known else value
    return options


def _requested(remix: Remix) -> str:
    prompt = Truncator(presentable(remix.prompt)).chars(60)
    source = f"{presentable(remix.source.title)} (video {remix.source.pk})"
    return f"{remix}: {source}, “{prompt}”, {_about(remix.estimated_cost)}"


def _total(remixes: list[Remix]) -> str:
    known = [remix.estimated_cost for remix in remixes if remix.estimated_cost is not None]
    unknown = len(remixes) - len(known)
    total = _about(sum(known, Decimal(0)) if known else None)
    rest = f" + {unknown} of unknown cost" if known and unknown else ""
    return f"Requested {len(remixes)}: {total}{rest}"


def _outcome(remix: Remix) -> str:
    status = remix.get_status_display()
    if remix.result:
        return f"{remix}: {status}: video {remix.result.pk}, {remix.result.file.name}"
    said = " ".join(filter(None, [remix.error_code, remix.error_message]))
    said = presentable(said)
    return f"{remix}: {status}: {said}" if said else f"{remix}: {status}"


def _about(amount: Decimal | None) -> str:
    return "cost unknown" if amount is None else f"about {english_dollars(amount)}"
