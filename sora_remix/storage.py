"""Where the files of the app are kept, and under which names."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from django.core.files.storage import Storage, storages
from django.utils.deconstruct import deconstructible

from .conf import conf


@deconstructible
class AppStorage(Storage):
    """Stand for the storage that `SORA_REMIX_STORAGE` names, looked up at each use.

    A model field asks for its storage when it is imported: too early for a system check to say
    that the alias is missing, and too early for `override_settings`.
    """

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__") or name in ("deconstruct", "_constructor_args"):
            return object.__getattribute__(self, name)
        return getattr(storages[conf.SORA_REMIX_STORAGE], name)


def app_storage() -> Storage:
    """Return the storage of the app, for `FileField(storage=…)`."""
    return AppStorage()


def new_name(kind: str, extension: str) -> str:
    """Return a name that nobody can guess and that is never used again.

    The S3 storage overwrites what has the same name
    (https://django-storages.readthedocs.io/en/latest/backends/amazon-S3.html, `file_overwrite`).
    """
    return f"sora_remix/{kind}/{uuid4().hex}{extension}"


def name_of_upload(kind: str, filename: str) -> str:
    """Return a new name that keeps nothing of the uploaded one but its extension."""
    return new_name(kind, PurePosixPath(filename).suffix.lower()[:10])
