"""A file is uploaded to fal once a day, by one worker."""

from __future__ import annotations

from typing import Any

import pytest

from sora_remix.exceptions import InvalidTransition
from sora_remix.models import Delivery
from tests.factories import ago, at_once

pytestmark = pytest.mark.django_db

THERE = {"url": "https://fal.media/a", "expires_at": ago(hours=-20)}
STALE = {"url": "https://fal.media/a", "expires_at": ago(hours=-1)}
REFUSED = {"error_code": "source_unreachable", "error_message": "no"}


def make(name: str = "a.mp4", **values: Any) -> Delivery:
    return Delivery.objects.create(name=name, **values)


def claimed() -> Delivery:
    make()
    [delivery] = Delivery.objects.claim(Delivery.objects.values_list("pk", flat=True))
    return delivery


def test_source_copy_is_requested_once() -> None:
    for _ in range(2):
        Delivery.objects.order(["a.mp4", "b.mp4", "a.mp4"])

    assert sorted(Delivery.objects.values_list("name", flat=True)) == ["a.mp4", "b.mp4"]


@pytest.mark.parametrize(("values", "known"), [(THERE, True), (STALE, False), ({}, False)])
def test_url_is_valid_while_enough_time_is_left(values: dict[str, Any], known: bool) -> None:
    make(**values)

    assert bool(Delivery.objects.urls(["a.mp4"])) is known


@pytest.mark.parametrize(("values", "anew"), [(THERE, False), (STALE, True), (REFUSED, True)])
def test_expired_or_refused_copy_is_uploaded_again_on_request(
    values: dict[str, Any], anew: bool
) -> None:
    make(**values)

    Delivery.objects.order(["a.mp4"])

    assert Delivery.objects.to_deliver().exists() is anew
    assert Delivery.objects.refusals(["a.mp4"]) == {}


def test_request_does_not_disturb_an_upload_in_progress() -> None:
    delivery = claimed()
    Delivery.objects.update(failures=3)

    Delivery.objects.order(["a.mp4"])

    delivery.refresh_from_db()
    assert (delivery.failures, bool(delivery.lease)) == (3, True)


@pytest.mark.django_db(transaction=True)
def test_file_is_claimed_by_one_worker() -> None:
    pk = make().pk

    claims = at_once(lambda: len(Delivery.objects.claim([pk])), times=3)

    assert sorted(claims) == [0, 0, 1]


@pytest.mark.parametrize("values", [THERE, REFUSED])
def test_copy_without_work_to_do_is_not_claimed(values: dict[str, Any]) -> None:
    assert Delivery.objects.claim([make(**values).pk]) == []


def test_upload_is_handed_over_again_only_when_it_is_due() -> None:
    pk = make().pk

    handed_over = [Delivery.objects.hand_over(10) for _ in range(2)]

    assert handed_over == [[pk], []]
    assert Delivery.objects.awaits_worker()


def test_worker_that_lost_its_lease_changes_nothing() -> None:
    delivery = claimed()
    Delivery.objects.update(lease=None)

    with pytest.raises(InvalidTransition):
        delivery.arrived("https://fal.media/b", ago(days=-1))

    assert Delivery.objects.get().url == ""


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
    delivery = make(**values)

    Delivery.objects.forget_old()

    assert Delivery.objects.exists() is kept
    assert str(delivery) == "a.mp4"


def test_failed_try_has_a_reason_until_the_file_has_arrived() -> None:
    delivery = claimed()
    delivery.postpone(ago(minutes=-5), "ConnectError: no route")
    postponed = (delivery.failures, Delivery.objects.get().error_message)

    [again] = Delivery.objects.claim([delivery.pk])
    again.arrived("https://fal.media/b", ago(days=-1))

    assert postponed == (1, "ConnectError: no route")
    assert Delivery.objects.get().error_message == ""


def test_file_with_a_failed_try_is_not_refused() -> None:
    claimed().postpone(ago(minutes=1), "ConnectError: no route")

    assert Delivery.objects.refusals(["a.mp4"]) == {}
    assert Delivery.objects.to_deliver().exists()
