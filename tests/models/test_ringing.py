"""Webhooks tell the request id under which fal has a remix."""

from __future__ import annotations

import pytest

from sora_remix.models import Remix
from tests.factories import ago, at_once, make_remix

Status = Remix.Status


def ring(remix: Remix, request_id: str = "fal-1") -> Remix:
    remix.rang(request_id)
    remix.refresh_from_db()
    return remix


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.UNCONFIRMED])
def test_webhook_restores_a_remix_without_an_answer(db: None, status: str) -> None:
    remix = ring(make_remix(status=status))

    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")


def test_webhook_for_a_given_up_remix_makes_its_result_collectable(db: None) -> None:
    remix = ring(make_remix(status=Status.FAILED, error_code="given_up"))

    assert (remix.status, remix.request_id) == (Status.FAILED, "fal-1")


def test_webhook_makes_a_remix_in_progress_due(db: None) -> None:
    remix = make_remix(status=Status.PROCESSING, request_id="fal-1", due_at=ago(hours=-1))

    ring(remix)

    assert list(Remix.objects.to_check()) == [remix]


@pytest.mark.parametrize("status", [Status.STORING, Status.SUCCEEDED, Status.FAILED])
def test_webhook_with_the_known_request_id_changes_nothing(db: None, status: str) -> None:
    remix = ring(make_remix(status=status, request_id="fal-1"))

    assert (remix.status, remix.request_id, remix.other_request_ids) == (status, "fal-1", [])


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.SUCCEEDED, Status.CANCELLED])
def test_another_request_id_is_stored_once_as_evidence(db: None, status: str) -> None:
    remix = make_remix(status=status, request_id="fal-0")

    ring(ring(remix))

    assert (remix.status, remix.request_id) == (status, "fal-0")
    assert remix.other_request_ids == ["fal-1"]


def test_another_request_id_settles_an_equal_unconfirmed_remix(db: None) -> None:
    first = make_remix(status=Status.PROCESSING, request_id="fal-0", arguments={"prompt": "a"})
    twin = make_remix(status=Status.UNCONFIRMED, source=first.source, arguments={"prompt": "a"})

    ring(first)

    twin.refresh_from_db()
    assert (twin.status, twin.request_id) == (Status.PROCESSING, "fal-1")
    assert first.other_request_ids == []


def test_request_id_found_for_an_equal_remix_is_not_moved(db: None) -> None:
    equal = make_remix(status=Status.PROCESSING, request_id="fal-1")

    remix = ring(make_remix(status=Status.UNCONFIRMED, source=equal.source))

    assert (remix.status, remix.request_id) == (Status.UNCONFIRMED, "")


@pytest.mark.django_db(transaction=True)
def test_two_simultaneous_webhooks_count_once() -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    at_once(lambda: Remix.objects.get(pk=remix.pk).rang("fal-1"))

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")
    assert remix.other_request_ids == []
