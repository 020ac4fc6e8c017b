"""Results that arrive together are committed together, and never at the cost of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest
from django.db import DataError, IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from sora_remix import engine, media
from sora_remix.database import atomic
from sora_remix.engine import collecting, storing
from sora_remix.models import PendingFile, Remix, RemixEvent, Video
from sora_remix.signals import remix_succeeded
from tests.collecting import RESULT, Remote, files_in, finished, remote
from tests.factories import ago

__all__ = ["remote"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media_root")]

Status = Remix.Status
MANY = media.MAX_PARALLEL_DOWNLOADS


@pytest.fixture(autouse=True)
def wait_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each answer wait until all others are there."""
    monkeypatch.setattr(collecting, "LINGER", 60)


def _finished(many: int) -> list[Remix]:
    return [finished() for _ in range(many)]


def _collect(remixes: Sequence[Remix]) -> list[str]:
    """Collect them as one worker does; return the queries."""
    with CaptureQueriesContext(connection) as queries:
        engine.collect([remix.pk for remix in remixes])
    for remix in remixes:
        remix.refresh_from_db()
    return [one["sql"] for one in queries]


def _statuses(remixes: Sequence[Remix]) -> list[str]:
    return [remix.status for remix in remixes]


def test_two_queries_are_needed_for_each_more_of_a_group(remote: Remote) -> None:
    remote.result = lambda: replace(RESULT, sora_id="")
    two = len(_collect(_finished(2)))

    many = len(_collect(_finished(MANY)))

    assert many - two == 2 * (MANY - 2)  # its video, its remix


def test_group_is_stored_with_history_and_without_pending_files(remote: Remote) -> None:
    told: list[int] = []

    def note(remix: Remix, **_signal: object) -> None:
        assert remix.result_id and remix.status == Status.SUCCEEDED
        told.append(remix.pk)

    remix_succeeded.connect(note)
    remixes = _finished(3)

    _collect(remixes)

    assert _statuses(remixes) == [Status.SUCCEEDED] * 3
    assert len({remix.result_id for remix in remixes}) == 3
    assert sorted(told) == [remix.pk for remix in remixes]
    stored = RemixEvent.objects.filter(kind=RemixEvent.Kind.STORED)
    assert sorted(stored.values_list("remix", flat=True)) == sorted(told)
    assert not PendingFile.objects.exists()


def test_units_of_each_are_kept(remote: Remote) -> None:
    units = iter([Decimal(4), Decimal(8), Decimal(4), None])
    remote.result = lambda: replace(RESULT, billable_units=next(units))
    remixes = _finished(4)

    _collect(remixes)

    assert [remix.billable_units for remix in remixes] == [4, 8, 4, None]
    assert _statuses(remixes) == [Status.SUCCEEDED] * 4


def test_sora_id_that_two_of_a_group_have_goes_to_the_first(remote: Remote) -> None:
    remixes = _finished(2)

    _collect(remixes)

    assert [remix.result and remix.result.sora_id for remix in remixes] == ["video_new", ""]


def test_failing_storage_costs_no_other_of_the_group(
    remote: Remote, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, names = media.store, list[str]()

    def fail(name: str, file: IO[bytes]) -> str:
        names.append(name)
        if len(names) == 2:
            raise OSError("No space left on device")
        return store(name, file)

    monkeypatch.setattr(media, "store", fail)
    remixes = _finished(3)

    _collect(remixes)

    assert _statuses(remixes) == [Status.STORING, Status.SUCCEEDED, Status.SUCCEEDED]
    assert remixes[0].failures == 1
    PendingFile.objects.update(created_at=ago(minutes=2))
    engine.sweep()
    assert files_in(media_root) == set(names[2:])


@pytest.mark.parametrize("is_condemned", [True, False])
def test_one_that_was_taken_over_meanwhile_costs_no_other_of_the_group(
    remote: Remote, media_root: Path, monkeypatch: pytest.MonkeyPatch, is_condemned: bool
) -> None:
    first, second, third = remixes = _finished(3)
    store = media.store

    def lose_the_second(name: str, file: IO[bytes]) -> str:
        if is_condemned:
            PendingFile.objects.filter(remix=second).update(is_condemned=True)
        else:
            Remix.objects.filter(pk=second.pk).update(status=Status.FAILED, lease=None)
        return store(name, file)

    monkeypatch.setattr(media, "store", lose_the_second)

    _collect(remixes)

    lost = Status.STORING if is_condemned else Status.FAILED
    assert _statuses(remixes) == [Status.SUCCEEDED, lost, Status.SUCCEEDED]
    assert second.result is None
    kept = [*first.result.stored_files, *third.result.stored_files]  # type: ignore[union-attr]
    assert {*kept} <= files_in(media_root)


def test_remix_that_was_deleted_meanwhile_costs_no_other_of_the_group(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, *others = _finished(3)
    pk, announce = gone.pk, storing._announce

    def delete_first(results: Any) -> None:
        Remix.objects.filter(pk=pk).delete()
        announce(results)

    monkeypatch.setattr(storing, "_announce", delete_first)

    engine.collect([pk, *(remix.pk for remix in others)])

    left = list(Remix.objects.order_by("pk"))
    assert [remix.pk for remix in left] == [remix.pk for remix in others]
    assert _statuses(left) == [Status.SUCCEEDED] * 2


def test_broken_transaction_of_a_group_is_repeated_for_each(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, groups = storing._commit, list[int]()

    def break_the_first(results: Any) -> None:
        groups.append(len(results))
        if len(results) > 1:
            commit(results)
            raise AssertionError("unreachable")
        commit(results)

    def fail_last(self: Any, *args: Any, **values: Any) -> None:
        save(self, *args, **values)
        if groups == [3] and Video.objects.count() > 4:
            raise IntegrityError("another worker was first")

    save = Video.save
    monkeypatch.setattr(storing, "_commit", break_the_first)
    monkeypatch.setattr(Video, "save", fail_last)
    remixes = _finished(3)

    _collect(remixes)

    assert groups == [3, 1, 1, 1]
    assert _statuses(remixes) == [Status.SUCCEEDED] * 3
    assert Video.objects.exclude(pk__in=[one.source_id for one in remixes]).count() == 3


def test_one_that_fails_again_by_itself_is_postponed(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remixes = _finished(3)
    second = remixes[1]
    commit = storing._commit

    def fail(results: Any) -> None:
        if len(results) > 1:
            with atomic():
                commit(results)
                raise DataError("too long")
        if results[0].remix.pk == second.pk:
            raise ValueError("a receiver of the site breaks")
        commit(results)

    monkeypatch.setattr(storing, "_commit", fail)

    _collect(remixes)

    assert _statuses(remixes) == [Status.SUCCEEDED, Status.STORING, Status.SUCCEEDED]
    assert (second.failures, second.lease) == (1, None)


def test_large_results_are_committed_one_by_one(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, groups = storing._commit, list[int]()

    def note(results: Any) -> None:
        groups.append(len(results))
        commit(results)

    size = len(remote.files[RESULT.video_url])  # type: ignore[arg-type]
    monkeypatch.setattr(collecting, "TOGETHER_SECONDS", 2.5 * size / storing.SLOWEST_STORAGE)
    monkeypatch.setattr(storing, "_commit", note)

    _collect(_finished(5))

    assert groups == [2, 2, 1]


def test_group_without_time_for_all_stores_those_for_which_there_is_time(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(remote.files[RESULT.video_url])  # type: ignore[arg-type]
    one = size / storing.SLOWEST_STORAGE
    monkeypatch.setattr(engine.TimeLimit, "allows", lambda self, seconds: seconds < 1.5 * one)
    remixes = _finished(3)

    _collect(remixes)

    assert _statuses(remixes) == [Status.SUCCEEDED] * 3


def test_stop_while_storing_keeps_the_downloads_of_the_whole_group(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []

    def stop(name: str, file: IO[bytes]) -> str:
        raise SystemExit("the task took too long")

    monkeypatch.setattr(media, "store", stop)
    monkeypatch.setattr(media, "keep_download", lambda url, file: kept.append(url))

    with pytest.raises(SystemExit):
        _collect(_finished(3))

    assert kept == [RESULT.video_url] * 3
    assert all(file.closed for file in remote.opened)
