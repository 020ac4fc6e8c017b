"""From a URL to a temporary file to the storage, and what a file is found to be."""

from __future__ import annotations

from typing import IO

from django.core.files import File

from ..decoding.limits import MAX_IMAGE_BYTES
from ..storage import app_storage
from .downloads import PLACES, download
from .facts import ImageFacts, VideoFacts, image_extension, image_facts, video_facts
from .pictures import Grid, sheet_grid, thumbnail

__all__ = [
    "MAX_IMAGE_BYTES",
    "PLACES",
    "Grid",
    "ImageFacts",
    "VideoFacts",
    "download",
    "image_extension",
    "image_facts",
    "remove",
    "sheet_grid",
    "store",
    "thumbnail",
    "video_facts",
]


def store(name: str, file: IO[bytes]) -> str:
    """Copy a file into the storage and return the name it got there."""
    return app_storage().save(name, File(file))


def remove(name: str) -> None:
    """Delete a file from the storage; that it isn't there is no error."""
    app_storage().delete(name)
