"""Compare what the sandbox accepted with what the site has, and name the broken promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import engine, media
from sora_remix.exceptions import NotAVideo
from sora_remix.models import PendingFile, Remix, Video

from .faults import ODDLY, REFUSAL, REFUSED, SLOWLY, UNANSWERED
from .texts import unclean_log, unclean_rows

if TYPE_CHECKING:
    from .site import Seen

Status = Remix.Status
Accepted = dict[str, Any]
SAMPLE = 30
LONG_ID = 36
"""Characters of fal's usual ids."""
SAVED_WITHIN = timedelta(seconds=1.5)
"""How long an answer may be on its way into the database of a busy machine.

It is less than a call takes that is stalled or delayed: no answer may wait for another one.
"""
LONGEST_PAUSE = timedelta(hours=1)
TOLD_BY_STATUS = ("internal_error",)
"""Code of a failure whose result a gateway withheld, and whose status says no more."""
SHOWN = 40
"""Broken promises that are printed."""


def judge(seen: Seen, sandbox: SandboxProcess, folder: Path) -> bool:
    """Print the outcome of the run in this folder; return whether a promise was broken."""
    accepted, struck = sandbox.accepted(), sandbox.struck()
    submits = struck.get("submit", {})
    remixes = list(Remix.objects.order_by("pk"))
    log = (folder / "qcluster.log").read_text(errors="replace")
    _print_counts(remixes, accepted, submits, seen)
    _print_oddities(remixes, struck, seen, log)
    broken = [
        *seen.troubles,
        *_bought_twice(remixes, accepted),
        *_without_a_row(remixes, accepted),
        *_mixed_up(remixes, accepted),
        *_sent_after_doubt(remixes, accepted, seen),
        *_needlessly_in_doubt(seen, submits),
        *_saved_too_late(remixes, accepted, seen),
        *_paused_too_long(seen),
        *_not_settled(remixes),
        *_lost(remixes, submits),
        *_files(folder / "media"),
        *unclean_rows(),
        *unclean_log(log),
    ]
    for line in islice(broken, SHOWN):
        print(f"BROKEN: {line}", flush=True)
    if len(broken) > SHOWN:
        print(f"BROKEN: {len(broken) - SHOWN} promises more", flush=True)
    return bool(broken)


def _print_counts(
    remixes: list[Remix], accepted: list[Accepted], struck: dict[str, int], seen: Seen
) -> None:
    statuses = Counter(remix.status for remix in remixes)
    print("by status:", ", ".join(f"{count} {name}" for name, count in statuses.items()))
    lost = sum(not one["answered"] for one in accepted)
    print(f"fal accepted {len(accepted)}, and lost its answer to {lost} of them")
    hit = sum(struck.values())
    print(f"{hit} submits met a fault: {', '.join(f'{n} {name}' for name, n in struck.items())}")
    print(f"{len(seen.sending_at_kills)} were being sent when a cluster was killed")
    healed = sum(r.status != Status.UNCONFIRMED for r in remixes if r.pk in seen.unconfirmed)
    print(f"{len(seen.unconfirmed)} were unconfirmed; of {healed} fal was found to have them")


def _print_oddities(
    remixes: list[Remix], struck: dict[str, dict[str, int]], seen: Seen, log: str
) -> None:
    others = {kind: sum(faults.values()) for kind, faults in struck.items() if kind != "submit"}
    print("other calls met a fault:", ", ".join(f"{n} {kind}" for kind, n in others.items()))
    longest = seen.longest_pause.total_seconds()
    print(
        f"{seen.lifted} long pauses of sending were ended by hand; the longest was {longest:.0f} s"
    )
    long_ids = sum(len(remix.request_id) > LONG_ID for remix in remixes)
    odd = sum(remix.status == Status.FAILED for remix in remixes)
    print(f"{long_ids} have a long request id; {odd} failed as fal said")
    stored = sum(SLOWLY in remix.prompt and remix.result_id is not None for remix in remixes)
    downloads = struck.get("download", {}).get("slow", 0)
    print(f"{stored} slow results came in {downloads} downloads; {len(seen.stopped)} were stopped")
    killed = log.count("reincarnated worker")
    print(f"{killed} workers were killed at the time limit of a task")


def _prompt(one: Accepted) -> str:
    return str(one["input"]["prompt"])


def _bought_twice(remixes: list[Remix], accepted: list[Accepted]) -> Iterator[str]:
    asked = Counter(remix.prompt for remix in remixes)
    bought = Counter(_prompt(one) for one in accepted)
    for prompt, surplus in (bought - asked).items():
        yield f"“{prompt}” was bought {surplus} times too often"
    for remix in remixes:
        if remix.other_request_ids:
            yield f"remix {remix.pk} was heard of under other ids: {remix.other_request_ids}"


def _without_a_row(remixes: list[Remix], accepted: list[Accepted]) -> Iterator[str]:
    """Find paid requests that the site does not know although fal's list was searched last."""
    known = {remix.request_id for remix in remixes}
    unknown = Counter(_prompt(one) for one in accepted if one["request_id"] not in known)
    for prompt, count in unknown.items():
        yield f"{count} accepted requests for “{prompt}” have no row"


def _mixed_up(remixes: list[Remix], accepted: list[Accepted]) -> Iterator[str]:
    prompts = {one["request_id"]: _prompt(one) for one in accepted}
    for remix in remixes:
        if remix.request_id and prompts.get(remix.request_id) != remix.prompt:
            yield f"remix {remix.pk} has the request of another: {remix.request_id}"


def _sent_after_doubt(remixes: list[Remix], accepted: list[Accepted], seen: Seen) -> Iterator[str]:
    asked = Counter(remix.prompt for remix in remixes)
    latest = {_prompt(one): datetime.fromisoformat(one["accepted_at"]) for one in accepted}
    for remix in remixes:
        since = seen.unconfirmed.get(remix.pk)
        if since is None or asked[remix.prompt] > 1 or remix.prompt not in latest:
            continue
        if latest[remix.prompt] > since:
            yield f"remix {remix.pk} was sent after it had become unconfirmed"


def _saved_too_late(remixes: list[Remix], accepted: list[Accepted], seen: Seen) -> Iterator[str]:
    """Find answers that a kill made forgotten although they came well before it."""
    answered = {
        _prompt(one): datetime.fromisoformat(one["answered_at"])
        for one in accepted
        if one["answered_at"]
    }
    asked = Counter(remix.prompt for remix in remixes)
    for remix in remixes:
        killed_at = seen.sending_at_kills.get(remix.pk)
        came_at = answered.get(remix.prompt)
        in_doubt = remix.pk in seen.unconfirmed and asked[remix.prompt] == 1
        if killed_at and came_at and in_doubt and killed_at - came_at > SAVED_WITHIN:
            early = (killed_at - came_at).total_seconds()
            yield f"the answer for remix {remix.pk} came {early:.1f} s before its worker died"


def _needlessly_in_doubt(seen: Seen, struck: dict[str, int]) -> Iterator[str]:
    unanswered = sum(struck.get(fault, 0) for fault in UNANSWERED)
    others = seen.unconfirmed.keys() - seen.sending_at_kills.keys()
    if len(others) > unanswered:
        yield f"{len(others)} were unconfirmed without a kill, but {unanswered} lost their answer"


def _paused_too_long(seen: Seen) -> Iterator[str]:
    if seen.longest_pause > LONGEST_PAUSE:
        yield f"sending was paused for {seen.longest_pause}"


def _not_settled(remixes: list[Remix]) -> Iterator[str]:
    for remix in remixes:
        if remix.status in (Status.QUEUED, Status.SUBMITTING, Status.PROCESSING, Status.STORING):
            why = f"since {remix.failing_since}: {remix.error_message[:200]!a}"
            yield f"remix {remix.pk} is still {remix.status}, {why}"


def _lost(remixes: list[Remix], struck: dict[str, int]) -> Iterator[str]:
    """Find what failed although fal said nothing of that, or succeeded although it did."""
    refused = 0
    for remix in remixes:
        if remix.status == Status.SUCCEEDED and ODDLY in remix.prompt:
            yield f"remix {remix.pk} succeeded, but the model failed"
        if remix.status != Status.FAILED:
            continue
        refused += not remix.request_id
        is_refused = not remix.request_id and remix.error_code.startswith(REFUSAL)
        is_told = remix.error_code.startswith(REFUSAL) or remix.error_code in TOLD_BY_STATUS
        if not is_refused and not (is_told and ODDLY in remix.prompt):
            said = f"{remix.error_code} {remix.error_message[:200]}"
            yield f"remix {remix.pk} failed: {said!a}"
    if refused > struck.get(REFUSED, 0):
        yield f"{refused} were refused, but fal refused {struck.get(REFUSED, 0)}"


def _files(media_root: Path) -> Iterator[str]:
    PendingFile.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    engine.sweep()
    there = {str(p.relative_to(media_root)) for p in media_root.rglob("*") if p.is_file()}
    results = list(Video.objects.exclude(file=""))
    used = {
        str(file.name)
        for video in results
        for file in (video.file, video.thumbnail, video.spritesheet)
        if file
    }
    print(f"{len(results)} results with {len(used)} files in the storage")
    if succeeded := Remix.objects.filter(status=Status.SUCCEEDED).exclude(result__in=results):
        yield f"{len(succeeded)} succeeded without a file"
    made = [video for video in results if not video.remixes.exists()]
    if nobodys := [video for video in made if not hasattr(video, "remix")]:
        yield f"{len(nobodys)} results belong to no remix"
    if missing := used - there:
        yield f"{len(missing)} files are missing: {sorted(missing)[:3]}"
    if orphans := there - used:
        yield f"{len(orphans)} files belong to nobody: {sorted(orphans)[:3]}"
    if left := PendingFile.objects.count():
        yield f"{left} names of files were never settled"
    for video in results[:: max(1, len(results) // SAMPLE)]:
        yield from _not_playable(video)


def _not_playable(video: Video) -> Iterator[str]:
    try:
        with video.file.open() as file:
            facts = media.video_facts(file.file)
    except (NotAVideo, OSError) as error:
        yield f"video {video.pk} can't be played: {error}"
    else:
        if facts.size != video.size:
            yield f"video {video.pk} has {facts.size} bytes instead of {video.size}"
