"""Read the facts of files that are unknown, such as those stored by earlier versions."""

from __future__ import annotations

import time

from .. import media
from ..exceptions import NotAVideo
from ..logs import get_logger
from ..models import Video
from ..storage import app_storage

logger = get_logger(__name__)

FILES_PER_SWEEP = 200
SECONDS_PER_SWEEP = 5


def read_unread() -> None:
    """Read the facts of some files; stop at the first that can't be loaded.

    Files that can't be read are tried a few more times, after all others.
    """
    end = time.monotonic() + SECONDS_PER_SWEEP
    for video in Video.objects.unread()[:FILES_PER_SWEEP]:
        if Video.objects.start_reading(video) and not _read(video):
            return
        if time.monotonic() > end:
            return


def _read(video: Video) -> bool:
    """Return whether the file could be loaded; if not, the storage may be unavailable."""
    try:
        with app_storage().open(str(video.file.name)) as file:
            facts = media.video_facts(file)
    except NotAVideo as error:
        logger.warning("The file of video %s is not a readable video: %s", video.pk, error)
        Video.objects.stop_reading(video)
    except Exception:
        logger.exception("Could not read the file of video %s yet", video.pk)
        return False
    else:
        Video.objects.note_facts(video, facts.known())
    return True
