"""Webhooks give remixes their request ids, late, twice or after all."""

from __future__ import annotations

import pytest

from sora_remix.exceptions import InvalidTransition
from sora_remix.models import Chain, Remix, RemixEvent
from sora_remix.models.reconciliation import webhook_received
from tests.factories import ago, at_once, make_remix

Status = Remix.Status


def receive(remix: Remix, request_id: str = "fal-1") -> Remix:
    webhook_received(remix, request_id)
    remix.refresh_from_db()
    return remix


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.UNCONFIRMED])
def test_a_webhook_settles_a_remix_that_got_no_answer(db: None, status: str) -> None:
    remix = receive(make_remix(status=status))

    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")


def test_a_webhook_makes_the_result_of_a_given_up_remix_collectable(db: None) -> None:
    remix = receive(make_remix(status=Status.FAILED, error_code="given_up"))

    assert (remix.status, remix.request_id) == (Status.FAILED, "fal-1")


def test_a_webhook_makes_a_result_collectable_without_asking_fal(db: None) -> None:
    remix = make_remix(status=Status.PROCESSING, request_id="fal-1", due_at=ago(hours=-1))

    receive(remix)

    assert Remix.objects.hand_over(10) == [remix.pk]
    assert [event.kind for event in remix.events.all()] == [RemixEvent.Kind.FINISHED]


def test_a_webhook_counts_although_a_worker_is_asking_fal(db: None) -> None:
    make_remix(status=Status.PROCESSING, request_id="fal-1")
    [asking] = Remix.objects.claim_to_check(1)

    receive(Remix.objects.get())

    with pytest.raises(InvalidTransition):
        asking.check_again(ago(hours=-1))
    assert Remix.objects.hand_over(10) == [asking.pk]


def test_repeated_webhook_leaves_the_collector_alone(db: None) -> None:
    remix = receive(make_remix(status=Status.PROCESSING, request_id="fal-1"))
    [collecting] = Remix.objects.claim_to_collect([remix.pk])

    receive(remix)

    collecting.start_storing()
    assert remix.events.count() == 1


def test_a_webhook_with_another_id_does_not_finish_a_remix(db: None) -> None:
    receive(make_remix(status=Status.PROCESSING, request_id="fal-0"))

    assert not Remix.objects.finished_at_fal().exists()


def test_webhooks_are_expected_once_one_has_come(db: None) -> None:
    Chain.objects.get_or_create(pk=1)

    receive(make_remix(status=Status.PROCESSING, request_id="fal-1"))

    assert Chain.objects.get().expects_webhooks


@pytest.mark.parametrize("status", [Status.STORING, Status.SUCCEEDED, Status.FAILED])
def test_a_webhook_with_a_known_id_changes_nothing(db: None, status: str) -> None:
    remix = receive(make_remix(status=status, request_id="fal-1"))

    assert (remix.status, remix.request_id, remix.other_request_ids) == (status, "fal-1", [])


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.SUCCEEDED, Status.CANCELLED])
def test_a_second_id_is_kept_once_as_evidence(db: None, status: str) -> None:
    remix = make_remix(status=status, request_id="fal-0")

    receive(receive(remix))

    assert (remix.status, remix.request_id) == (status, "fal-0")
    assert remix.other_request_ids == ["fal-1"]


def test_a_second_id_goes_to_an_identical_remix_that_got_no_answer(db: None) -> None:
    first = make_remix(status=Status.PROCESSING, request_id="fal-0", arguments={"prompt": "a"})
    twin = make_remix(status=Status.UNCONFIRMED, source=first.source, arguments={"prompt": "a"})

    receive(first)

    twin.refresh_from_db()
    assert (twin.status, twin.request_id) == (Status.PROCESSING, "fal-1")
    assert first.other_request_ids == []


def test_an_id_of_an_identical_remix_stays_there(db: None) -> None:
    equal = make_remix(status=Status.PROCESSING, request_id="fal-1")

    remix = receive(make_remix(status=Status.UNCONFIRMED, source=equal.source))

    assert (remix.status, remix.request_id) == (Status.UNCONFIRMED, "")


@pytest.mark.django_db(transaction=True)
def test_two_webhooks_at_once_count_once() -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    at_once(lambda: webhook_received(Remix.objects.get(pk=remix.pk), "fal-1"))

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")
    assert remix.other_request_ids == []
