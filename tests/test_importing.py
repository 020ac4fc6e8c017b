"""Videos are added from uploads, open files, and names of files that the site already has."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import FileField
from django.db.models.fields.files import FieldFile
from django.test.utils import CaptureQueriesContext

from sora_remix import importing, services
from sora_remix.engine import unread
from sora_remix.exceptions import AlreadyAdded, VideoRefused
from sora_remix.models import Approval, Video
from sora_remix.storage import StoredFile, app_storage
from tests.decoding.recordings import record
from tests.factories import at_once
from tests.own_media import ALIAS, put, site
from tests.sites.clips.models import Clip
from tests.users import User

__all__ = ["site"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]

NAME = "clips/2026/sea.mp4"


@pytest.fixture(scope="module")
def mp4() -> bytes:
    return record("mp4", pictures=12, size=(64, 48))


def _facts(video: Video) -> tuple[Any, ...]:
    return video.container, video.video_codec, video.width, video.height, video.pixel_format


def _files(root: Path) -> list[str]:
    return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", ["upload", "open file", "Django file"])
def test_upload_is_copied_and_read(mp4: bytes, media_root: Path, tmp_path: Path, kind: str) -> None:
    source = tmp_path / "holiday.mp4"
    source.write_bytes(mp4)
    files: dict[str, Any] = {
        "upload": lambda: SimpleUploadedFile("holiday.bin", mp4, "text/html"),
        "open file": lambda: source.open("rb"),
        "Django file": lambda: ContentFile(mp4, "holiday.mp4"),
    }

    with files[kind]() as file:
        video = services.add_video(file, title="Holiday")

    video.refresh_from_db()
    assert _facts(video) == ("mp4", "h264", 64, 48, "yuv420p")
    assert video.duration and video.fps and video.size == len(mp4) and video.thumbnail
    assert str(video.file.name).endswith(".mp4") and video.file.name != "holiday.mp4"
    assert {one.name for one in video.owned_files()} == {video.file.name, video.thumbnail.name}
    assert (video.approval, video.storage_alias, video.fingerprint) == (Approval.NEW, "", "")


def test_name_in_another_storage_is_read_where_it_is(site: Storage, mp4: bytes) -> None:
    put(site, NAME, mp4)

    video = services.add_video(NAME, title="Sea", owned=False, storage=ALIAS)

    video.refresh_from_db()
    assert _facts(video) == ("mp4", "h264", 64, 48, "yuv420p")
    assert (video.file.name, video.storage_alias, video.size) == (NAME, ALIAS, len(mp4))
    assert video.fingerprint
    assert video.file.url == site.url(NAME).partition("?")[0] or "X-Amz" in video.file.url
    with video.file.open("rb") as file:
        assert file.read() == mp4
    assert app_storage().exists(str(video.thumbnail.name))


def test_name_is_read_by_a_worker_when_asked_to(
    site: Storage, mp4: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(site, NAME, mp4)
    with monkeypatch.context() as patch:
        patch.setattr(type(site), "open", None)  # nothing is read now
        video = services.add_video(NAME, title="Sea", owned=False, storage=ALIAS, read_later=True)
    assert (video.size, video.container, video.thumbnail.name) == (None, "", "")

    unread.read_unread()

    video.refresh_from_db()
    assert _facts(video) == ("mp4", "h264", 64, 48, "yuv420p")
    assert video.duration and video.size == len(mp4) and video.fingerprint
    assert [one.name for one in video.owned_files()] == [video.thumbnail.name]


def test_name_in_the_storage_of_the_app_needs_no_alias(mp4: bytes) -> None:
    put(app_storage(), NAME, mp4)

    video = services.add_video(NAME, title="Sea", owned=False, storage="default")

    assert (video.storage_alias, video.owned_files("file")) == ("", [])
    assert video.stored_file().key == f"//{video.fingerprint}/{NAME}"


def test_owned_name_is_deleted_with_its_row_where_it_is(
    site: Storage, mp4: bytes, django_capture_on_commit_callbacks: Any
) -> None:
    put(site, NAME, mp4)
    put(app_storage(), NAME, b"another file of the same name")
    video = services.add_video(NAME, title="Sea", storage=ALIAS)

    with django_capture_on_commit_callbacks(execute=True):
        video.delete()

    assert not site.exists(NAME)
    assert app_storage().exists(NAME)


def _value(storage: Storage) -> FieldFile:
    field = FileField(storage=storage)
    field.set_attributes_from_name("clip")
    return FieldFile(Clip(), field, NAME)


def test_value_of_a_file_field_names_its_file_in_its_storage(site: Storage, mp4: bytes) -> None:
    put(site, NAME, mp4)

    video = services.add_video(_value(site), title="Sea", owned=False)

    assert (video.file.name, video.storage_alias) == (NAME, ALIAS)


def test_value_of_a_file_field_is_copied_when_the_copy_is_owned(site: Storage, mp4: bytes) -> None:
    put(site, NAME, mp4)

    video = services.add_video(_value(site), title="Sea")

    assert (video.storage_alias, site.exists(NAME)) == ("", True)
    assert str(video.file.name).startswith("sora_remix/videos/")


def test_storage_that_workers_could_not_find_is_refused(mp4: bytes, tmp_path: Path) -> None:
    unknown = FileSystemStorage(tmp_path / "elsewhere")
    put(unknown, NAME, mp4)

    with pytest.raises(VideoRefused, match="not in STORAGES"):
        services.add_video(_value(unknown), title="Sea", owned=False)
    assert not Video.objects.exists()


@pytest.mark.parametrize("read_later", [False, True])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gone.mp4", "not in the storage"),
        ("../secret.mp4", "outside"),
        ("clips/../../secret.mp4", "outside"),
        ("/etc/passwd", "outside"),
        ("clips//sea.mp4", "not the name"),
        ("./sea.mp4", "not the name"),
        ("", "outside"),
        ("sea\0.mp4", "not the name"),
        ("sea\udc80.mp4", "not the name"),
        ("a" * 201, "too long"),
        ("clips", "not in the storage"),
    ],
)
def test_bad_name_is_refused(
    site: Storage, tmp_path: Path, mp4: bytes, name: str, reason: str, read_later: bool
) -> None:
    (tmp_path / "secret.mp4").write_bytes(mp4)
    put(site, NAME, mp4)  # in a folder “clips”

    with pytest.raises(VideoRefused, match=reason):
        services.add_video(name, title="Sea", owned=False, storage=ALIAS, read_later=read_later)
    assert not Video.objects.exists()


@pytest.mark.parametrize("name", ["See früh.mp4", "clip 10.02\u202fAM.mp4", "👩\u200d🚀.mp4"])
def test_unusual_name_is_accepted(site: Storage, mp4: bytes, name: str) -> None:
    put(site, name, mp4)

    video = services.add_video(name, title="Sea", owned=False, storage=ALIAS)

    assert Video.objects.get(file=name) == video


def test_unknown_storage_is_refused(mp4: bytes) -> None:
    with pytest.raises(VideoRefused, match="no storage “elsewhere”"):
        services.add_video(NAME, title="Sea", storage="elsewhere")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no video", "not a readable video"),
        (b"", "not a readable video"),
        (record("mp4", pictures=0, cover=True, sound=True), "no moving picture"),
    ],
)
def test_file_that_is_not_a_video_is_refused(
    site: Storage, media_root: Path, content: bytes, reason: str
) -> None:
    put(site, NAME, content)

    for given in (NAME, io.BytesIO(content)):
        alias = ALIAS if isinstance(given, str) else None
        with pytest.raises(VideoRefused, match=reason):
            services.add_video(given, title="Sea", owned=False, storage=alias)

    assert not Video.objects.exists()
    assert _files(media_root) == []
    assert site.exists(NAME)


def test_name_that_turns_out_to_be_no_video_is_marked(site: Storage) -> None:
    put(site, NAME, b"no video")
    video = services.add_video(NAME, title="Sea", owned=False, storage=ALIAS, read_later=True)
    assert not video.is_unreadable

    unread.read_unread()

    video.refresh_from_db()
    assert video.is_unreadable
    assert site.exists(NAME)


def test_same_file_is_added_once(site: Storage, mp4: bytes, media_root: Path) -> None:
    put(site, NAME, mp4)
    first = services.add_video(NAME, title="Sea", owned=False, storage=ALIAS)
    before = _files(media_root)

    for later in (False, True):
        with pytest.raises(AlreadyAdded, match=NAME) as refusal:
            services.add_video(NAME, title="Sea", storage=ALIAS, read_later=later)
        assert refusal.value.pk == first.pk

    assert Video.objects.count() == 1
    assert _files(media_root) == before


def test_same_name_in_two_storages_is_two_files(site: Storage, mp4: bytes) -> None:
    put(site, NAME, mp4)
    put(app_storage(), NAME, mp4)

    one = services.add_video(NAME, title="Sea", owned=False, storage=ALIAS)
    other = services.add_video(NAME, title="Sea", owned=False)

    assert one.stored_file().key != other.stored_file().key


def test_file_that_an_upload_made_is_not_added_again(mp4: bytes) -> None:
    video = services.add_video(ContentFile(mp4, "a.mp4"), title="Sea")

    with pytest.raises(AlreadyAdded):
        services.add_video(str(video.file.name), title="Again", owned=False)


@pytest.mark.parametrize(
    ("approved", "may_approve", "expected"),
    [
        (None, False, Approval.NEW),
        (None, True, Approval.APPROVED),
        (True, False, Approval.APPROVED),
        (False, True, Approval.NEW),
    ],
)
def test_video_is_approved_as_an_upload_is(
    mp4: bytes, approved: bool | None, may_approve: bool, expected: str
) -> None:
    user = User.objects.create_user("ed")
    if may_approve:
        user.user_permissions.add(Permission.objects.get(codename="approve_video"))

    video = services.add_video(ContentFile(mp4, "a.mp4"), title="Sea", by=user, approved=approved)

    video.refresh_from_db()
    assert (video.approval, video.created_by) == (expected, user)
    assert video.decided_by == (user if expected == Approval.APPROVED else None)


@pytest.mark.parametrize("may_approve", [False, True])
def test_name_is_approved_as_an_upload_is(mp4: bytes, may_approve: bool) -> None:
    user = User.objects.create_user("ed")
    if may_approve:
        user.user_permissions.add(Permission.objects.get(codename="approve_video"))
    put(app_storage(), NAME, mp4)

    video = services.add_video(NAME, title="Sea", owned=False, by=user)

    video.refresh_from_db()
    assert (video.is_approved, video.decided_by) == (may_approve, user if may_approve else None)


def test_title_that_is_too_long_or_empty_is_mended(mp4: bytes) -> None:
    put(app_storage(), NAME, mp4)

    assert len(services.add_video(ContentFile(mp4, "a.mp4"), title="x" * 300).title) == 200
    assert services.add_video(NAME, title=" \0", owned=False).title == "sea.mp4"


def test_object_of_the_site_is_found_until_it_is_deleted(mp4: bytes) -> None:
    clip = Clip.objects.create(name="Sea")

    video = services.add_video(ContentFile(mp4, "a.mp4"), title="Sea", source_object=clip)

    video = Video.objects.get(pk=video.pk)
    assert video.source_object == clip
    assert list(Video.objects.all().of_object(clip)) == [video]
    clip.delete()
    assert video.source_object is None


def test_unsaved_object_is_refused(mp4: bytes) -> None:
    with pytest.raises(ValueError, match="Save the object"):
        services.add_video(ContentFile(mp4, "a.mp4"), title="Sea", source_object=User())
    assert not Video.objects.exists()


def test_failed_save_leaves_no_file(
    mp4: bytes, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise RuntimeError

    put(app_storage(), NAME, mp4)
    monkeypatch.setattr(Video, "save", fail)

    for given in (ContentFile(mp4, "a.mp4"), NAME):
        with pytest.raises(RuntimeError):
            services.add_video(given, title="Sea")

    assert _files(media_root) == [NAME] or not _files(media_root)


def test_many_names_need_few_queries(site: Storage, mp4: bytes) -> None:
    names = [put(site, f"clips/{number}.mp4", mp4) for number in range(20)]
    bad = ("gone.mp4", "../a.mp4", "a\0.mp4")
    files = [importing.NewVideo(StoredFile(name, ALIAS), name) for name in (*names, *bad)]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        [outcome] = importing.import_files(files, by=None)

    assert len(queries) <= 6
    assert [video.file.name for video in outcome.added] == names
    assert len(outcome.refused) == len(bad)
    [again] = importing.import_files(files, by=None)
    assert (again.added, len(again.known), Video.objects.count()) == ([], 20, 20)


def test_examined_names_are_not_added(site: Storage, mp4: bytes) -> None:
    put(site, NAME, mp4)
    files = [importing.NewVideo(StoredFile(name, ALIAS), "") for name in (NAME, NAME, "gone.mp4")]

    [outcome] = importing.examine_files(files)

    assert (len(outcome.added), len(outcome.refused), outcome.repeated) == (1, 1, [NAME])
    assert not Video.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_add_a_file_once(mp4: bytes) -> None:
    put(app_storage(), NAME, mp4)

    def add() -> str:
        try:
            services.add_video(NAME, title="Sea", owned=False, read_later=True)
        except AlreadyAdded:
            return "known"
        return "added"

    assert sorted(at_once(add, times=4)) == ["added", "known", "known", "known"]
    assert Video.objects.count() == 1
