"""Pictures that stand for a video."""

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
    """Return a JPEG of a telling moment, as players show it; None when it can't be made."""
    try:
        return _checked_jpeg(decode("thumbnail", file))
    except (RemoteError, OSError) as error:
        logger.warning("A video gets no thumbnail: %s", error)
        return None
    finally:
        file.seek(0)


def facts_and_thumbnail(file: IO[bytes]) -> tuple[VideoFacts, bytes | None]:
    """Read what a video is and make its thumbnail at once: it is opened a single time.

    Raise as `video_facts` does. The thumbnail is None when it can't be made.
    """
    try:
        answer = decode("facts_and_thumbnail", file)
        answer = answer if isinstance(answer, dict) else {}
        return checked_facts(answer.get("facts"), file), _checked_jpeg(answer.get("thumbnail"))
    except NotAVideo as error:
        if not error.is_over_limit:
            raise
        # It may be the thumbnail that takes too much, and a paid video is not lost over that.
        logger.warning("A video gets no thumbnail: %s", error)
        return video_facts(file), None
    finally:
        file.seek(0)


def _checked_jpeg(answer: Any) -> bytes | None:
    try:
        jpeg = b64decode(answer or "", validate=True)
    except (TypeError, ValueError):
        return None
    return jpeg if extension_of(jpeg) == ".jpg" else None
