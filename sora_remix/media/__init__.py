"""From a URL to a temporary file to the storage, and what a file is found to be."""

from __future__ import annotations

from contextlib import suppress
from typing import IO

from django.core.files import File

from ..decoding.limits import MAX_IMAGE_BYTES
from ..storage import app_storage
from .connections import PLACES
from .downloads import download
from .facts import (
    ImageFacts,
    VideoFacts,
    image_extension,
    image_facts,
    true_name,
    video_facts,
)
from .parts import keep as keep_download
from .thumbnails import facts_and_thumbnail, thumbnail

__all__ = [
    "MAX_IMAGE_BYTES",
    "PLACES",
    "ImageFacts",
    "VideoFacts",
    "download",
    "facts_and_thumbnail",
    "image_extension",
    "image_facts",
    "keep_download",
    "remove",
    "store",
    "thumbnail",
    "true_name",
    "video_facts",
]


def store(name: str, file: IO[bytes]) -> str:
    """Copy a file into the storage and return the name that the storage gave it.

    The storage may close the file. Raise `InvalidFileName` if that name can't be kept.
    """
    return app_storage().save(name, File(file, name))


def remove(name: str) -> None:
    """Delete a file from the storage, if it exists."""
    with suppress(FileNotFoundError):
        app_storage().delete(name)
