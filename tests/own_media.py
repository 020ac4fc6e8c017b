"""Media that belong to a site: files in a storage of its own, which the app must never change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from pytest_django import Settings

from tests.s3 import s3_server, storage_on

ALIAS = "media"
"""The alias of the site's storage; the app's is another one."""


@contextmanager
def site_storage(kind: str, settings: Settings, folder: Path) -> Iterator[Storage]:
    """Give the site a storage for its media, on disk or on S3."""
    if kind == "disk":
        yield _use(settings, _on_disk(folder))
    else:
        with s3_server() as url:
            yield _use(settings, storage_on(url))


def _on_disk(folder: Path) -> dict[str, Any]:
    options = {"location": str(folder), "base_url": "/site-media/"}
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}


def _use(settings: Settings, entry: dict[str, Any]) -> Storage:
    settings.STORAGES = {**settings.STORAGES, ALIAS: entry}
    return storages[ALIAS]


def fail(*args: object) -> None:
    """Stand in for a method of a storage that is down."""
    raise ConnectionError("The storage is down.")


def put(storage: Storage, name: str, content: bytes) -> str:
    """Write a file there, over one of the same name."""
    storage.delete(name)
    return storage.save(name, ContentFile(content))


def digest(storage: Storage, name: str) -> str:
    """Return the SHA-256 of a file; a missing one fails the test."""
    with storage.open(name, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


@pytest.fixture(params=["disk", "s3"])
def site(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Storage]:
    """The storage of the site, once on disk and once on S3."""
    with site_storage(request.param, settings, tmp_path / "site") as storage:
        yield storage
