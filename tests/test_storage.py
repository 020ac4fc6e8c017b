"""Files are stored in the storage of the setting, under unguessable names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InvalidStorageError, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db.migrations.writer import MigrationWriter
from pytest_django import Settings

from sora_remix.exceptions import InvalidFileName
from sora_remix.models import Video
from sora_remix.storage import (
    AppStorage,
    Folders,
    app_storage,
    content_type_of,
    name_of_upload,
    new_name,
)
from tests.storages import (
    ClosingStorage,
    EmptyNameStorage,
    FolderStorage,
    ForgetfulStorage,
    Give,
    NamingStorage,
    OddStorage,
    use_storage,
)

MEMORY = {"BACKEND": "django.core.files.storage.InMemoryStorage"}


@pytest.fixture
def two_storages(settings: Settings) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": MEMORY, "other": MEMORY}


def test_alias_is_looked_up_at_each_use(two_storages: None, settings: Settings) -> None:
    storage = app_storage()
    storage.save("first", ContentFile(b"1"))

    settings.SORA_REMIX_STORAGE = "other"
    storage.save("second", ContentFile(b"2"))

    assert (storages["default"].exists("first"), storages["other"].exists("second")) == (True, True)
    assert (storage.exists("first"), storage.exists("second")) == (False, True)


def test_file_field_follows_the_setting(two_storages: None, settings: Settings) -> None:
    file = Video(file="clip.mp4").file
    storages["other"].save("clip.mp4", ContentFile(b"moving"))

    settings.SORA_REMIX_STORAGE = "other"

    assert file.size == 6


def test_missing_alias_is_reported_at_use(settings: Settings) -> None:
    settings.SORA_REMIX_STORAGE = "nowhere"
    storage = app_storage()

    with pytest.raises(InvalidStorageError, match="nowhere"):
        storage.exists("clip.mp4")


@pytest.mark.parametrize("field", Video.FILE_FIELDS)
def test_migration_contains_no_concrete_backend(two_storages: None, field: str) -> None:
    written, imports = MigrationWriter.serialize(Video._meta.get_field(field))

    assert "storage=sora_remix.storage.app_storage" in written
    assert not any("django.core.files" in one for one in imports)


def test_storage_is_deconstructed_without_its_backend(two_storages: None) -> None:
    written, _imports = MigrationWriter.serialize(AppStorage())

    assert written == "sora_remix.storage.AppStorage()"


def test_another_storage_needs_no_migration(
    db: None, two_storages: None, settings: Settings
) -> None:
    settings.SORA_REMIX_STORAGE = "other"

    call_command("makemigrations", "sora_remix", check=True, dry_run=True, verbosity=0)


def test_new_name_can_not_be_guessed() -> None:
    assert re.fullmatch(r"sora_remix/videos/[0-9a-f]{32}\.mp4", new_name("videos", ".mp4"))


def test_name_is_never_reused() -> None:
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
def test_upload_keeps_only_its_extension(filename: str, extension: str) -> None:
    name = name_of_upload("videos", filename)

    assert re.fullmatch(rf"sora_remix/videos/[0-9a-f]{{32}}{extension}", name)


def test_uploaded_file_gets_an_unguessable_name(db: None, two_storages: None) -> None:
    video = Video.objects.create(title="Sea", file=ContentFile(b"moving", name="Holiday.MOV"))

    assert re.fullmatch(r"sora_remix/videos/[0-9a-f]{32}\.mov", str(video.file.name))


def _files(root: Path) -> list[str]:
    return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.mp4", "video/mp4"),
        ("a.MKV", "video/x-matroska"),
        ("a.ts", "video/mp2t"),
        ("a.webp", "image/webp"),
        ("a.vtt", "text/vtt"),
        ("a.pdf", "application/pdf"),
        ("a", "application/octet-stream"),
    ],
)
def test_content_type_follows_the_extension(name: str, content_type: str) -> None:
    assert content_type_of(name) == content_type


@pytest.mark.parametrize(("name", "stored"), [("a.vtt", "text/vtt"), ("a.html", "text/html")])
def test_content_type_claimed_by_a_browser_is_ignored(
    two_storages: None, name: str, stored: str
) -> None:
    upload = SimpleUploadedFile(name, b"WEBVTT", "text/html")

    app_storage().save(name, upload)

    assert upload.content_type == stored


@pytest.mark.parametrize("storage", [FolderStorage, NamingStorage, ClosingStorage])
def test_file_is_saved_whole_under_the_name_that_the_storage_returned(
    media_root: Path, settings: Settings, storage: Any
) -> None:
    use_storage(settings, storage)
    content = ContentFile(b"moving")
    content.read(3)

    name = app_storage().save(new_name("videos", ".mp4"), content)

    assert (media_root / name).read_bytes() == b"moving"
    assert _files(media_root) == [name]


@pytest.mark.parametrize(
    "give",
    [
        lambda name: "",
        lambda name: None,
        lambda name: name.encode(),
        lambda name: name.rjust(201, "a"),
        lambda name: f"{name}\0",
    ],
    ids=["empty", "None", "bytes", "too long", "NUL"],
)
def test_unstorable_name_is_refused(
    media_root: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, give: Give
) -> None:
    use_storage(settings, OddStorage)
    monkeypatch.setattr(OddStorage, "give", staticmethod(give))

    with pytest.raises(InvalidFileName, match="A file name must have 1 to 200 characters"):
        app_storage().save(new_name("videos", ".mp4"), ContentFile(b"x"))


@pytest.mark.parametrize("storage", [ForgetfulStorage, EmptyNameStorage])
def test_file_stored_without_a_name_is_removed(
    media_root: Path, settings: Settings, storage: Any
) -> None:
    use_storage(settings, storage)

    with pytest.raises(InvalidFileName):
        app_storage().save(new_name("videos", ".mp4"), ContentFile(b"x"))

    assert _files(media_root) == []


def test_file_with_a_too_long_name_is_removed(
    media_root: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_storage(settings, OddStorage)
    deep = "/".join(["a" * 50] * 5)
    monkeypatch.setattr(
        OddStorage, "give", staticmethod(lambda name: f"{deep}/../../../../../{name}")
    )

    with pytest.raises(InvalidFileName):
        app_storage().save(new_name("videos", ".mp4"), ContentFile(b"x"))

    assert _files(media_root) == []


def test_file_of_the_site_is_not_removed_when_the_storage_returns_no_name(
    media_root: Path, settings: Settings
) -> None:
    use_storage(settings, EmptyNameStorage)
    (media_root / "library").mkdir(parents=True)
    (media_root / "library" / "a.mp4").write_bytes(b"x")

    with pytest.raises(InvalidFileName):
        app_storage().save("library/a.mp4", ContentFile(b"x"))

    assert "library/a.mp4" in _files(media_root)


def test_name_can_be_as_long_as_its_column(media_root: Path) -> None:
    stored = app_storage().save("/".join(["a" * 99, "b" * 100]), ContentFile(b"x"))

    assert len(stored) == 200


@pytest.mark.parametrize("storage", [FolderStorage, NamingStorage])
def test_renamed_file_is_found_by_its_intended_name(
    media_root: Path, settings: Settings, storage: Any
) -> None:
    use_storage(settings, storage)
    name, other = new_name("videos", ".mp4"), new_name("videos", ".mp4")
    stored = app_storage().save(name, ContentFile(b"x"))
    app_storage().save(other, ContentFile(b"x"))

    assert stored != name
    assert Folders().renamed(name) == [stored]


def test_file_with_its_intended_name_is_not_searched_for(media_root: Path) -> None:
    name = app_storage().save(new_name("videos", ".mp4"), ContentFile(b"x"))
    app_storage().save(f"{name}.part", ContentFile(b"x"))

    assert Folders().renamed(name) == []


@pytest.mark.parametrize("name", ["sora_remix/videos/1.mp4", "library/1.mp4", "1"])
def test_files_are_not_found_by_names_that_others_could_use(media_root: Path, name: str) -> None:
    for folder in ("sora_remix/videos", "library", "."):
        app_storage().save(f"{folder}/v1-1.mp4", ContentFile(b"x"))

    assert Folders().renamed(name) == []


def test_each_folder_is_listed_once(media_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []

    def listdir(path: str) -> tuple[list[str], list[str]]:
        listed.append(path)
        return [], []

    monkeypatch.setattr(storages["default"], "listdir", listdir)
    folders = Folders()

    for _ in range(3):
        folders.renamed(new_name("videos", ".mp4"))

    assert listed == ["sora_remix/videos"]


def test_storage_that_can_not_list_files_finds_none(media_root: Path, settings: Settings) -> None:
    use_storage(settings, ClosingStorage)

    assert Folders().renamed(new_name("videos", ".mp4")) == []
