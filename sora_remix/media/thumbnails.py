"""Pictures that stand for a video."""

from __future__ import annotations

from base64 import b64decode
from typing import IO

from ..decoding.headers import extension_of
from ..exceptions import RemoteError
from ..logs import get_logger
from .decoder import decode

logger = get_logger(__name__)


def thumbnail(file: IO[bytes]) -> bytes | None:
    """Return a JPEG of a telling moment, as players show it; None when it can't be made."""
    try:
        answer = decode("thumbnail", file)
        return _checked_jpeg(answer) if answer else None
    except (RemoteError, OSError, TypeError, ValueError) as error:
        logger.warning("A video gets no thumbnail: %s", error)
        return None
    finally:
        file.seek(0)


def _checked_jpeg(answer: str) -> bytes:
    jpeg = b64decode(answer, validate=True)
    if extension_of(jpeg) != ".jpg":
        raise ValueError("The decoder made something else than a JPEG.")
    return jpeg
