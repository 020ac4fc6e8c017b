"""Make thumbnails of videos."""

from __future__ import annotations

from base64 import b64decode
from typing import IO, Any

from ..decoding.headers import extension_of
from ..exceptions import NotAVideo, RemoteError
from ..logs import get_logger
from .decoder import decode
from .facts import VideoFacts, checked_facts, video_facts

logger = get_logger(__name__)


def thumbnail(file: IO[bytes]) -> bytes | None:
    """Return a JPEG of a frame that shows something, or None if that fails."""
    try:
        return _checked_jpeg(decode("thumbnail", file))
    except (RemoteError, OSError) as error:
        logger.warning("Could not make a thumbnail: %s", error)
        return None
    finally:
        file.seek(0)


def facts_and_thumbnail(file: IO[bytes]) -> tuple[VideoFacts, bytes | None]:
    """Read the properties of a video and make its thumbnail, opening the file only once.

    Raise as `video_facts` does. The thumbnail is None if it can't be made.
    """
    try:
        answer = decode("facts_and_thumbnail", file)
        answer = answer if isinstance(answer, dict) else {}
        return checked_facts(answer.get("facts"), file), _checked_jpeg(answer.get("thumbnail"))
    except NotAVideo as error:
        if not error.is_over_limit:
            raise
        # Maybe only the thumbnail takes too much. A paid video must not be lost over that.
        logger.warning("Could not make a thumbnail: %s", error)
        return video_facts(file), None
    finally:
        file.seek(0)


def _checked_jpeg(answer: Any) -> bytes | None:
    try:
        jpeg = b64decode(answer or "", validate=True)
    except (TypeError, ValueError):
        return None
    return jpeg if extension_of(jpeg) == ".jpg" else None
