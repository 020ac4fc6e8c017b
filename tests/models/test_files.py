"""A row owns the files that the app stored for it, and only they are deleted with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sora_remix.exceptions import InvalidFileName
from sora_remix.models import ReferenceImage, RemixBatch, Video
from sora_remix.models.files import OwnsFiles, files_in_use
from sora_remix.storage import app_storage
from tests.factories import make_video
from tests.storages import ContentStorage, FolderStorage, OddStorage, use_storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]

LIBRARY = "library/beach.mp4"


@pytest.fixture
def adopted() -> Video:
    """A video whose file existed on the site before."""
    app_storage().save(LIBRARY, ContentFile(b"x"))
    return make_video(file=LIBRARY)


def _upload(content: bytes = b"moving", name: str = "Holiday.mp4") -> ContentFile[bytes]:
    return ContentFile(content, name)


def _stored(video: Video) -> list[str]:
    stored: list[str] = Video.objects.values_list("stored_files", flat=True).get(pk=video.pk)
    return stored


def _files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "model",
    [one for one in apps.get_app_config("sora_remix").get_models() if issubclass(one, OwnsFiles)],
)
def test_ownership_is_written_after_the_files(model: type[OwnsFiles]) -> None:
    columns = [field.name for field in model._meta.concrete_fields]

    assert max(columns.index(name) for name in model.FILE_FIELDS) < columns.index("stored_files")


@pytest.mark.parametrize("storage", [None, FolderStorage])
def test_row_owns_its_upload(settings: Settings, storage: Any) -> None:
    if storage:
        use_storage(settings, storage)

    video = Video.objects.create(title="Sea", file=_upload(), captions=_upload(b"WEBVTT", "a.vtt"))

    kept = Video.objects.get()
    assert _stored(video) == [kept.file.name, kept.captions.name]
    assert all(app_storage().exists(name) for name in _stored(video))


def test_row_owns_a_file_saved_through_its_field() -> None:
    video = make_video()

    video.file.save("a.mp4", _upload())
    video.captions.save("a.vtt", _upload(), save=False)
    video.save(update_fields=["captions"])

    assert _stored(video) == [video.file.name, video.captions.name]


@pytest.mark.parametrize("options", [{}, {"update_fields": ["file"]}])
def test_row_owns_an_upload_saved_later(options: dict[str, Any]) -> None:
    video = make_video()

    video.file = _upload()
    video.save(**options)

    assert _stored(video) == [video.file.name]


def test_row_with_deferred_fields_owns_its_upload() -> None:
    make_video(file=_upload())
    video = Video.objects.only("title").get()

    video.captions = _upload(b"WEBVTT", "a.vtt")
    video.save()

    assert len(_stored(video)) == 2


def test_rows_created_in_bulk_own_their_uploads() -> None:
    Video.objects.bulk_create(Video(title=title, file=_upload()) for title in "ab")

    for video in Video.objects.all():
        assert _stored(video) == [video.file.name]


def test_row_written_without_its_files_keeps_its_ownership() -> None:
    video = make_video(file=_upload())
    stale = Video.objects.get()
    video.captions.save("a.vtt", _upload())

    stale.title = "Lake"
    stale.save(update_fields=["title"])

    assert len(_stored(video)) == 2


@pytest.mark.parametrize("later", [False, True])
def test_row_does_not_own_a_file_assigned_by_name(later: bool) -> None:
    video = make_video(file="" if later else LIBRARY)

    if later:
        video.file.name = LIBRARY
        video.save(update_fields=["file"])
        video.file = LIBRARY
        video.save()

    assert Video.objects.get().file.name == LIBRARY
    assert _stored(video) == []


def test_row_does_not_own_a_file_of_another_row() -> None:
    first = make_video(file=_upload())

    second = make_video(file=first.file)

    assert (_stored(first), _stored(second)) == ([first.file.name], [])


def test_file_with_an_unstorable_name_is_not_stored(
    settings: Settings, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_storage(settings, OddStorage)
    monkeypatch.setattr(OddStorage, "give", lambda name: "")

    with pytest.raises(InvalidFileName):
        make_video(file=_upload())

    assert _files(media_root) == set()


@pytest.mark.parametrize("many", [False, True])
def test_file_that_the_site_had_before_is_kept_when_its_video_is_deleted(
    adopted: Video, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, many: bool
) -> None:
    adopted.thumbnail.save("a.jpg", _upload())
    thumbnail = str(adopted.thumbnail.name)

    with django_capture_on_commit_callbacks(execute=True):
        Video.objects.all().delete() if many else adopted.delete()

    assert [app_storage().exists(name) for name in (LIBRARY, thumbnail)] == [True, False]


def test_file_that_the_site_had_before_is_kept_when_its_video_is_cleared(
    adopted: Video, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    adopted.reject()

    with django_capture_on_commit_callbacks(execute=True):
        adopted.clear()

    assert app_storage().exists(LIBRARY)
    assert not Video.objects.get().file


def test_clearing_deletes_files_stored_since_the_row_was_read(
    media_root: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    video = make_video(file=_upload())
    video.reject()
    Video.objects.get().captions.save("a.vtt", _upload())
    assert len(_files(media_root)) == 2

    with django_capture_on_commit_callbacks(execute=True):
        video.clear()

    assert _files(media_root) == set()
    assert (_stored(video), video.stored_files) == ([], [])


def test_file_is_kept_while_one_of_two_rows_uses_it(
    media_root: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    owner = make_video(file=_upload())
    user = make_video(file=owner.file.name)

    left = []
    for video in (user, owner):
        with django_capture_on_commit_callbacks(execute=True):
            video.delete()
        left.append(len(_files(media_root)))

    assert left == [1, 0]


def test_file_is_kept_while_a_row_of_another_model_uses_it(
    media_root: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    video = make_video(thumbnail=_upload(name="a.jpg"))
    shape = {"width": 4, "height": 3, "size": 1, "digest": "a"}
    batch = RemixBatch.objects.start([], by=None)
    ReferenceImage.objects.create(batch=batch, file=video.thumbnail.name, **shape)

    with django_capture_on_commit_callbacks(execute=True):
        video.delete()

    assert len(_files(media_root)) == 1


def test_names_that_differ_in_case_are_different_files() -> None:
    make_video(file="A.mp4", thumbnail="b.jpg")

    assert files_in_use(["a.mp4", "b.jpg"], "default") == {"b.jpg"}


def test_shared_file_is_deleted_with_the_last_row(
    settings: Settings,
    media_root: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    use_storage(settings, ContentStorage)
    first, second = make_video(file=_upload()), make_video(file=_upload())

    left = []
    for video in (first, second):
        with django_capture_on_commit_callbacks(execute=True):
            video.delete()
        left.append(len(_files(media_root)))

    assert left == [1, 0]


def test_row_with_deferred_fields_is_deleted_with_its_files(
    media_root: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_video(file=_upload())

    with django_capture_on_commit_callbacks(execute=True):
        Video.objects.only("title").get().delete()

    assert _files(media_root) == set()


def test_title_is_saved_in_one_query() -> None:
    video = make_video(file=_upload())
    video.title = "Lake"

    with CaptureQueriesContext(connection) as captured:
        video.save()

    assert len(captured) == 1
