"""Files that no video owns are removed, except those that a worker may still use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from sora_remix.exceptions import InvalidTransition
from sora_remix.models import PendingFile, Remix
from tests.factories import ago, make_remix, make_video

Status = Remix.Status


def _pending(name: str = "a.mp4", *, at: datetime, **remix: Any) -> PendingFile:
    pending = PendingFile.objects.create(remix=make_remix(**remix), name=name)
    PendingFile.objects.filter(pk=pending.pk).update(created_at=at)
    return pending


def _remix(pending: PendingFile) -> Remix:
    assert pending.remix
    return pending.remix


@pytest.mark.parametrize(
    ("remix", "condemned"),
    [
        ({"status": Status.STORING, "leased_until": None}, ["a.mp4"]),
        ({"status": Status.STORING, "leased_until": ago(seconds=1)}, ["a.mp4"]),
        ({"status": Status.STORING, "leased_until": ago(days=-1)}, []),
        ({"status": Status.PROCESSING, "leased_until": ago(days=-1)}, []),
        ({"status": Status.FAILED, "leased_until": ago(days=-1)}, ["a.mp4"]),
        ({"status": Status.SUCCEEDED, "leased_until": ago(days=-1)}, ["a.mp4"]),
    ],
)
def test_old_file_is_condemned_unless_a_worker_holds_its_remix(
    db: None, remix: dict[str, Any], condemned: list[str]
) -> None:
    pending = _pending(at=ago(seconds=61), **remix)

    assert PendingFile.objects.condemn_abandoned() == condemned
    pending.refresh_from_db()
    assert pending.is_condemned is bool(condemned)


def test_recent_file_is_not_condemned(db: None) -> None:
    _pending(at=ago(seconds=30), status=Status.FAILED)

    assert PendingFile.objects.condemn_abandoned() == []
    assert not PendingFile.objects.get().is_condemned


def test_file_that_could_not_be_removed_is_returned_again(db: None) -> None:
    _pending("a.mp4", at=ago(seconds=61))

    named = [PendingFile.objects.condemn_abandoned() for _ in range(2)]

    assert named == [["a.mp4"], ["a.mp4"]]


def test_only_a_condemned_name_is_forgotten(db: None) -> None:
    _pending("condemned.mp4", at=ago(seconds=61))
    PendingFile.objects.condemn_abandoned()
    _pending("in-use.mp4", at=ago(seconds=61))

    PendingFile.objects.forget("condemned.mp4")
    PendingFile.objects.forget("in-use.mp4")

    assert [str(pending) for pending in PendingFile.objects.all()] == ["in-use.mp4"]


def test_file_is_recorded_by_the_name_that_the_storage_returned(db: None) -> None:
    pending, other = _pending("a.mp4", at=ago()), _pending("a.mp4", at=ago())

    PendingFile.objects.rename(_remix(pending), "a.mp4", "b.mp4")

    pending.refresh_from_db()
    other.refresh_from_db()
    assert (pending.name, other.name) == ("b.mp4", "a.mp4")


def test_file_that_keeps_its_name_needs_no_query(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pending = _pending("a.mp4", at=ago())

    with django_assert_num_queries(0):
        PendingFile.objects.rename(_remix(pending), "a.mp4", "a.mp4")


def test_condemned_file_can_not_be_renamed(db: None) -> None:
    pending = _pending("a.mp4", at=ago(seconds=61))
    PendingFile.objects.condemn_abandoned()

    with pytest.raises(InvalidTransition):
        PendingFile.objects.rename(_remix(pending), "a.mp4", "b.mp4")

    assert PendingFile.objects.get().name == "a.mp4"


def test_files_of_a_row_or_a_worker_are_in_use(db: None) -> None:
    make_video(thumbnail="row")
    _pending("worker", at=ago())
    _pending("condemned", at=ago(seconds=61))
    PendingFile.objects.condemn_abandoned()

    unused = PendingFile.objects.unused(["row", "worker", "condemned", "unknown"])

    assert unused == ["condemned", "unknown"]
