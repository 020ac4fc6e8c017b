"""Pictures that stand for a video: its thumbnail, and the grid of its sprite sheet."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import IO, Any

from ..decoding.headers import extension_of
from ..exceptions import RemoteError
from ..logs import get_logger
from .decoder import decode

logger = get_logger(__name__)

MOST_PLACES = 32_767
"""What the columns of a video can hold."""


@dataclass(frozen=True)
class Grid:
    """How the pictures lie in a sprite sheet, row by row."""

    columns: int
    rows: int
    frames: int
    """Pictures there are: the last places may be empty."""


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


def sheet_grid(sheet: IO[bytes], video: IO[bytes]) -> Grid | None:
    """Return the grid by which each place of the sheet shows its moment of the video.

    Without proof it is None: nobody documents how a sheet is laid out.
    """
    try:
        answer = decode("sheet_grid", sheet, video)
        return _checked_grid(answer) if answer else None
    except (RemoteError, OSError, LookupError, TypeError, ValueError) as error:
        logger.warning("The grid of a sprite sheet can't be read: %s", error)
        return None
    finally:
        sheet.seek(0)
        video.seek(0)


def _checked_jpeg(answer: str) -> bytes:
    jpeg = b64decode(answer, validate=True)
    if extension_of(jpeg) != ".jpg":
        raise ValueError("The decoder made something else than a JPEG.")
    return jpeg


def _checked_grid(answer: dict[str, Any]) -> Grid:
    grid = Grid(answer["columns"], answer["rows"], answer["frames"])
    if not all(type(many) is int and 0 < many <= MOST_PLACES for many in vars(grid).values()):
        raise ValueError(grid)
    return grid
