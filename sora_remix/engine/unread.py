"""Read files of which nothing is known yet, as those that an earlier version has stored."""

from __future__ import annotations

import time

from .. import media
from ..exceptions import NotAVideo
from ..logs import get_logger
from ..models import Video
from ..storage import app_storage

logger = get_logger(__name__)

MOST = 200
"""Files that are read in one sweep."""
SECONDS = 5
"""After so long the rest waits for the next sweep."""


def read_unread() -> None:
    """Read what the files of some videos are, and stop at the first that can't be loaded.

    What can't be read is tried some more times, after all others.
    """
    end = time.monotonic() + SECONDS
    for video in Video.objects.unread()[:MOST]:
        if Video.objects.start_reading(video) and not _read(video):
            return
        if time.monotonic() > end:
            return


def _read(video: Video) -> bool:
    """Tell whether the file could be had: if not, the storage may be away."""
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
