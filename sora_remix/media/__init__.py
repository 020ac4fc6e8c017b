"""Download files, store them, and read their properties."""

from __future__ import annotations

from contextlib import suppress
from typing import IO

from django.core.files import File

from ..decoding.limits import MAX_IMAGE_BYTES
from ..storage import app_storage
from .connections import MAX_PARALLEL_DOWNLOADS
from .downloads import download
from .facts import (
    ImageFacts,
    VideoFacts,
    image_extension,
    image_facts,
    true_name,
    video_facts,
)
from .fingerprints import fingerprint_of, has_size, is_unchanged
from .fitter import fit
from .partial_downloads import keep_download
from .thumbnails import facts_and_thumbnail, thumbnail

__all__ = [
    "MAX_IMAGE_BYTES",
    "MAX_PARALLEL_DOWNLOADS",
    "ImageFacts",
    "VideoFacts",
    "download",
    "facts_and_thumbnail",
    "fingerprint_of",
    "fit",
    "has_size",
    "image_extension",
    "image_facts",
    "is_unchanged",
    "keep_download",
    "remove",
    "store",
    "thumbnail",
    "true_name",
    "video_facts",
]


def store(name: str, file: IO[bytes]) -> str:
    """Copy a file into the storage, and return the name that the storage gave it.

    The storage may close the file. Raise `InvalidFileName` if no column can hold the name.
    """
    return app_storage().save(name, File(file, name))


def remove(name: str) -> None:
    """Delete a file from the storage, if it exists."""
    with suppress(FileNotFoundError):
        app_storage().delete(name)
