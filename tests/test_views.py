"""Webhooks of fal update a remix; nobody else can change or learn anything."""

from __future__ import annotations

import io
import json
import logging
import os
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory
from django.test.client import AsyncRequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.live_server_helper import LiveServer

from example_project.fal_sandbox.process import SandboxProcess
from example_project.fal_sandbox.webhooks import USER_ID, Signer
from sora_remix import services, tasks, views
from sora_remix.endpoints import SORA_2
from sora_remix.fal.webhook import MAX_BODY, known_account
from sora_remix.models import Chain, Remix
from tests.factories import at_once, make_remix
from tests.processes import wait_until

Status = Remix.Status
BODY = json.dumps({"request_id": "fal-1", "status": "OK", "payload": {"prompt": "secret"}}).encode()


@pytest.fixture(autouse=True)
def fal(
    running_sandbox: SandboxProcess, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Signer:
    """fal's key, published by the sandbox, and no broker."""
    cache.clear()
    monkeypatch.setattr(tasks, "async_task", lambda *_: None)
    settings.SORA_REMIX_JWKS_URL = f"{running_sandbox.url}/.well-known/jwks.json"
    settings.SORA_REMIX_WEBHOOK_USER_ID = USER_ID
    return Signer(running_sandbox.state / "webhook_key.pem")


def _path(key: UUID) -> str:
    return reverse("sora_remix:webhook", args=[key])


def _ring(
    key: UUID, headers: dict[str, str], body: bytes = BODY, client: Client | None = None
) -> tuple[int, bytes]:
    headers = {name: value for name, value in headers.items() if name != "Content-Type"}
    response = (client or Client()).post(
        _path(key), body, content_type="application/json", headers=headers
    )
    return response.status_code, response.content


def _row(remix: Remix) -> dict[str, Any]:
    return dict(Remix.objects.filter(pk=remix.pk).values().get())


def test_path_ends_with_a_slash_to_avoid_a_redirect() -> None:
    key = uuid4()

    assert _path(key) == f"/sora_remix/webhook/{key}/"


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.UNCONFIRMED])
def test_webhook_stores_the_request_id(db: None, fal: Signer, status: str) -> None:
    remix = make_remix(status=status)

    assert _ring(remix.key, fal.headers("fal-1", BODY)) == (200, b"")
    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")


def test_repeated_webhook_changes_nothing(db: None, fal: Signer) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    answers = [_ring(remix.key, fal.headers("fal-1", BODY)) for _ in range(3)]

    remix.refresh_from_db()
    assert answers == [(200, b"")] * 3
    assert (remix.request_id, remix.other_request_ids) == ("fal-1", [])


@pytest.mark.django_db(transaction=True)
def test_simultaneous_webhooks_are_all_accepted(fal: Signer) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)
    headers = fal.headers("fal-1", BODY)
    _ring(remix.key, headers)  # now the keys are known

    answers = at_once(lambda: _ring(remix.key, headers), times=4)

    remix.refresh_from_db()
    assert answers == [(200, b"")] * 4
    assert (remix.request_id, remix.other_request_ids) == ("fal-1", [])


@pytest.mark.parametrize("is_known", [True, False])
def test_unsigned_webhook_changes_and_reveals_nothing(
    db: None, fal: Signer, django_assert_num_queries: DjangoAssertNumQueries, is_known: bool
) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)
    before = _row(remix)

    with django_assert_num_queries(0):
        answer = _ring(remix.key if is_known else uuid4(), fal.headers("fal-1", BODY + b" "))

    assert answer == (403, b"")
    assert _row(remix) == before


def test_signed_webhook_for_an_unknown_remix_is_not_found(db: None, fal: Signer) -> None:
    assert _ring(uuid4(), fal.headers("fal-1", BODY)) == (404, b"")


def test_fal_is_asked_to_retry_while_its_keys_are_unreadable(
    db: None, fal: Signer, settings: Settings
) -> None:
    settings.SORA_REMIX_JWKS_URL = "http://127.0.0.1:9/jwks.json"
    remix = make_remix(status=Status.UNCONFIRMED)
    before = _row(remix)

    assert _ring(remix.key, fal.headers("fal-1", BODY)) == (503, b"")
    assert _row(remix) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post_is_accepted(method: str) -> None:
    assert Client().generic(method, _path(uuid4())).status_code == 405


def test_body_is_accepted_up_to_a_limit(db: None, fal: Signer) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)
    body = BODY.ljust(MAX_BODY)

    assert _ring(remix.key, fal.headers("fal-1", body), body) == (200, b"")
    body += b" "
    assert _ring(remix.key, fal.headers("fal-1", body), body) == (400, b"")


def test_body_announced_as_too_large_is_not_read() -> None:
    request = RequestFactory().post("/", CONTENT_LENGTH=str(MAX_BODY + 1))

    assert views.webhook(request, uuid4()).status_code == 400
    assert not request._read_started  # type: ignore[attr-defined]


def test_body_of_unknown_length_is_read_up_to_the_limit() -> None:
    body = io.BytesIO(b" " * (MAX_BODY + 2))
    request = AsyncRequestFactory().post("/")
    request._stream = body
    del request.META["CONTENT_LENGTH"]

    assert views.webhook(request, uuid4()).status_code == 400
    assert body.tell() == MAX_BODY + 1


class _BrokenOff(io.BytesIO):
    def read(self, *_: object) -> bytes:
        raise ConnectionResetError


@pytest.mark.parametrize(
    "broken", [{"wsgi.input": _BrokenOff(), "CONTENT_LENGTH": "9"}, {"CONTENT_LENGTH": "nine"}]
)
def test_unreadable_body_is_refused(broken: dict[str, Any]) -> None:
    request = RequestFactory().post("/", **broken)

    assert views.webhook(request, uuid4()).status_code == 400


def test_webhook_needs_no_login_and_no_csrf_token(
    db: None, fal: Signer, settings: Settings
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    client = Client(enforce_csrf_checks=True)
    remix = make_remix(status=Status.UNCONFIRMED)

    assert client.get("/admin/sora_remix/").status_code == 302
    assert _ring(remix.key, fal.headers("fal-1", BODY), client=client) == (200, b"")


@pytest.mark.django_db(transaction=True)
def test_webhook_is_outside_of_the_transaction_of_the_request(
    fal: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    remix, is_atomic = make_remix(status=Status.UNCONFIRMED), []
    monkeypatch.setattr(
        Chain.objects, "announce", lambda: is_atomic.append(connection.in_atomic_block)
    )

    assert _ring(remix.key, fal.headers("fal-1", BODY)) == (200, b"")
    assert is_atomic == [False]


@pytest.mark.parametrize("is_signed", [True, False])
def test_log_names_the_remix_and_never_the_content(
    db: None, fal: Signer, caplog: pytest.LogCaptureFixture, is_signed: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    key = uuid4()

    _ring(key, fal.headers("fal-1", BODY if is_signed else b""))

    [line] = [record for record in caplog.records if record.name == "sora_remix.views"]
    assert str(key) in line.getMessage()
    assert "secret" not in caplog.text


def _told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the log records about the account."""
    lines = [record.getMessage() for record in caplog.records if record.levelname == "INFO"]
    return [line for line in lines if "account" in line]


def test_account_named_by_fal_is_logged_once_and_stored(
    db: None, fal: Signer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    settings.SORA_REMIX_WEBHOOK_USER_ID = ""
    remix = make_remix(status=Status.UNCONFIRMED)

    for _ in range(2):
        assert _ring(remix.key, fal.headers("fal-1", BODY)) == (200, b"")

    assert _told(caplog) == [
        f"Your fal account id is {USER_ID}. Set SORA_REMIX_WEBHOOK_USER_ID to it"
    ]
    assert known_account() == USER_ID


@pytest.mark.parametrize(("is_ours", "is_set"), [(False, False), (True, True)])
def test_no_account_is_logged_for_another_remix_or_when_it_is_set(
    db: None,
    fal: Signer,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    is_ours: bool,
    is_set: bool,
) -> None:
    caplog.set_level(logging.INFO)
    settings.SORA_REMIX_WEBHOOK_USER_ID = USER_ID if is_set else ""
    remix = make_remix(status=Status.UNCONFIRMED)

    _ring(remix.key if is_ours else uuid4(), fal.headers("fal-1", BODY))

    assert _told(caplog) == []
    assert known_account() == ""


class Rings(list[tuple[UUID, str]]):
    """What `services.webhook_received` was called with; it still does what it does."""

    def __init__(self) -> None:
        self._webhook_received = services.webhook_received

    def __call__(self, key: UUID, request_id: str) -> None:
        self._webhook_received(key, request_id)
        self.append((key, request_id))

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self) >= count)


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> Rings:
    rings = Rings()
    monkeypatch.setattr(services, "webhook_received", rings)
    return rings


def _buy(remix: Remix, base_url: str) -> str:
    """Send the remix as the engine does, and forget the answer; return what it said."""
    answer = httpx.post(
        f"https://{os.environ['FAL_QUEUE_RUN_HOST']}/{SORA_2.endpoint_id}",
        params={"fal_webhook": base_url + _path(remix.key)},
        headers={"Authorization": "Key sandbox-key"},
        json={"video_id": "video_clip", "prompt": remix.prompt},
        timeout=60,
    )
    request_id: str = answer.raise_for_status().json()["request_id"]
    return request_id


@pytest.mark.parametrize(
    ("fault", "seconds", "count"), [("delay", 0, 1), ("delay", 0.5, 1), ("repeat", 0, 2)]
)
def test_webhook_of_the_sandbox_is_accepted_by_the_site(
    sandbox: SandboxProcess,
    live_server: LiveServer,
    rings: Rings,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    seconds: float,
    count: int,
) -> None:
    sandbox.misbehave("webhook", fault, seconds=seconds)
    remix = make_remix(status=Status.UNCONFIRMED)

    request_id = _buy(remix, live_server.url)
    rings.wait_for(count)

    remix.refresh_from_db()
    assert rings == [(remix.key, request_id)] * count
    assert (remix.status, remix.request_id) == (Status.PROCESSING, request_id)
    assert sandbox.calls()["webhook"] == count
    assert "django.request" not in {record.name for record in caplog.records}  # nothing was refused


@pytest.mark.parametrize("fault", ["bad_signature", "stale", "wrong_user", "garbage"])
def test_wrong_webhook_of_the_sandbox_changes_nothing(
    sandbox: SandboxProcess, live_server: LiveServer, rings: Rings, fault: str
) -> None:
    sandbox.misbehave("webhook", fault)
    remix = make_remix(status=Status.UNCONFIRMED)
    before = _row(remix)

    _buy(remix, live_server.url)
    wait_until(lambda: sandbox.calls()["webhook"] >= 2)  # the first is answered by then

    assert rings == []
    assert _row(remix) == before
