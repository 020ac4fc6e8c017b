"""A file that no video owns is removed, and never one that a worker may still use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from sora_remix.models import PendingFile, Remix
from tests.factories import ago, make_remix

Status = Remix.Status


def _pending(name: str = "a.mp4", *, at: datetime, **remix: Any) -> PendingFile:
    pending = PendingFile.objects.create(remix=make_remix(**remix), name=name)
    PendingFile.objects.filter(pk=pending.pk).update(created_at=at)
    return pending


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
def test_an_old_file_is_condemned_unless_a_worker_holds_its_remix(
    db: None, remix: dict[str, Any], condemned: list[str]
) -> None:
    pending = _pending(at=ago(seconds=61), **remix)

    assert PendingFile.objects.condemn_abandoned() == condemned
    pending.refresh_from_db()
    assert pending.is_condemned is bool(condemned)


def test_a_young_file_is_left_alone(db: None) -> None:
    _pending(at=ago(seconds=30), status=Status.FAILED)

    assert PendingFile.objects.condemn_abandoned() == []
    assert not PendingFile.objects.get().is_condemned


def test_a_file_that_could_not_be_removed_is_named_again(db: None) -> None:
    _pending("a.mp4", at=ago(seconds=61))

    named = [PendingFile.objects.condemn_abandoned() for _ in range(2)]

    assert named == [["a.mp4"], ["a.mp4"]]


def test_only_a_condemned_name_is_forgotten(db: None) -> None:
    _pending("condemned.mp4", at=ago(seconds=61))
    PendingFile.objects.condemn_abandoned()
    _pending("in-use.mp4", at=ago(seconds=61))

    PendingFile.objects.removed("condemned.mp4")
    PendingFile.objects.removed("in-use.mp4")

    assert [str(pending) for pending in PendingFile.objects.all()] == ["in-use.mp4"]
