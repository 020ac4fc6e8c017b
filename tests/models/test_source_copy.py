"""A file is uploaded to fal once a day, by one worker."""

from __future__ import annotations

from typing import Any

import pytest

from sora_remix.exceptions import InvalidTransition
from sora_remix.models import SourceCopy
from tests.factories import ago, at_once

pytestmark = pytest.mark.django_db

THERE = {"url": "https://fal.media/a", "expires_at": ago(hours=-20)}
STALE = {"url": "https://fal.media/a", "expires_at": ago(hours=-1)}
REFUSED = {"error_code": "source_unreachable", "error_message": "no"}


def make(name: str = "a.mp4", **values: Any) -> SourceCopy:
    return SourceCopy.objects.create(name=name, **values)


def claimed() -> SourceCopy:
    make()
    [copy] = SourceCopy.objects.claim(SourceCopy.objects.values_list("pk", flat=True))
    return copy


def test_source_copy_is_requested_once() -> None:
    for _ in range(2):
        SourceCopy.objects.request(["a.mp4", "b.mp4", "a.mp4"])

    assert sorted(SourceCopy.objects.values_list("name", flat=True)) == ["a.mp4", "b.mp4"]


@pytest.mark.parametrize(("values", "known"), [(THERE, True), (STALE, False), ({}, False)])
def test_url_is_valid_while_enough_time_is_left(values: dict[str, Any], known: bool) -> None:
    make(**values)

    assert bool(SourceCopy.objects.urls(["a.mp4"])) is known


@pytest.mark.parametrize(("values", "anew"), [(THERE, False), (STALE, True), (REFUSED, True)])
def test_expired_or_refused_copy_is_uploaded_again_on_request(
    values: dict[str, Any], anew: bool
) -> None:
    make(**values)

    SourceCopy.objects.request(["a.mp4"])

    assert SourceCopy.objects.to_upload().exists() is anew
    assert SourceCopy.objects.refusals(["a.mp4"]) == {}


def test_request_does_not_disturb_an_upload_in_progress() -> None:
    copy = claimed()
    SourceCopy.objects.update(failures=3)

    SourceCopy.objects.request(["a.mp4"])

    copy.refresh_from_db()
    assert (copy.failures, bool(copy.lease)) == (3, True)


@pytest.mark.django_db(transaction=True)
def test_file_is_claimed_by_one_worker() -> None:
    pk = make().pk

    claims = at_once(lambda: len(SourceCopy.objects.claim([pk])), times=3)

    assert sorted(claims) == [0, 0, 1]


@pytest.mark.parametrize("values", [THERE, REFUSED])
def test_copy_without_work_to_do_is_not_claimed(values: dict[str, Any]) -> None:
    assert SourceCopy.objects.claim([make(**values).pk]) == []


def test_upload_is_handed_over_again_only_when_it_is_due() -> None:
    pk = make().pk

    handed_over = [SourceCopy.objects.hand_over(10) for _ in range(2)]

    assert handed_over == [[pk], []]
    assert SourceCopy.objects.awaits_worker()


def test_worker_that_lost_its_lease_changes_nothing() -> None:
    copy = claimed()
    SourceCopy.objects.update(lease=None)

    with pytest.raises(InvalidTransition):
        copy.uploaded("https://fal.media/b", ago(days=-1))

    assert SourceCopy.objects.get().url == ""


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"expires_at": ago(days=3)}, False),
        ({"expires_at": ago(days=1)}, True),
        ({"due_at": ago(days=3)}, False),
        ({}, True),
    ],
)
def test_copy_that_was_not_requested_lately_is_deleted(values: dict[str, Any], kept: bool) -> None:
    copy = make(**values)

    SourceCopy.objects.forget_old()

    assert SourceCopy.objects.exists() is kept
    assert str(copy) == "a.mp4"


def test_failed_try_has_a_reason_until_the_file_has_arrived() -> None:
    copy = claimed()
    copy.postpone(ago(minutes=-5), "ConnectError: no route")
    postponed = (copy.failures, SourceCopy.objects.get().error_message)

    [again] = SourceCopy.objects.claim([copy.pk])
    again.uploaded("https://fal.media/b", ago(days=-1))

    assert postponed == (1, "ConnectError: no route")
    assert SourceCopy.objects.get().error_message == ""


def test_file_with_a_failed_try_is_not_refused() -> None:
    claimed().postpone(ago(minutes=1), "ConnectError: no route")

    assert SourceCopy.objects.refusals(["a.mp4"]) == {}
    assert SourceCopy.objects.to_upload().exists()
