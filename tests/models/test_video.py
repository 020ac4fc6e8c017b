"""Files exist exactly as long as a committed row uses them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sora_remix.exceptions import InvalidTransition
from sora_remix.models import Remix, Video
from sora_remix.storage import app_storage
from tests.factories import make_remix, make_video

NAMES = {"file": "a.mp4", "thumbnail": "a.jpg", "spritesheet": "a.png", "captions": "a.vtt"}


class BrokenStorage(InMemoryStorage):
    def delete(self, name: str) -> None:
        raise OSError(name)


@pytest.fixture
def video(db: None, settings: Settings) -> Video:
    """A video with all its files, in a storage of its own."""
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": memory}
    for name in NAMES.values():
        app_storage().save(name, ContentFile(b"x"))
    return make_video(**NAMES, stored_files=[*NAMES.values()])


def _left() -> list[str]:
    return [name for name in NAMES.values() if app_storage().exists(name)]


def test_video_is_displayed_by_its_title() -> None:
    assert str(Video(title="Sea")) == "Sea"


@pytest.mark.parametrize(
    ("name", "extension"),
    [("", ""), ("videos/a", ""), ("videos/a.mp4", ".mp4"), ("videos.x/a.b.MOV", ".mov")],
)
def test_video_knows_the_extension_of_its_file(name: str, extension: str) -> None:
    assert Video(file=name).extension == extension


@pytest.mark.parametrize(
    ("name", "container", "extension"),
    [
        ("a.mp4", "webm", ".webm"),
        ("a.mp4", "mpegts", ".ts"),
        ("a", "matroska", ".mkv"),
        ("", "mp4", ""),
    ],
)
def test_detected_container_overrides_the_name_of_the_file(
    name: str, container: str, extension: str
) -> None:
    assert Video(file=name, container=container).extension == extension


@pytest.mark.parametrize(
    ("container", "codec", "is_still"), [("", "", False), ("mp4", "", True), ("mp4", "h264", False)]
)
def test_video_is_still_when_its_file_was_read_and_nothing_moves(
    container: str, codec: str, is_still: bool
) -> None:
    assert Video(file="a.mp4", container=container, video_codec=codec).is_still is is_still


def test_files_are_deleted_when_the_deletion_is_committed(
    video: Video, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        video.delete()
        before = _left()

    assert (before, _left()) == (list(NAMES.values()), [])


def test_files_are_deleted_with_a_bulk_deletion(
    video: Video, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        Video.objects.all().delete()

    assert _left() == []


def test_files_are_kept_when_the_deletion_is_rolled_back(
    video: Video, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        Video.objects.all().delete()
        transaction.set_rollback(True)

    assert _left() == list(NAMES.values())
    assert Video.objects.get() == video


@pytest.mark.parametrize("field", Video.FILE_FIELDS)
def test_file_is_kept_while_another_row_uses_it(
    video: Video, field: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_video(**{field: "a.mp4"})

    with django_capture_on_commit_callbacks(execute=True):
        video.delete()

    assert _left() == ["a.mp4"]


def test_video_without_files_is_deleted_without_the_storage(
    db: None,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.SORA_REMIX_STORAGE = "nowhere"
    video = make_video()

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        video.delete()

    assert callbacks == []


def test_storage_that_can_not_delete_does_not_break_the_request(
    transactional_db: None, settings: Settings
) -> None:
    broken = {"BACKEND": f"{__name__}.BrokenStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": broken}
    video = make_video(**NAMES, stored_files=[*NAMES.values()])

    video.delete()

    assert not Video.objects.exists()


def test_source_of_remixes_can_not_be_deleted(db: None) -> None:
    source = make_remix().source

    with pytest.raises(ProtectedError):
        source.delete()

    assert Video.objects.get() == source


def test_remix_is_kept_when_its_result_is_deleted(db: None) -> None:
    remix = make_remix(status=Remix.Status.SUCCEEDED, result=make_video())
    assert remix.result

    remix.result.delete()

    left = Remix.objects.get()
    assert (left.status, left.result) == ("succeeded", None)


def test_result_knows_its_remix_and_a_source_knows_its_remixes(db: None) -> None:
    remix = make_remix(status=Remix.Status.SUCCEEDED, result=make_video())
    assert remix.result

    assert Video.objects.get(pk=remix.result.pk).remix == remix
    assert list(remix.source.remixes.all()) == [remix]


def test_sora_id_belongs_to_one_video(db: None) -> None:
    make_video(sora_id="video_1")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_video(sora_id="video_1")


def test_taken_sora_id_is_explained(db: None) -> None:
    make_video(sora_id="video_1")

    with pytest.raises(ValidationError, match="A video with this Sora id already exists"):
        Video(title="Sea", sora_id="video_1").full_clean()


def test_many_videos_can_have_no_sora_id(db: None) -> None:
    make_video(sora_id="")
    make_video(sora_id="")

    assert Video.objects.filter(sora_id="").count() == 2


def test_family_is_everything_made_from_one_original(db: None) -> None:
    first, other = make_video(title="first"), make_video(title="other")
    second = make_video(title="second", root=first)
    third = make_video(title="third", root=first)
    make_video(root=other)

    for one in (first, second, third):
        assert {*Video.objects.family_of(one)} == {first, second, third}


def test_generated_video_is_marked_as_generated(db: None) -> None:
    upload = make_video(sora_id="")

    assert not upload.is_made_by_ai
    assert make_video().is_made_by_ai
    assert make_video(sora_id="", root=upload).is_made_by_ai


def test_generated_video_stays_marked_when_its_remix_and_source_are_deleted(db: None) -> None:
    source, result = make_video(sora_id=""), make_video(sora_id="")
    result.root = source
    result.save(update_fields=["root"])
    make_remix(source=source, result=result).delete()
    source.delete()

    result.refresh_from_db()
    assert (result.root_id, result.is_made_by_ai) == (None, True)


def test_generated_video_stays_marked_after_any_save(db: None) -> None:
    Video.objects.bulk_create([Video(title="Sea", sora_id="video_1")])
    video = Video.objects.get()

    video.sora_id = ""
    video.save()
    video.save(update_fields=["sora_id"])

    assert Video.objects.get().is_made_by_ai


def test_files_of_a_rejected_video_can_be_cleared_and_its_row_is_kept(
    video: Video, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    video.reject()

    with django_capture_on_commit_callbacks(execute=True):
        video.clear()
        before = _left()

    kept = Video.objects.get()
    assert (before, _left()) == (list(NAMES.values()), [])
    assert not kept.file and not kept.thumbnail and kept.cleared_at == video.cleared_at
    assert not Video.objects.clearable().exists()


def test_only_files_of_rejected_videos_can_be_cleared(video: Video) -> None:
    video.approve()

    with pytest.raises(InvalidTransition):
        video.clear()

    assert Video.objects.get().file


@pytest.mark.parametrize("status", Remix.Status)
def test_files_that_a_remix_still_needs_are_not_cleared(video: Video, status: str) -> None:
    video.reject()
    make_remix(source=video, status=status)

    is_over = status in (
        Remix.Status.SUCCEEDED,
        Remix.Status.FAILED,
        Remix.Status.CANCELLED,
        Remix.Status.UNCONFIRMED,
    )
    assert Video.objects.clearable().exists() is is_over
    if not is_over:
        with pytest.raises(InvalidTransition):
            video.clear()


def test_cleared_video_can_not_be_decided(video: Video) -> None:
    video.reject()
    video.clear()

    with pytest.raises(InvalidTransition):
        video.approve()


def test_file_used_by_another_row_is_not_cleared(
    video: Video, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_video(file=NAMES["file"])
    video.reject()

    with django_capture_on_commit_callbacks(execute=True):
        video.clear()

    assert _left() == [NAMES["file"]]
