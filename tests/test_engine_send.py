"""Sending: what each answer of fal makes of a row."""

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


class Gateway:
    """Stand in for fal's submit: answers by prompt, and remembers what was sent."""

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
    engine.send_waiting(heartbeat or Heartbeat(), time.monotonic() + 5)


def test_an_accepted_remix_is_in_progress_under_fals_id(gateway: Gateway) -> None:
    remix = make_remix(prompt="a", options={"delete_video": True})

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "id-a")
    assert remix.submitted_at
    body = {"video_id": remix.source.sora_id, "prompt": "a", "delete_video": True}
    assert gateway.sent == [("fal-ai/sora-2/video-to-video/remix", body)]


def test_all_that_waits_is_sent_once_each(gateway: Gateway) -> None:
    for number in range(45):
        make_remix(prompt=str(number))

    send()

    assert sorted(int(body["prompt"]) for _, body in gateway.sent) == list(range(45))
    assert Remix.objects.filter(status=Status.PROCESSING).count() == 45


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (fal.Refused("credentials_refused", "HTTP 401"), Status.FAILED, "credentials_refused"),
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


def test_a_remix_that_was_not_sent_is_sent_later(gateway: Gateway) -> None:
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


def test_an_hour_without_a_connection_is_the_end(gateway: Gateway) -> None:
    remix = make_remix(failing_since=timezone.now() - timedelta(minutes=61), failures=10)
    gateway.answer = lambda prompt: fal.NotSent("ConnectError")

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "cannot_reach_fal")


def test_refused_for_now_holds_back_all_that_waits(gateway: Gateway, settings: Any) -> None:
    settings.SORA_REMIX_MAX_IN_FLIGHT = 1
    make_remix(prompt="a")
    make_remix(prompt="b")
    gateway.answer = lambda prompt: fal.RefusedForNow(30, "HTTP 429")
    send()

    make_remix(prompt="asked for meanwhile")
    send()

    assert len(gateway.sent) == 1


def test_no_more_than_allowed_are_in_flight(gateway: Gateway, settings: Any) -> None:
    settings.SORA_REMIX_MAX_IN_FLIGHT = 3
    make_remix(status=Status.PROCESSING, request_id="x")
    make_remix(status=Status.UNCONFIRMED)
    for number in range(5):
        make_remix(prompt=str(number))

    send()

    assert Remix.objects.in_flight().count() == 3
    assert len(gateway.sent) == 2


def test_a_source_that_changed_meanwhile_is_refused_unsent(gateway: Gateway) -> None:
    remix = make_remix()
    remix.source.is_deleted_at_provider = True
    remix.source.save()

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "source_not_remixable")
    assert gateway.sent == []


def test_a_record_that_is_gone_is_refused_unsent(gateway: Gateway) -> None:
    remix = make_remix(endpoint="gone")

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "endpoint_retired")
    assert gateway.sent == []


def test_a_late_answer_heals_a_remix_that_was_given_up(gateway: Gateway) -> None:
    remix = make_remix()

    def give_up(prompt: str) -> Answer:
        Remix.objects.update(status=Status.UNCONFIRMED, lease=None)
        return fal.Accepted("id")

    gateway.answer = _outside_the_loop(give_up)

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "id")


def test_an_answer_too_late_for_its_row_is_ignored(gateway: Gateway) -> None:
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


def test_the_id_of_a_paid_request_is_saved_although_the_database_stumbles(
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


def test_an_answer_that_can_not_be_saved_loses_no_other(
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


def test_a_database_that_stumbles_ends_the_sending_and_loses_no_answer(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2 * fal.PLACES):
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
    assert statuses == [Status.PROCESSING] * fal.PLACES + [Status.QUEUED] * fal.PLACES


def test_a_free_place_is_filled_while_others_still_wait_for_an_answer(
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
    for prompt in ["slow", *map(str, range(fal.PLACES)), "last"]:
        make_remix(prompt=prompt)

    send()

    assert seen[0] == "slow"
    assert Remix.objects.filter(status=Status.PROCESSING).count() == fal.PLACES + 2


def test_the_body_is_kept_as_it_was_sent(gateway: Gateway) -> None:
    remix = make_remix()

    send()

    remix.refresh_from_db()
    assert remix.arguments == gateway.sent[0][1]


def test_fal_is_told_where_to_ring_with_our_key(
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


def test_an_answer_that_comes_after_its_webhook_changes_nothing(gateway: Gateway) -> None:
    remix = make_remix()

    def webhook_first(prompt: str) -> Answer:
        webhook_received(remix, "id")
        return fal.Accepted("id")

    gateway.answer = _outside_the_loop(webhook_first)

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "id")
    assert remix.other_request_ids == []


def test_an_answer_that_says_another_id_than_the_webhook_is_kept(gateway: Gateway) -> None:
    remix = make_remix()

    def webhook_first(prompt: str) -> Answer:
        webhook_received(remix, "heard")
        return fal.Accepted("answered")

    gateway.answer = _outside_the_loop(webhook_first)

    send()

    remix.refresh_from_db()
    assert (remix.request_id, remix.other_request_ids) == ("heard", ["answered"])


def test_an_id_that_another_remix_has_leaves_it_unconfirmed(gateway: Gateway) -> None:
    make_remix(status=Status.SUCCEEDED, request_id="id-a")
    remix = make_remix(prompt="a")

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.UNCONFIRMED, "")


def raising(error: Exception) -> Callable[..., Any]:
    """Return what raises this, whatever it is called with."""

    def fail(*_args: object, **_values: object) -> Any:
        raise error

    return fail


def test_a_request_that_can_not_be_made_fails_at_once(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = make_remix()
    broken = raising(ZeroDivisionError("a bug of ours"))
    monkeypatch.setattr("sora_remix.engine.sending.get_endpoint", broken)

    send()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "request_not_sendable")
    assert remix.error_message == "ZeroDivisionError: a bug of ours"
    assert gateway.sent == []


def test_what_the_network_breaks_before_it_is_sent_is_sent_later(
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


def test_nothing_is_started_once_another_turn_has_taken_over(gateway: Gateway) -> None:
    make_remix()
    heartbeat = Heartbeat()
    heartbeat.is_over = True

    send(heartbeat)

    assert gateway.sent == []


def test_what_fal_calls_gone_can_not_be_asked_for_again(gateway: Gateway) -> None:
    remix = make_remix()
    gateway.answer = lambda prompt: fal.Refused("endpoint_retired", "HTTP 404")

    send()

    with pytest.raises(RequestRefused, match="no longer offers “Sora 2”") as refusal:
        services.request_remixes([remix.source], ["again"], endpoint="sora-2")
    assert [reason.field for reason in refusal.value.reasons] == ["endpoint"]


def test_a_record_that_is_gone_says_nothing_of_fals_endpoint(gateway: Gateway) -> None:
    make_remix(endpoint="gone")

    send()

    assert EndpointFact.objects.retired() == {}


@pytest.mark.parametrize("answer", [fal.NotSent("ConnectError"), fal.RefusedForNow(30, "HTTP 429")])
def test_a_pause_names_the_answer_that_started_it(gateway: Gateway, answer: Answer) -> None:
    make_remix()
    gateway.answer = lambda prompt: answer

    send()

    pause = Chain.objects.pause()
    assert pause and pause.reason == answer.message  # type: ignore[union-attr]
