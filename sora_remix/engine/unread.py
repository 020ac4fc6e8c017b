"""Read the facts of files that are unknown: those added by name, or stored by earlier versions."""

from __future__ import annotations

import io
import time
from collections.abc import Collection
from typing import IO, Any

from django.db.models import QuerySet

from .. import media
from ..database import ROWS_PER_QUERY, atomic
from ..exceptions import InvalidTransition, NotAVideo
from ..logs import get_logger
from ..models import PendingFile, Video
from ..storage import new_name
from .leftovers import remove_unused

logger = get_logger(__name__)

FILES_PER_SWEEP = 200
SECONDS_PER_SWEEP = 5


def has_unread() -> bool:
    """Return whether files that were never tried wait to be read."""
    return Video.objects.unread().filter(readings=0).exists()


def read_unread() -> None:
    """Read the facts of some files; stop at the first that can't be loaded.

    Files that can't be read are tried a few more times, after all others.
    """
    _read_some(Video.objects.unread())


def read_videos(pks: Collection[int]) -> int:
    """Read the facts of some of these videos; return how many are left for the workers."""
    pks = list(pks)
    left = 0
    for start in range(0, len(pks), ROWS_PER_QUERY):
        unread = Video.objects.unread().filter(pk__in=pks[start : start + ROWS_PER_QUERY])
        if not start:
            _read_some(unread)
        left += unread.count()
    return left


def _read_some(unread: QuerySet[Video]) -> None:
    end = time.monotonic() + SECONDS_PER_SWEEP
    for video in unread[:FILES_PER_SWEEP]:
        if Video.objects.start_reading(video) and not _read(video):
            return
        if time.monotonic() > end:
            return


def _read(video: Video) -> bool:
    """Return whether the file could be loaded; if not, the storage may be unavailable."""
    try:
        with video.file.storage.open(str(video.file.name)) as file:
            facts, picture = _facts(video, file)
        _note(video, facts, picture)
    except NotAVideo as error:
        logger.warning("The file of video %s is not a readable video: %s", video.pk, error)
        Video.objects.stop_reading(video)
    except Exception:
        logger.exception("Could not read the file of video %s yet", video.pk)
        return False
    return True


def _facts(video: Video, file: IO[bytes]) -> tuple[dict[str, Any], bytes | None]:
    """Return the columns that are read from a file, and a thumbnail if the video has none."""
    if video.thumbnail:
        facts, picture = media.video_facts(file), None
    else:
        facts, picture = media.facts_and_thumbnail(file)
    is_owned = bool(video.owned_files("file"))
    known = facts.known()
    return known if is_owned else {**known, "fingerprint": media.fingerprint_of(file)}, picture


def _note(video: Video, facts: dict[str, Any], picture: bytes | None) -> None:
    """Save the facts, and store the thumbnail so that no orphan stays behind."""
    if not picture:
        with atomic():
            Video.objects.note_facts(video, facts)
        return
    name = stored = new_name("thumbnails", ".jpg")
    pending = PendingFile.objects.create(name=name)
    try:
        stored = media.store(name, io.BytesIO(picture))
        with atomic():
            PendingFile.objects.take_by_pk(pending.pk)
            if not Video.objects.note_facts(video, facts, stored):
                raise InvalidTransition
    except InvalidTransition:
        # The video has another file or thumbnail by now; nobody else knows this one.
        PendingFile.objects.condemn(pending.pk)
        remove_unused([stored])
