"""Files go to the storage that is named just now, under names that nobody can guess."""

from __future__ import annotations

import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InvalidStorageError, storages
from django.core.management import call_command
from django.db.migrations.writer import MigrationWriter
from pytest_django import Settings

from sora_remix.models import Video
from sora_remix.storage import AppStorage, app_storage, name_of_upload, new_name

MEMORY = {"BACKEND": "django.core.files.storage.InMemoryStorage"}


@pytest.fixture
def two_storages(settings: Settings) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": MEMORY, "other": MEMORY}


def test_the_alias_is_looked_up_at_each_use(two_storages: None, settings: Settings) -> None:
    storage = app_storage()
    storage.save("first", ContentFile(b"1"))

    settings.SORA_REMIX_STORAGE = "other"
    storage.save("second", ContentFile(b"2"))

    assert (storages["default"].exists("first"), storages["other"].exists("second")) == (True, True)
    assert (storage.exists("first"), storage.exists("second")) == (False, True)


def test_a_field_of_a_model_follows_the_setting(two_storages: None, settings: Settings) -> None:
    file = Video(file="clip.mp4").file
    storages["other"].save("clip.mp4", ContentFile(b"moving"))

    settings.SORA_REMIX_STORAGE = "other"

    assert file.size == 6


def test_an_alias_that_is_missing_is_said_at_use_and_not_before(settings: Settings) -> None:
    settings.SORA_REMIX_STORAGE = "nowhere"
    storage = app_storage()

    with pytest.raises(InvalidStorageError, match="nowhere"):
        storage.exists("clip.mp4")


@pytest.mark.parametrize("field", Video.FILE_FIELDS)
def test_a_migration_holds_no_concrete_backend(two_storages: None, field: str) -> None:
    written, imports = MigrationWriter.serialize(Video._meta.get_field(field))

    assert "storage=sora_remix.storage.app_storage" in written
    assert not any("django.core.files" in one for one in imports)


def test_the_storage_itself_is_written_down_without_its_backend(two_storages: None) -> None:
    written, _imports = MigrationWriter.serialize(AppStorage())

    assert written == "sora_remix.storage.AppStorage()"


def test_another_storage_needs_no_migration(
    db: None, two_storages: None, settings: Settings
) -> None:
    settings.SORA_REMIX_STORAGE = "other"

    call_command("makemigrations", "sora_remix", check=True, dry_run=True, verbosity=0)


def test_a_new_name_can_not_be_guessed() -> None:
    assert re.fullmatch(r"sora_remix/videos/[0-9a-f]{32}\.mp4", new_name("videos", ".mp4"))


def test_a_name_is_never_used_again() -> None:
    assert len({new_name("videos", ".mp4") for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("filename", "extension"),
    [
        ("My secret holiday.MP4", r"\.mp4"),
        ("../../etc/passwd", ""),
        ("archive.tar.gz", r"\.gz"),
        ("clip", ""),
        ("clip.muchtoolonganextension", r"\.muchtoolo"),
    ],
)
def test_an_upload_keeps_nothing_but_its_extension(filename: str, extension: str) -> None:
    name = name_of_upload("videos", filename)

    assert re.fullmatch(rf"sora_remix/videos/[0-9a-f]{{32}}{extension}", name)


def test_an_uploaded_file_gets_such_a_name(db: None, two_storages: None) -> None:
    video = Video.objects.create(title="Sea", file=ContentFile(b"moving", name="Holiday.MOV"))

    assert re.fullmatch(r"sora_remix/videos/[0-9a-f]{32}\.mov", str(video.file.name))
