"""One POST for each request, and what its answer makes certain; over the wire."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import certifi
import httpx
import pytest

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.endpoints import SORA_2
from sora_remix.fal import answers, submitting
from sora_remix.flight import wait_for

ID = SORA_2.endpoint_id
BODY = {"video_id": "video_clip", "prompt": "make it noir", "delete_video": False}


def submit(body: dict[str, Any] = BODY, endpoint_id: str = ID) -> fal.Submitted:
    return wait_for(fal.submit(endpoint_id, body))


def accepted() -> str:
    answer = submit()
    assert isinstance(answer, fal.Accepted)
    return answer.request_id


def test_an_accepted_request_has_the_body_that_was_given(sandbox: SandboxProcess) -> None:
    request_id = accepted()

    [request] = sandbox.accepted()
    assert request["request_id"] == request_id
    assert request["endpoint"] == ID
    assert request["input"] == BODY


@pytest.mark.parametrize(
    ("fault", "parameters", "outcome"),
    [
        ("drop_before", {}, fal.Unknown),
        ("drop_after", {}, fal.Unknown),
        ("cut", {}, fal.Unknown),
        ("garbage", {}, fal.Unknown),
        ("answer", {"status": 200, "body": {"request_id": None}}, fal.Unknown),
        ("answer", {"status": 200, "body": ["no object"]}, fal.Unknown),
        ("answer", {"status": 302, "body": ""}, fal.Unknown),
        ("answer", {"status": 408, "body": ""}, fal.Unknown),
        ("answer", {"status": 500, "body": {"detail": "oh"}}, fal.Unknown),
        ("answer", {"status": 502, "body": "<html>nginx</html>"}, fal.Unknown),
        ("answer", {"status": 504, "body": ""}, fal.Unknown),
        ("answer", {"status": 429, "body": {"detail": "slow"}}, fal.RefusedForNow),
        ("answer", {"status": 401, "body": {"detail": "key"}}, fal.Refused),
        ("answer", {"status": 404, "body": {"detail": "gone"}}, fal.Refused),
        ("answer", {"status": 422, "body": {"detail": []}}, fal.Refused),
    ],
)
def test_each_answer_to_a_submit_is_one_post_and_one_class(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any], outcome: type
) -> None:
    sandbox.misbehave("submit", fault, **parameters)

    answer = submit()

    assert type(answer) is outcome
    assert sandbox.calls()["submit"] == 1


def test_a_submit_that_is_never_answered_is_unknown(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.misbehave("submit", "stall", seconds=5)
    client = httpx.AsyncClient(timeout=httpx.Timeout(0.5, connect=5))
    monkeypatch.setattr(submitting, "_client", lambda: client)

    answer = submit()

    assert isinstance(answer, fal.Unknown)
    assert len(sandbox.accepted()) == 1


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"detail": "bad key"}, "credentials_refused"),
        (402, {"detail": "Exhausted balance"}, "credentials_refused"),
        (403, {"detail": "User is locked"}, "credentials_refused"),
        (404, {"detail": 'Application "sora-2" not found'}, "endpoint_retired"),
        (400, {"detail": {"error": "EndpointDeprecated", "message": "…"}}, "endpoint_retired"),
        (422, {"detail": [{"type": "missing", "msg": "…", "loc": []}]}, "missing"),
        (422, {"detail": "text", "error_type": "bad_request"}, "bad_request"),
        (413, "no JSON at all", "http_413"),
    ],
)
def test_a_refusal_has_a_code_and_shows_the_exchange(
    sandbox: SandboxProcess, status: int, body: object, code: str
) -> None:
    sandbox.misbehave("submit", "answer", status=status, body=body)

    answer = submit()

    assert isinstance(answer, fal.Refused)
    assert answer.code == code
    assert answer.message.startswith(f"HTTP {status}: ")


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [("7", 7, 7), ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0), ("soon", 5, 5), ("", 5, 5)],
)
def test_refused_for_now_says_for_how_long(
    sandbox: SandboxProcess, header: str, least: float, most: float
) -> None:
    sandbox.misbehave("submit", "answer", status=429, body="", headers={"Retry-After": header})

    answer = submit()

    assert isinstance(answer, fal.RefusedForNow)
    assert least <= answer.seconds <= most


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        monkeypatch.setattr(submitting, "FAL_QUEUE_RUN_HOST", f"127.0.0.1:{one.getsockname()[1]}")


@pytest.fixture
def plain_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that speaks no TLS."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _address = server.accept()
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    monkeypatch.setattr(submitting, "FAL_QUEUE_RUN_HOST", f"127.0.0.1:{server.getsockname()[1]}")
    yield
    thread.join(10)
    server.close()


@pytest.mark.usefixtures("running_sandbox", "nobody")
def test_a_refused_connection_sends_nothing() -> None:
    assert isinstance(submit(), fal.NotSent)


@pytest.mark.usefixtures("running_sandbox", "plain_server")
def test_a_failed_handshake_sends_nothing() -> None:
    assert isinstance(submit(), fal.NotSent)


@pytest.mark.usefixtures("running_sandbox")
def test_an_unknown_name_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitting, "FAL_QUEUE_RUN_HOST", "nowhere.invalid")

    assert isinstance(submit(), fal.NotSent)


@pytest.mark.parametrize("key", ["bad-key", "two\nlines", "schlüssel"])
def test_a_wrong_key_is_refused(sandbox: SandboxProcess, settings: Any, key: str) -> None:
    settings.SORA_REMIX_FAL_KEY = key

    answer = submit()

    assert isinstance(answer, fal.Refused)
    assert answer.code == "credentials_refused"
    assert key not in answer.message


def test_no_key_at_all_is_refused(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.delenv("FAL_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FAL_HOME_DIR", str(tmp_path))

    answer = submit()

    assert isinstance(answer, fal.Refused)
    assert answer.code == "credentials_refused"
    assert sandbox.calls()["submit"] == 0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(httpx.ConnectError("login server"), fal.NotSent), (OSError("home"), fal.NotSent)],
)
def test_a_key_that_can_not_be_fetched_just_now_sends_nothing(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: type
) -> None:
    async def fetch() -> None:
        raise error

    monkeypatch.setattr(answers, "fetch_auth_credentials_async", fetch)

    assert type(submit()) is outcome
    assert sandbox.calls()["submit"] == 0


def test_the_certificate_of_the_environment_is_trusted_and_no_other(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = httpx.AsyncClient(verify=ssl.create_default_context(cafile=certifi.where()))
    monkeypatch.setattr(submitting, "_client", lambda: stranger)

    assert isinstance(submit(), fal.NotSent)
    assert sandbox.accepted() == []
