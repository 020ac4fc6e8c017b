"""Files go to the storage that is named just now, under names that nobody can guess."""

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
def test_a_content_type_follows_the_name(name: str, content_type: str) -> None:
    assert content_type_of(name) == content_type


@pytest.mark.parametrize(("name", "stored"), [("a.vtt", "text/vtt"), ("a.html", "text/html")])
def test_a_file_is_not_stored_as_what_a_browser_claims(
    two_storages: None, name: str, stored: str
) -> None:
    upload = SimpleUploadedFile(name, b"WEBVTT", "text/html")

    app_storage().save(name, upload)

    assert upload.content_type == stored


@pytest.mark.parametrize("storage", [FolderStorage, NamingStorage, ClosingStorage])
def test_a_file_is_saved_whole_and_has_the_name_that_the_storage_gave_it(
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
def test_a_name_that_no_row_can_hold_is_refused(
    media_root: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, give: Give
) -> None:
    use_storage(settings, OddStorage)
    monkeypatch.setattr(OddStorage, "give", staticmethod(give))

    with pytest.raises(InvalidFileName, match="A file name must have 1 to 200 characters"):
        app_storage().save(new_name("videos", ".mp4"), ContentFile(b"x"))


@pytest.mark.parametrize("storage", [ForgetfulStorage, EmptyNameStorage])
def test_a_file_without_a_name_is_removed_again(
    media_root: Path, settings: Settings, storage: Any
) -> None:
    use_storage(settings, storage)

    with pytest.raises(InvalidFileName):
        app_storage().save(new_name("videos", ".mp4"), ContentFile(b"x"))

    assert _files(media_root) == []


def test_a_file_with_a_name_that_is_too_long_is_removed_again(
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


def test_a_file_of_the_site_is_not_taken_for_one_without_a_name(
    media_root: Path, settings: Settings
) -> None:
    use_storage(settings, EmptyNameStorage)
    (media_root / "library").mkdir(parents=True)
    (media_root / "library" / "a.mp4").write_bytes(b"x")

    with pytest.raises(InvalidFileName):
        app_storage().save("library/a.mp4", ContentFile(b"x"))

    assert "library/a.mp4" in _files(media_root)


def test_a_name_may_be_as_long_as_its_column(media_root: Path) -> None:
    stored = app_storage().save("/".join(["a" * 99, "b" * 100]), ContentFile(b"x"))

    assert len(stored) == 200


@pytest.mark.parametrize("storage", [FolderStorage, NamingStorage])
def test_a_renamed_file_is_found_by_the_name_that_it_was_to_have(
    media_root: Path, settings: Settings, storage: Any
) -> None:
    use_storage(settings, storage)
    name, other = new_name("videos", ".mp4"), new_name("videos", ".mp4")
    stored = app_storage().save(name, ContentFile(b"x"))
    app_storage().save(other, ContentFile(b"x"))

    assert stored != name
    assert Folders().renamed(name) == [stored]


def test_a_file_that_has_its_name_is_not_looked_for(media_root: Path) -> None:
    name = app_storage().save(new_name("videos", ".mp4"), ContentFile(b"x"))
    app_storage().save(f"{name}.part", ContentFile(b"x"))

    assert Folders().renamed(name) == []


@pytest.mark.parametrize("name", ["sora_remix/videos/1.mp4", "library/1.mp4", "1"])
def test_nothing_is_found_by_a_name_that_others_could_use(media_root: Path, name: str) -> None:
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


def test_a_storage_that_lists_no_files_has_none_to_find(
    media_root: Path, settings: Settings
) -> None:
    use_storage(settings, ClosingStorage)

    assert Folders().renamed(new_name("videos", ".mp4")) == []
