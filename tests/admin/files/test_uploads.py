"""An upload leaves no file in the storage that no video owns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from sora_remix.models import Video
from tests.forms import submit
from tests.storages import ClosingStorage, FolderStorage, NamingStorage, use_storage

pytestmark = pytest.mark.django_db

ADD = "/admin/sora_remix/video/add/"


def _upload(client: Client, clip: Path) -> None:
    upload = SimpleUploadedFile("clip.mp4", clip.read_bytes(), "video/mp4")
    submit(client, ADD, {"title": "Sea", "file": upload})


def _files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("storage", [FolderStorage, NamingStorage, ClosingStorage])
def test_upload_has_the_names_that_the_storage_returned(
    admin_client: Client, media_root: Path, clip: Path, settings: Settings, storage: Any
) -> None:
    use_storage(settings, storage)

    _upload(admin_client, clip)

    video = Video.objects.get()
    assert video.stored_files == [video.file.name, video.thumbnail.name]
    assert {str(path.relative_to(media_root)) for path in _files_in(media_root)} == {
        *video.stored_files
    }
    assert (media_root / str(video.file.name)).read_bytes() == clip.read_bytes()


@pytest.mark.parametrize("storage", [FileSystemStorage, FolderStorage, NamingStorage])
def test_files_are_deleted_when_the_row_can_not_be_saved(
    admin_client: Client,
    media_root: Path,
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    storage: Any,
) -> None:
    if storage is not FileSystemStorage:
        use_storage(settings, storage)
    stored: list[Path] = []

    insert = Video._do_insert  # type: ignore[attr-defined]

    def fail(*arguments: Any) -> None:
        insert(*arguments)
        stored.extend(_files_in(media_root))
        raise OperationalError("the database is gone")

    monkeypatch.setattr(Video, "_do_insert", fail)
    with pytest.raises(OperationalError):
        _upload(admin_client, clip)

    assert {path.suffix for path in stored} == {".mp4", ".jpg"}
    assert _files_in(media_root) == []
    assert not Video.objects.exists()


def test_clip_is_deleted_when_its_thumbnail_can_not_be_stored(
    admin_client: Client, media_root: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = FileSystemStorage._save  # type: ignore[attr-defined]

    def full(storage: FileSystemStorage, name: str, content: Any) -> Any:
        if name.endswith(".jpg"):
            raise OSError("No space left on device")
        return save(storage, name, content)

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    with pytest.raises(OSError, match="No space left"):
        _upload(admin_client, clip)

    assert _files_in(media_root) == []
    assert not Video.objects.exists()
