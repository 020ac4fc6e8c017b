"""Make the clips that remixes wait for: a part of a video, or all of it, fitted to an endpoint."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from tempfile import TemporaryFile
from typing import IO

from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import media
from ..database import atomic, refuse_transaction
from ..exceptions import (
    ClipTooLarge,
    InvalidFileName,
    InvalidTransition,
    NotAVideo,
    SourceReplaced,
    TryLater,
)
from ..logs import get_logger
from ..models import FittedClip, PendingFile, Remix, renew_leases
from ..storage import new_name
from .isolation import DATABASE_IS_AWAY, describe, isolated
from .leftovers import remove_unused
from .pace import UNREACHABLE_FOR, UNREACHABLE_TIMES, TimeLimit, back_off
from .source_copies import replaced
from .storing import SLOWEST_STORAGE

logger = get_logger(__name__)

NOTED_EVERY = 2.0
"""Seconds between two notes of the progress."""
UNUSABLE = "source_unusable"
CHANGED = _(
    "The file of this video was replaced or removed in the meantime. Nothing was sent and nothing "
    "was charged. Request the remix again."
)
OUT_OF_TIME = _(
    "The clip could not be made within one task's time limit (Q_CLUSTER timeout). Choose a "
    "shorter part, or raise the limit."
)
LOST = _("The worker that made the clip was killed, or ran out of memory or time.")
LONGEST_LOADING = 600
"""Seconds that a storage may take until the first picture of a source is read."""
LONGEST_SILENCE = timedelta(minutes=2)
"""How long a single picture may take."""
MOST_TIMES = 3
"""So often a clip is begun whose worker was killed, or that takes longer than a task may."""


class NobodyWaits(Exception):
    """No remix waits for the clip any more."""


def fit_clips(pks: Iterable[int], limit: TimeLimit | None = None) -> None:
    """Make those of these clips that nobody makes, one after the other, within the time limit.

    Raise `OpenTransaction` inside a transaction.
    """
    refuse_transaction()
    limit = limit or TimeLimit()
    for pk in pks:
        if limit.is_over:
            return
        if clip := FittedClip.objects.claim(pk):
            with isolated(clip, partial(_refuse, clip)):
                _fit(clip, limit)


def _fit(clip: FittedClip, limit: TimeLimit) -> None:
    """Make one clip and store it, or note why that can't be done."""
    try:
        with TemporaryFile() as made:
            facts = _make(clip, made, limit)
            _store(clip, facts, made)
    except NobodyWaits:
        clip.release()
    except (InvalidTransition, DatabaseError):
        raise
    except (NotAVideo, ClipTooLarge) as error:
        clip.refused(UNUSABLE, str(error))
    except FileNotFoundError:
        clip.refused("source_unreachable", str(CHANGED))
    except SourceReplaced as error:
        clip.refused("source_replaced", str(error))
    except InvalidFileName as error:
        clip.refused("source_unreachable", str(error))
    except Exception as error:  # noqa: BLE001  (a storage may raise anything)
        _try_later(clip, error)
    finally:
        Remix.objects.recheck_files_now()


def _make(clip: FittedClip, made: IO[bytes], limit: TimeLimit) -> media.VideoFacts:
    """Write the clip to a file."""
    stored = clip.source.stored_file()
    if stored.key != clip.made_from:
        raise FileNotFoundError
    renew_leases([clip], silence=timedelta(seconds=min(limit.left, LONGEST_LOADING)))
    with stored.storage.open(stored.name, "rb") as file:
        if not media.is_unchanged(file, stored.fingerprint):
            raise replaced(stored)
        return media.fit(file, clip.steps, made, on_progress=_Progress(clip, limit))


class _Progress:
    """Renews the lease, notes the progress, and stops what nobody waits for."""

    def __init__(self, clip: FittedClip, limit: TimeLimit) -> None:
        self._clip, self._limit = clip, limit
        self._noted_at = time.monotonic()

    def __call__(self, seconds: Decimal) -> None:
        if self._limit.is_over:
            raise TryLater(OUT_OF_TIME)
        if time.monotonic() - self._noted_at < NOTED_EVERY:
            return
        self._noted_at = time.monotonic()
        renew_leases([self._clip], silence=LONGEST_SILENCE)
        self._clip.progressed(seconds)
        if not FittedClip.objects.wanted().filter(pk=self._clip.pk).exists():
            raise NobodyWaits


def _store(clip: FittedClip, facts: media.VideoFacts, made: IO[bytes]) -> None:
    """Store the file, and commit its name with the facts."""
    # Nothing renews the lease while the file is stored.
    renew_leases([clip], silence=timedelta(seconds=facts.size / SLOWEST_STORAGE))
    name = stored = new_name("clips", facts.extension)
    PendingFile.objects.create(clip=clip, name=name)
    try:
        stored = media.store(name, made)
        PendingFile.objects.rename(clip, name, stored)
        with atomic():
            clip.made(stored, facts.known())
            PendingFile.objects.take(clip, stored)
    except InvalidTransition:
        remove_unused([stored])
        raise
    logger.info("Clip %s: stored as %s", clip.pk, stored)


def _refuse(clip: FittedClip, error: Exception) -> None:
    if not isinstance(error, DATABASE_IS_AWAY):
        clip.refused(UNUSABLE, describe(error))


def release_lost_clips() -> None:
    """Have clips begun again whose worker was lost, but not for ever."""
    for clip in FittedClip.objects.held_by_lost_workers():
        with isolated(clip):
            _try_later(clip, TryLater(LOST))


def _try_later(clip: FittedClip, error: Exception) -> None:
    is_ours = isinstance(error, TryLater) and error.message in (OUT_OF_TIME, LOST)
    if is_ours and clip.failures + 1 >= MOST_TIMES:
        clip.refused(UNUSABLE, str(error))
        return
    began = clip.failing_since
    if began and clip.failures >= UNREACHABLE_TIMES and timezone.now() - began > UNREACHABLE_FOR:
        clip.refused("source_unreachable", describe(error))
        return
    logger.warning("Clip %s: could not make it yet: %s", clip.pk, describe(error))
    clip.postpone(back_off(clip.failures), describe(error))
