"""Prepare queued remixes: have their clips made and their files copied to fal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.utils import timezone

from .. import fal
from ..endpoints import get_endpoint
from ..exceptions import InvalidEndpoint, UnknownEndpoint
from ..models import FittedClip, Remix, SourceCopy
from .isolation import DATABASE_IS_AWAY, describe, isolated
from .source_copies import ClipMissing, files_of, sent_clip

PREPARED_AT_ONCE = 200
"""How many remixes one step prepares."""


def prepare_waiting() -> bool:
    """Release remixes whose files fal has for sending, and request what the others need.

    Return whether a remix waits for a clip that a worker has to make.
    """
    read_at = timezone.now()
    if not (remixes := Remix.objects.to_prepare(PREPARED_AT_ONCE)):
        return False
    names: dict[int, set[str]] = {}
    clipless: list[Remix] = []
    for remix in remixes:
        with isolated(remix, partial(_fail, remix)):
            try:
                names[remix.pk] = _checked_files(remix)
            except ClipMissing:
                clipless.append(remix)
    _request_copies(remixes, names, read_at)
    return bool(clipless) and _request_clips(clipless, read_at)


def _request_clips(remixes: Sequence[Remix], read_at: datetime) -> bool:
    """Have clips made for these remixes, and fail those whose clip can't be made."""
    gone = [remix for remix in remixes if not remix.clip]
    clips = FittedClip.objects.request({remix.clip_key for remix in gone})
    waiting = []
    for remix in remixes:
        with isolated(remix):
            clip = remix.clip or clips[remix.clip_key]
            if clip.error_code and remix.clip:
                remix.fail(clip.error_code, clip.error_message)
                continue
            waiting.append(remix.pk)
            if not remix.clip:
                Remix.objects.set_clip(remix, clip)
    Remix.objects.recheck_files_later(waiting, read_at=read_at)
    return bool(waiting)


def _request_copies(
    remixes: Sequence[Remix], names: dict[int, set[str]], read_at: datetime
) -> None:
    """Release those of these remixes whose files fal has, and request the other files."""
    every = {name for files in names.values() for name in files}
    urls, refusals = SourceCopy.objects.urls(every), SourceCopy.objects.refusals(every)
    for remix in remixes:
        files = names.get(remix.pk, ())
        if refusal := next((refusals[one] for one in files if one in refusals), None):
            with isolated(remix):
                remix.fail(refusal.error_code, refusal.error_message)
    waiting = {pk for pk, files in names.items() if not files <= urls.keys()}
    Remix.objects.mark_ready(names.keys() - waiting)
    SourceCopy.objects.request(every - urls.keys() - refusals.keys())
    Remix.objects.recheck_files_later(waiting, read_at=read_at)


def _checked_files(remix: Remix) -> set[str]:
    """Return the files that fal needs. Raise `ClipMissing`.

    A fitted clip is checked against the record once more, because only now its facts are known.
    """
    clip = sent_clip(remix)
    if isinstance(clip, FittedClip) and (refusal := _refusal(remix, clip)):
        remix.fail("source_not_remixable", refusal)
        return set()
    return files_of(remix)


def _refusal(remix: Remix, clip: FittedClip) -> str:
    try:
        return str(get_endpoint(remix.endpoint).refusal(clip) or "")
    except (UnknownEndpoint, InvalidEndpoint):
        return ""  # it is refused when it is sent


def _fail(remix: Remix, error: Exception) -> None:
    """Fail a remix that can't be prepared: nothing was sent, and it would only break again."""
    if not isinstance(error, DATABASE_IS_AWAY):
        remix.fail(fal.NOT_SENDABLE, describe(error))
