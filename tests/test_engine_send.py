"""Sending: the effect of each answer of fal on a row."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from sora_remix import engine, fal, services
from sora_remix.engine.pace import Heartbeat
from sora_remix.exceptions import OpenTransaction, RequestRefused
from sora_remix.models import Chain, EndpointFact, Remix
from sora_remix.models.queryset import RemixQuerySet
from sora_remix.models.reconciliation import webhook_received
from tests.factories import make_remix

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
Answer = fal.Submitted | Exception


LOCKED = fal.AccountHeld(fal.HoldCode.ACCOUNT_LOCKED, "HTTP 403")


class Gateway:
    """Stand in for fal's submit: answer by prompt, and store the requests."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Mapping[str, Any]]] = []
        self.answer: Callable[[str], Answer] = lambda prompt: fal.Accepted(f"id-{prompt}")

    async def submit(
        self, endpoint_id: str, arguments: Mapping[str, Any], webhook_url: str = ""
    ) -> fal.Submitted:
        self.sent.append((endpoint_id, arguments))
        answer = self.answer(arguments["prompt"])
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    gateway = Gateway()
    monkeypatch.setattr(fal, "submit", gateway.submit)
    return gateway


def send(heartbeat: Heartbeat | None = None) -> None:
    engine.send_waiting(heartbeat or Heartbeat(), time.monotonic() + 60)


def test_accepted_remix_is_in_progress_with_the_request_id(gateway: Gateway) -> None:
    remix = make_remix(prompt="a", options={"delete_video": True})

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "id-a")
    assert remix.submitted_at
    body = {"video_id": remix.source.sora_id, "prompt": "a", "delete_video": True}
    assert gateway.sent == [("fal-ai/sora-2/video-to-video/remix", body)]


def test_waiting_remixes_are_sent_once_each(gateway: Gateway) -> None:
    for number in range(45):
        make_remix(prompt=str(number))

    send()

    assert sorted(int(body["prompt"]) for _, body in gateway.sent) == list(range(45))
    assert Remix.objects.filter(status=Status.PROCESSING).count() == 45


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (fal.Refused("endpoint_forbidden", "HTTP 403"), Status.FAILED, "endpoint_forbidden"),
        (LOCKED, Status.QUEUED, ""),
        (fal.Unknown("ReadTimeout"), Status.UNCONFIRMED, ""),
        (RuntimeError("a bug of ours"), Status.UNCONFIRMED, ""),
        (fal.NotSent("ConnectError"), Status.QUEUED, ""),
        (fal.RefusedForNow(30, "HTTP 429"), Status.QUEUED, ""),
    ],
)
def test_each_answer_has_its_outcome_and_nothing_is_sent_again(
    gateway: Gateway, answer: Answer, status: str, code: str
) -> None:
    remix = make_remix()
    gateway.answer = lambda prompt: answer

    send()
    send()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (status, code)
    assert len(gateway.sent) == 1


def test_unsent_remix_is_sent_later(gateway: Gateway) -> None:
    remix = make_remix(prompt="a")
    gateway.answer = lambda prompt: fal.NotSent("ConnectError")
    send()
    gateway.answer = lambda prompt: fal.Accepted("id")
    Remix.objects.update(due_at=timezone.now())
    Chain.objects.update(held_until=None)

    send()

    remix.refresh_from_db()
    assert remix.status == Status.PROCESSING
    assert len(gateway.sent) == 2


def test_remix_fails_after_an_hour_without_a_connection(gateway: Gateway) -> None:
    remix = make_remix(failing_since=timezone.now() - timedelta(minutes=61), failures=10)
    gateway.answer = lambda prompt: fal.NotSent("ConnectError")

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "cannot_reach_fal")


def test_temporary_refusal_holds_back_all_waiting_remixes(gateway: Gateway, settings: Any) -> None:
    settings.SORA_REMIX_MAX_IN_FLIGHT = 1
    make_remix(prompt="a")
    make_remix(prompt="b")
    gateway.answer = lambda prompt: fal.RefusedForNow(30, "HTTP 429")
    send()

    make_remix(prompt="asked for meanwhile")
    send()

    assert len(gateway.sent) == 1


def test_remixes_in_flight_are_limited(gateway: Gateway, settings: Any) -> None:
    settings.SORA_REMIX_MAX_IN_FLIGHT = 3
    make_remix(status=Status.PROCESSING, request_id="x")
    make_remix(status=Status.UNCONFIRMED)
    for number in range(5):
        make_remix(prompt=str(number))

    send()

    assert Remix.objects.in_flight().count() == 3
    assert len(gateway.sent) == 2


def test_source_changed_meanwhile_is_refused_unsent(gateway: Gateway) -> None:
    remix = make_remix()
    remix.source.is_deleted_at_provider = True
    remix.source.save()

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "source_not_remixable")
    assert gateway.sent == []


def test_remix_of_a_removed_endpoint_is_refused_unsent(gateway: Gateway) -> None:
    remix = make_remix(endpoint="gone")

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "endpoint_retired")
    assert gateway.sent == []


def test_late_answer_restores_a_remix_that_was_given_up(gateway: Gateway) -> None:
    remix = make_remix()

    def give_up(prompt: str) -> Answer:
        Remix.objects.update(status=Status.UNCONFIRMED, lease=None)
        return fal.Accepted("id")

    gateway.answer = _outside_the_loop(give_up)

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "id")


def test_answer_for_a_changed_row_is_ignored(gateway: Gateway) -> None:
    remix = make_remix()

    def give_up(prompt: str) -> Answer:
        Remix.objects.update(status=Status.UNCONFIRMED, lease=None)
        return fal.Refused("missing", "HTTP 422")

    gateway.answer = _outside_the_loop(give_up)

    send()

    remix.refresh_from_db()
    assert remix.status == Status.UNCONFIRMED


def _outside_the_loop(answer: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """Let a fake touch the database, which Django refuses inside a running loop."""

    def call(prompt: str) -> Answer:
        import threading

        got: list[Answer] = []

        def work() -> None:
            from django.db import connection

            got.append(answer(prompt))
            connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return got[0]

    return call


def test_request_id_is_saved_despite_database_errors(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = make_remix(prompt="a")
    save = Remix.accepted
    stumbles = iter([OperationalError("database is locked")] * 2)

    def accepted(self: Remix, request_id: str) -> None:
        if error := next(stumbles, None):
            raise error
        save(self, request_id)

    monkeypatch.setattr(Remix, "accepted", accepted)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)

    send()

    remix.refresh_from_db()
    assert remix.request_id == "id-a"


def test_answer_that_can_not_be_saved_does_not_lose_the_others(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, kept = make_remix(prompt="lost"), make_remix(prompt="kept")
    save = Remix.accepted

    def accepted(self: Remix, request_id: str) -> None:
        if request_id == "id-lost":
            raise OperationalError("disk I/O error")
        save(self, request_id)

    monkeypatch.setattr(Remix, "accepted", accepted)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)

    send()

    lost.refresh_from_db()
    kept.refresh_from_db()
    assert (lost.status, kept.status) == (Status.SUBMITTING, Status.PROCESSING)


def test_database_error_ends_the_sending_and_loses_no_answer(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2 * fal.MAX_PARALLEL_CALLS):
        make_remix(prompt=str(number))
    claim = RemixQuerySet.claim_to_send
    stumbles = iter([False, True])

    def claim_to_send(self: RemixQuerySet[Remix], most: int) -> list[Remix]:
        if next(stumbles):
            raise OperationalError("database is locked")
        return claim(self, most)

    monkeypatch.setattr(RemixQuerySet, "claim_to_send", claim_to_send)

    send()

    statuses = [remix.status for remix in Remix.objects.order_by("pk")]
    assert (
        statuses
        == [Status.PROCESSING] * fal.MAX_PARALLEL_CALLS + [Status.QUEUED] * fal.MAX_PARALLEL_CALLS
    )


def test_free_slot_is_filled_while_others_wait_for_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow_is_answered = asyncio.Event()
    seen: list[str] = []

    async def submit(
        endpoint_id: str, arguments: Mapping[str, Any], webhook_url: str
    ) -> fal.Submitted:
        seen.append(arguments["prompt"])
        if arguments["prompt"] == "slow":
            await asyncio.wait_for(slow_is_answered.wait(), 20)
        if arguments["prompt"] == "last":
            slow_is_answered.set()
        return fal.Accepted(arguments["prompt"])

    monkeypatch.setattr(fal, "submit", submit)
    for prompt in ["slow", *map(str, range(fal.MAX_PARALLEL_CALLS)), "last"]:
        make_remix(prompt=prompt)

    send()

    assert seen[0] == "slow"
    assert Remix.objects.filter(status=Status.PROCESSING).count() == fal.MAX_PARALLEL_CALLS + 2


def test_body_is_stored_as_sent(gateway: Gateway) -> None:
    remix = make_remix()

    send()

    remix.refresh_from_db()
    assert remix.arguments == gateway.sent[0][1]


def test_webhook_url_contains_the_key_of_the_remix(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SORA_REMIX_WEBHOOK_BASE_URL = "https://example.com/"
    urls: list[str] = []

    async def submit(
        endpoint_id: str, arguments: Mapping[str, Any], webhook_url: str
    ) -> fal.Submitted:
        urls.append(webhook_url)
        return fal.Accepted("id")

    monkeypatch.setattr(fal, "submit", submit)
    remix = make_remix()

    send()

    assert urls == [f"https://example.com/sora_remix/webhook/{remix.key}/"]


def test_answer_after_its_webhook_changes_nothing(gateway: Gateway) -> None:
    remix = make_remix()

    def webhook_first(prompt: str) -> Answer:
        webhook_received(remix, "id")
        return fal.Accepted("id")

    gateway.answer = _outside_the_loop(webhook_first)

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "id")
    assert remix.other_request_ids == []


def test_request_id_that_differs_from_the_webhook_is_kept(gateway: Gateway) -> None:
    remix = make_remix()

    def webhook_first(prompt: str) -> Answer:
        webhook_received(remix, "heard")
        return fal.Accepted("answered")

    gateway.answer = _outside_the_loop(webhook_first)

    send()

    remix.refresh_from_db()
    assert (remix.request_id, remix.other_request_ids) == ("heard", ["answered"])


def test_request_id_of_another_remix_leaves_it_unconfirmed(gateway: Gateway) -> None:
    make_remix(status=Status.SUCCEEDED, request_id="id-a")
    remix = make_remix(prompt="a")

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.UNCONFIRMED, "")


def raising(error: Exception) -> Callable[..., Any]:
    """Return a function that raises this error."""

    def fail(*_args: object, **_values: object) -> Any:
        raise error

    return fail


def test_invalid_request_fails_at_once(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    remix = make_remix()
    broken = raising(ZeroDivisionError("a bug of ours"))
    monkeypatch.setattr("sora_remix.engine.sending.get_endpoint", broken)

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "request_not_sendable")
    assert remix.error_message == "ZeroDivisionError: a bug of ours"
    assert gateway.sent == []


def test_network_error_before_sending_is_retried_later(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = make_remix()
    broken = raising(ConnectionResetError("the storage is away"))
    monkeypatch.setattr("sora_remix.engine.sending.urls_for", broken)

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.failures) == (Status.QUEUED, 1)
    assert gateway.sent == []


def test_nothing_is_sent_inside_a_transaction(gateway: Gateway) -> None:
    remix = make_remix()

    with transaction.atomic(), pytest.raises(OpenTransaction):
        send()

    remix.refresh_from_db()
    assert (remix.status, gateway.sent) == (Status.QUEUED, [])


def test_nothing_is_sent_without_autocommit(gateway: Gateway) -> None:
    remix = make_remix()
    transaction.set_autocommit(False)
    try:
        with pytest.raises(OpenTransaction):
            send()
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)

    remix.refresh_from_db()
    assert (remix.status, gateway.sent) == (Status.QUEUED, [])


def test_nothing_is_sent_once_another_turn_has_taken_over(gateway: Gateway) -> None:
    make_remix()
    heartbeat = Heartbeat()
    heartbeat.is_over = True

    send(heartbeat)

    assert gateway.sent == []


def test_endpoint_retired_by_fal_can_not_be_requested_again(gateway: Gateway) -> None:
    remix = make_remix()
    gateway.answer = lambda prompt: fal.Refused("endpoint_retired", "HTTP 404")

    send()

    with pytest.raises(RequestRefused, match="no longer offers “Sora 2”") as refusal:
        services.request_remixes([remix.source], ["again"], endpoint="sora-2")
    assert [reason.field for reason in refusal.value.reasons] == ["endpoint"]


def test_removed_record_does_not_retire_the_endpoint(gateway: Gateway) -> None:
    make_remix(endpoint="gone")

    send()

    assert EndpointFact.objects.retired() == {}


@pytest.mark.parametrize("answer", [fal.NotSent("ConnectError"), fal.RefusedForNow(30, "HTTP 429")])
def test_pause_names_the_answer_that_caused_it(gateway: Gateway, answer: Answer) -> None:
    make_remix()
    gateway.answer = lambda prompt: answer

    send()

    pause = Chain.objects.pause()
    assert pause and pause.reason == answer.message  # type: ignore[union-attr]
