"""Collecting results: the effect of each answer on a row."""

from __future__ import annotations

import asyncio
import io
import itertools
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone
from pytest_django import Settings

from sora_remix import engine, fal, media
from sora_remix.endpoints import Outputs
from sora_remix.engine import pace
from sora_remix.exceptions import (
    FileGone,
    FileRefused,
    NotAVideo,
    NotReady,
    RemoteCancelled,
    RemoteFailure,
    TryLater,
)
from sora_remix.models import Leased, PendingFile, Remix, RemixBatch, Video, renew_leases
from sora_remix.storage import new_name
from tests.checkout import png
from tests.decoding import bombs
from tests.decoding.recordings import record
from tests.factories import ago, make_remix, make_video
from tests.storages import (
    ClosingStorage,
    ContentStorage,
    EmptyNameStorage,
    FolderStorage,
    ForgetfulStorage,
    NamingStorage,
    OddStorage,
    use_storage,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media_root")]

Status = Remix.Status

RESULT = fal.Result(
    video_url="https://fal.media/v.mp4",
    sora_id="video_new",
    thumbnail_url="https://fal.media/t.webp",
    spritesheet_url="https://fal.media/s.bin",
)


class Remote:
    """Stand in for fal and its file server."""

    def __init__(self, clip: Path) -> None:
        self.result: Callable[[], fal.Result] = lambda: RESULT
        self.files: dict[str, bytes | Exception] = {
            RESULT.video_url: clip.read_bytes(),
            RESULT.thumbnail_url: png(160, 90),
            RESULT.spritesheet_url: png(640, 270),
        }
        self.downloaded: list[str] = []
        self.opened: list[IO[bytes]] = []

    async def fetch(self, endpoint_id: str, request_id: str, outputs: Outputs) -> fal.Result:
        return self.result()

    async def download(self, url: str, *, most_bytes: int | None = None) -> IO[bytes]:
        self.downloaded.append(url)
        content = self.files[url]
        if isinstance(content, Exception):
            raise content
        self.opened.append(io.BytesIO(content))
        return self.opened[-1]


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch, clip: Path) -> Remote:
    remote = Remote(clip)
    monkeypatch.setattr(fal, "result", remote.fetch)
    monkeypatch.setattr(media, "download", remote.download)
    return remote


def finished(**values: Any) -> Remix:
    values = {"status": Status.PROCESSING, "completed_at": timezone.now(), **values}
    values.setdefault("request_id", f"id{Remix.objects.count() or ''}")
    return make_remix(**values)


def collect(remix: Remix) -> Remix:
    engine.collect([remix.pk])
    remix.refresh_from_db()
    return remix


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


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


def test_failing_storage_is_retried_and_keeps_no_orphan(
    remote: Remote, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = media.store

    def full(name: str, file: IO[bytes]) -> str:
        if "spritesheet" in name:
            raise OSError("No space left on device")
        return store(name, file)

    monkeypatch.setattr(media, "store", full)
    remix = collect(finished())
    assert remix.status == Status.STORING
    monkeypatch.setattr(media, "store", store)
    collect(remix)

    PendingFile.objects.update(created_at=ago(minutes=2))
    engine.sweep()

    remix.refresh_from_db()
    assert remix.status == Status.SUCCEEDED
    assert len(files_in(media_root)) == 3
    assert not PendingFile.objects.exists()


@pytest.mark.parametrize("storage", [FolderStorage, NamingStorage, ClosingStorage, ContentStorage])
def test_result_has_the_names_that_the_storage_returned(
    remote: Remote, media_root: Path, settings: Settings, storage: Any
) -> None:
    use_storage(settings, storage)

    remix = collect(finished())

    assert remix.status == Status.SUCCEEDED and remix.result
    names = [remix.result.file.name, remix.result.thumbnail.name, remix.result.spritesheet.name]
    assert files_in(media_root) == {*names}
    assert remix.result.stored_files == names
    assert (media_root / str(names[0])).stat().st_size == remix.result.size
    assert not PendingFile.objects.exists()


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
def test_results_with_equal_content_can_share_their_files(
    remote: Remote, media_root: Path, settings: Settings, status: str
) -> None:
    use_storage(settings, ContentStorage)
    kept = collect(finished()).result
    remix = finished(status=status, leased_until=ago(seconds=1))
    assert kept
    PendingFile.objects.create(remix=remix, name=str(kept.file.name))
    PendingFile.objects.update(created_at=ago(minutes=2))

    engine.sweep()

    assert str(kept.file.name) in files_in(media_root)
    assert not PendingFile.objects.exists()


@pytest.mark.parametrize("storage", [OddStorage, ForgetfulStorage, EmptyNameStorage])
def test_unstorable_file_name_fails_the_remix_with_an_explanation(
    remote: Remote,
    media_root: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    storage: Any,
) -> None:
    use_storage(settings, storage)
    monkeypatch.setattr(OddStorage, "give", staticmethod(lambda name: ""))

    remix = collect(finished())
    PendingFile.objects.update(created_at=ago(minutes=2))
    engine.sweep()

    assert (remix.status, remix.error_code) == (Status.FAILED, "result_refused")
    assert remix.error_message.startswith("The storage ")
    assert files_in(media_root) == set()
    assert not PendingFile.objects.exists()


class Killed(BaseException):
    """The worker dies at this instant."""


def _kill_before_saving(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(media, "store", _killed)


def _kill_after_saving(patch: pytest.MonkeyPatch) -> None:
    store = media.store
    patch.setattr(media, "store", lambda name, file: _killed(store(name, file)))


def _kill_after_naming(patch: pytest.MonkeyPatch) -> None:
    queryset = type(PendingFile.objects.all())
    rename = queryset.rename
    patch.setattr(queryset, "rename", lambda *args: _killed(rename(*args)))


def _kill_before_the_row(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Video, "save", _killed)


def _kill_before_committing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Remix, "succeed", _killed)


def _killed(*_args: object, **_options: object) -> Any:
    raise Killed


@pytest.mark.parametrize("storage", [None, FolderStorage, NamingStorage, ContentStorage])
@pytest.mark.parametrize(
    "kill",
    [
        _kill_before_saving,
        _kill_after_saving,
        _kill_after_naming,
        _kill_before_the_row,
        _kill_before_committing,
    ],
)
def test_kill_while_storing_leaves_no_file_and_loses_no_result(
    remote: Remote,
    media_root: Path,
    settings: Settings,
    kill: Callable[[pytest.MonkeyPatch], None],
    storage: Any,
) -> None:
    if storage:
        use_storage(settings, storage)
    remix = finished()
    with pytest.MonkeyPatch.context() as patch:
        kill(patch)
        with pytest.raises(Killed):
            collect(remix)

    PendingFile.objects.update(created_at=ago(minutes=2))
    Remix.objects.update(leased_until=ago(seconds=1))
    engine.sweep()
    left = files_in(media_root)
    collect(remix)

    if storage is not ContentStorage or kill is not _kill_after_saving:
        assert left == set()
    assert not PendingFile.objects.exists()
    assert remix.status == Status.SUCCEEDED and remix.result
    assert {*remix.result.stored_files} <= files_in(media_root)


def test_sweep_removes_files_of_a_killed_worker(media_root: Path) -> None:
    remix = finished(leased_until=ago(seconds=1))
    name = media.store("sora_remix/videos/a.mp4", io.BytesIO(b"x"))
    PendingFile.objects.create(remix=remix, name=name)
    PendingFile.objects.update(created_at=ago(minutes=2))

    engine.sweep()

    assert files_in(media_root) == set()


def test_sweep_keeps_files_of_a_living_worker(media_root: Path) -> None:
    remix = finished(leased_until=ago(seconds=-20))
    name = media.store("sora_remix/videos/a.mp4", io.BytesIO(b"x"))
    PendingFile.objects.create(remix=remix, name=name)
    PendingFile.objects.update(created_at=ago(minutes=2))

    engine.sweep()

    assert files_in(media_root) == {name}


def test_worker_that_lost_its_lease_changes_nothing(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = finished()
    store = media.store

    def taken_over_meanwhile(name: str, file: IO[bytes]) -> str:
        Remix.objects.update(status=Status.FAILED, lease=None)
        return store(name, file)

    monkeypatch.setattr(media, "store", taken_over_meanwhile)
    collect(remix)

    assert (remix.status, remix.result) == (Status.FAILED, None)
    assert not Video.objects.exclude(pk=remix.source_id).exists()
    assert PendingFile.objects.count() == 3


@pytest.mark.parametrize("storage", [None, FolderStorage])
def test_worker_that_stores_a_file_after_the_sweep_removes_it(
    remote: Remote,
    media_root: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    storage: Any,
) -> None:
    if storage:
        use_storage(settings, storage)
    remix, store = finished(), media.store

    def store_late(name: str, file: IO[bytes]) -> str:
        PendingFile.objects.update(created_at=ago(minutes=2))
        Remix.objects.filter(pk=remix.pk).update(leased_until=ago(seconds=1))
        engine.sweep()
        return store(name, file)

    monkeypatch.setattr(media, "store", store_late)
    collect(remix)

    assert (remix.status, remix.result) == (Status.STORING, None)
    assert files_in(media_root) == set()


def test_storage_that_can_not_list_files_does_not_stop_their_removal(
    media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = finished(leased_until=ago(seconds=1))
    name = media.store("sora_remix/videos/a.mp4", io.BytesIO(b"x"))
    for one in (name, new_name("videos", ".mp4")):
        PendingFile.objects.create(remix=remix, name=one)
    PendingFile.objects.update(created_at=ago(minutes=2))

    def refuse(path: str) -> Any:
        raise PermissionError(path)

    monkeypatch.setattr(storages["default"], "listdir", refuse)
    engine.sweep()

    assert files_in(media_root) == set()
    assert not PendingFile.objects.exists()


def test_large_file_keeps_its_lease_while_it_is_copied(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = finished()
    left: list[timedelta] = []
    store = media.store

    def slow(name: str, file: IO[bytes]) -> str:
        until = Remix.objects.values_list("leased_until", flat=True).get(pk=remix.pk)
        assert until
        left.append(until - timezone.now())
        return store(name, file)

    monkeypatch.setattr(media, "store", slow)
    monkeypatch.setattr("sora_remix.engine.collecting.SLOWEST_STORAGE", 1)

    collect(remix)

    assert min(left) > timedelta(minutes=10)


def test_result_keeps_its_lease_while_its_pictures_are_checked(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed, was_renewed = threading.Event(), []

    def note(rows: Iterable[Leased]) -> None:
        renew_leases(rows)
        renewed.set()

    def look(picture: IO[bytes]) -> None:
        renewed.clear()
        was_renewed.append(renewed.wait(20))

    monkeypatch.setattr(pace, "renew_leases", note)
    monkeypatch.setattr(pace, "HEARTBEAT_SECONDS", 0)
    monkeypatch.setattr("sora_remix.engine.collecting.HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(media, "image_facts", look)

    remix = collect(finished())

    assert remix.status == Status.SUCCEEDED
    assert was_renewed == [True]


def test_checked_file_is_closed_when_collecting_is_interrupted(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, is_over = itertools.count(), threading.Event()

    def look(picture: IO[bytes]) -> None:
        if next(looks):
            is_over.wait(20)

    def fail(name: str, file: IO[bytes]) -> str:
        raise SystemExit("the task took too long")

    monkeypatch.setattr(media, "image_facts", look)
    monkeypatch.setattr(media, "store", fail)

    with pytest.raises(SystemExit):
        engine.collect([finished().pk, finished().pk])

    is_over.set()
    assert len(remote.opened) == 6
    assert all(file.closed for file in remote.opened)


def test_download_that_the_storage_is_too_slow_for_is_kept(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []

    def stop(name: str, file: IO[bytes]) -> str:
        raise SystemExit("the task took too long")

    monkeypatch.setattr(media, "store", stop)
    monkeypatch.setattr(media, "keep_download", lambda url, file: kept.append(url))

    with pytest.raises(SystemExit):
        engine.collect([finished().pk])

    assert kept == ["https://fal.media/v.mp4"]


def test_download_without_time_to_store_it_is_kept_and_counts_as_a_failure(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    remix = finished()
    monkeypatch.setattr(engine.TimeLimit, "allows", lambda self, seconds: False)
    monkeypatch.setattr(media, "keep_download", lambda url, file: kept.append(url))

    engine.collect([remix.pk], engine.TimeLimit(60))

    remix.refresh_from_db()
    assert (remix.status, remix.failures, len(kept)) == (Status.STORING, 1, 1)
    assert "time limit" in remix.error_message
    assert all(file.closed for file in remote.opened)


def test_work_over_its_time_limit_stops_and_counts_as_a_failure(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, new = finished(failures=2), finished()

    async def hang(*_arguments: Any) -> Any:
        await asyncio.sleep(60)

    monkeypatch.setattr(fal, "result", hang)

    engine.collect([before.pk, new.pk], engine.TimeLimit(0.2))

    before.refresh_from_db()
    new.refresh_from_db()
    # What has failed before goes alone, and had not begun.
    assert (before.failures, before.lease) == (2, None)
    assert (new.failures, new.lease) == (1, None)


def test_file_that_can_not_be_removed_stops_nothing_and_is_removed_later(
    media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = finished(leased_until=ago(seconds=1))
    for letter in "ab":
        name = media.store(f"sora_remix/videos/{letter}.mp4", io.BytesIO(b"x"))
        PendingFile.objects.create(remix=remix, name=name)
    PendingFile.objects.update(created_at=ago(minutes=2))
    remove = media.remove

    def stumble(name: str) -> None:
        if name.endswith("a.mp4"):
            raise OSError("the storage is away")
        remove(name)

    monkeypatch.setattr(media, "remove", stumble)
    engine.sweep()
    assert files_in(media_root) == {"sora_remix/videos/a.mp4"}
    monkeypatch.setattr(media, "remove", remove)

    engine.sweep()

    assert files_in(media_root) == set()


def test_sweep_marks_lost_sends_as_unconfirmed() -> None:
    dead = make_remix(status=Status.SUBMITTING, leased_until=ago(seconds=1))
    alive = make_remix(status=Status.SUBMITTING, leased_until=ago(seconds=-20))

    engine.sweep()

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.status, alive.status) == (Status.UNCONFIRMED, Status.SUBMITTING)


def test_sweep_deletes_only_old_drafts() -> None:
    old, young, confirmed = (RemixBatch.objects.start([], by=None) for _ in range(3))
    assert confirmed.confirm()
    RemixBatch.objects.exclude(pk=young.pk).update(created_at=ago(days=8))

    engine.sweep()

    assert set(RemixBatch.objects.all()) == {young, confirmed}
    assert old not in RemixBatch.objects.all()


def _raising(error: Exception) -> Callable[[], fal.Result]:
    def answer() -> fal.Result:
        raise error

    return answer
