"""Storing results: in odd storages, by killed workers, and without orphans."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from django.core.files.storage import storages
from pytest_django import Settings

from sora_remix import engine, media
from sora_remix.models import PendingFile, Remix, Video
from sora_remix.storage import new_name
from tests.collecting import Remote, collect, files_in, finished, remote
from tests.factories import ago
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

__all__ = ["remote"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media_root")]

Status = Remix.Status


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
