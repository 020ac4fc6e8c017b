"""Collecting results: the effect of each answer on a row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from sora_remix import engine, fal, media
from sora_remix.exceptions import (
    FileGone,
    FileRefused,
    NotAVideo,
    NotReady,
    RemoteCancelled,
    RemoteFailure,
    TryLater,
)
from sora_remix.models import PendingFile, Remix
from tests.collecting import RESULT, Remote, collect, files_in, finished, remote
from tests.decoding import bombs
from tests.decoding.recordings import record
from tests.factories import ago, make_remix, make_video

__all__ = ["remote"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media_root")]

Status = Remix.Status


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.STORING])
def test_result_becomes_a_video_with_its_files(
    remote: Remote, media_root: Path, status: str
) -> None:
    remix = collect(finished(status=status))

    video = remix.result
    assert (remix.status, remix.error_code) == (Status.SUCCEEDED, "")
    assert video
    assert (video.title, video.sora_id) == ("Sea – make it noir", "video_new")
    assert video.duration == 1
    assert (video.width, video.height, video.size) == (160, 90, video.file.size)
    assert files_in(media_root) == {video.file.name, video.thumbnail.name, video.spritesheet.name}
    assert str(video.thumbnail.name).endswith(".png")
    assert not PendingFile.objects.exists()


@pytest.mark.parametrize("pictures", [5, 1])
def test_extension_of_a_result_comes_from_its_content(
    remote: Remote, media_root: Path, pictures: int
) -> None:
    remote.files[RESULT.video_url] = record("webm", pictures=pictures)
    remote.files[RESULT.thumbnail_url] = b"broken"

    video = collect(finished()).result

    assert video
    assert (video.container, video.extension, video.is_still) == ("webm", ".webm", pictures == 1)
    assert str(video.file.name).endswith(".webm")
    assert video.thumbnail


def test_result_knows_its_original_video(remote: Remote) -> None:
    first = make_video()
    for source in (first, make_video(root=first)):
        remix = collect(finished(source=source))

        assert remix.result
        assert remix.result.root == first


def test_collecting_twice_makes_one_video(remote: Remote, media_root: Path) -> None:
    remix = collect(finished())

    collect(remix)

    assert Remix.objects.exclude(result=None).count() == 1
    assert len(files_in(media_root)) == 3


def test_only_waiting_results_are_collected(remote: Remote) -> None:
    rows = [make_remix(status=status) for status in Status if status != Status.STORING]

    engine.collect([row.pk for row in rows])

    assert remote.downloaded == []
    assert [row.status for row in Remix.objects.order_by("pk")] == [row.status for row in rows]


def test_more_results_than_one_group_are_collected(remote: Remote) -> None:
    remixes = [finished() for _ in range(media.MAX_PARALLEL_DOWNLOADS + 2)]

    engine.collect([remix.pk for remix in remixes])

    assert Remix.objects.filter(status=Status.SUCCEEDED).count() == media.MAX_PARALLEL_DOWNLOADS + 2


def test_result_deleted_by_its_provider_is_marked(remote: Remote) -> None:
    kept = collect(finished(options={"delete_video": False}))
    remote.result = lambda: fal.Result(RESULT.video_url)
    deleted = collect(finished(options={"delete_video": True}))

    assert kept.result and not kept.result.is_deleted_at_provider
    assert deleted.result and deleted.result.is_deleted_at_provider


def test_result_with_a_taken_sora_id_is_kept(remote: Remote) -> None:
    make_video(sora_id="video_new")

    remix = collect(finished())

    assert remix.status == Status.SUCCEEDED
    assert remix.result and remix.result.sora_id == ""


def test_result_of_a_removed_endpoint_is_kept(remote: Remote) -> None:
    remix = collect(finished(endpoint="gone"))

    assert remix.status == Status.SUCCEEDED


BROKEN = [TryLater(""), FileGone(""), FileRefused(""), b"<html>", b"\x89PNG\r\n\x1a\n rest"]


@pytest.mark.parametrize("content", BROKEN)
def test_broken_thumbnail_is_replaced_by_one_made_from_the_file(
    remote: Remote, content: bytes | Exception
) -> None:
    remote.files[RESULT.thumbnail_url] = remote.files[RESULT.spritesheet_url] = content

    remix = collect(finished())

    assert remix.status == Status.SUCCEEDED
    assert remix.result
    with remix.result.thumbnail.open() as file:
        made = media.image_facts(file)
    assert (made.extension, made.width, made.height) == (".jpg", 160, 90)


@pytest.mark.parametrize("content", BROKEN[:-1])
def test_a_sprite_sheet_that_is_no_picture_is_not_kept(
    remote: Remote, content: bytes | Exception
) -> None:
    remote.files[RESULT.spritesheet_url] = content

    remix = collect(finished())

    assert remix.status == Status.SUCCEEDED
    assert remix.result and remix.result.thumbnail and not remix.result.spritesheet


def test_result_is_kept_when_no_thumbnail_can_be_made(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.files[RESULT.thumbnail_url] = b"<html>"
    monkeypatch.setattr(media, "facts_and_thumbnail", lambda file: (media.video_facts(file), None))

    remix = collect(finished())

    assert remix.status == Status.SUCCEEDED
    assert remix.result and not remix.result.thumbnail


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RemoteFailure("content_policy_violation", "HTTP 422"), "content_policy_violation"),
        (RemoteFailure("result_missing", "HTTP 200"), "result_missing"),
    ],
)
def test_failure_at_fal_fails_the_remix(remote: Remote, error: Exception, code: str) -> None:
    remote.result = _raising(error)

    remix = collect(finished())

    assert (remix.status, remix.error_code) == (Status.FAILED, code)
    assert remix.request_id == "id"
    assert remix.finished_at


@pytest.mark.parametrize(
    ("wished", "status", "code"),
    [(True, Status.CANCELLED, ""), (False, Status.FAILED, "client_cancelled")],
)
def test_cancellation_at_fal_cancels_the_remix_only_if_requested(
    remote: Remote, wished: bool, status: str, code: str
) -> None:
    remote.result = _raising(RemoteCancelled("client_cancelled", "HTTP 499"))

    remix = collect(finished(cancel_requested_at=timezone.now() if wished else None))

    assert (remix.status, remix.error_code) == (status, code)


def test_video_finished_despite_a_requested_cancellation_is_collected(remote: Remote) -> None:
    remix = collect(finished(cancel_requested_at=timezone.now()))

    assert remix.status == Status.SUCCEEDED


@pytest.mark.parametrize(
    ("error", "code"),
    [(FileRefused("host"), "result_refused"), (NotAVideo("no"), "not_a_video")],
)
def test_unusable_file_fails_the_remix(
    remote: Remote, error: Exception, code: str, media_root: Path
) -> None:
    remote.files[RESULT.video_url] = error

    remix = collect(finished())

    assert (remix.status, remix.error_code, remix.request_id) == (Status.FAILED, code, "id")
    assert files_in(media_root) == set()


def test_file_that_is_not_a_video_is_not_stored(remote: Remote, media_root: Path) -> None:
    remote.files[RESULT.video_url] = b"<html></html>"

    remix = collect(finished())

    assert (remix.status, remix.error_code) == (Status.FAILED, "not_a_video")
    assert files_in(media_root) == set()


def test_result_over_the_memory_limit_is_refused_with_an_explanation(
    remote: Remote, media_root: Path
) -> None:
    remote.files[RESULT.video_url] = bombs.mp4(1, 60_000_000)

    remix = collect(finished())

    assert (remix.status, remix.error_code) == (Status.FAILED, "not_a_video")
    assert remix.error_message == "The file claims to have more than 10000000 frames."
    assert files_in(media_root) == set()


def test_result_that_can_not_be_checked_now_is_collected_later(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: object) -> None:
        raise TryLater("The server is busy.")

    monkeypatch.setattr(media, "video_facts", fail)

    remix = collect(finished())

    assert (remix.status, remix.failures, remix.lease) == (Status.STORING, 1, None)


def test_result_of_absurd_length_is_stored_without_a_length(remote: Remote, clip: Path) -> None:
    remote.files[RESULT.video_url] = bombs.claim_weeks(clip)

    remix = collect(finished())

    assert remix.status == Status.SUCCEEDED
    assert remix.result and remix.result.duration is None


@pytest.mark.parametrize("error", [TryLater("HTTP 502"), RuntimeError("a bug of ours")])
@pytest.mark.parametrize("step", ["result", "file"])
def test_temporary_failures_are_retried_without_end(
    remote: Remote, error: Exception, step: str
) -> None:
    if step == "result":
        remote.result = _raising(error)
    else:
        remote.files[RESULT.video_url] = error

    remix = collect(finished(failures=40, failing_since=ago(days=3)))

    assert remix.status in (Status.PROCESSING, Status.STORING)
    assert (remix.failures, remix.lease) == (41, None)
    assert remix.due_at > timezone.now()


def test_missing_result_is_no_failure(remote: Remote) -> None:
    remote.result = _raising(NotReady())

    remix = collect(finished())

    assert (remix.status, remix.failures) == (Status.PROCESSING, 0)
    assert remix.due_at > timezone.now()


@pytest.mark.parametrize(
    ("minutes", "status"), [(0, Status.STORING), (9, Status.STORING), (11, Status.FAILED)]
)
def test_missing_file_is_requested_again_for_ten_minutes(
    remote: Remote, minutes: int, status: str
) -> None:
    remote.files[RESULT.video_url] = FileGone("HTTP 404")

    remix = collect(finished(failing_since=ago(minutes=minutes) if minutes else None))

    assert remix.status == status
    assert remix.error_code == ("result_expired" if status == Status.FAILED else "")


def _raising(error: Exception) -> Callable[[], fal.Result]:
    def answer() -> fal.Result:
        raise error

    return answer
