"""The gateway, over the wire."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import certifi
import fal_client
import httpx
import pytest
from fal_client.auth import MissingCredentialsError

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.endpoints import SORA_2
from sora_remix.exceptions import NotReady, RemoteCancelled, RemoteFailure, TryLater
from sora_remix.fal import queue
from sora_remix.flight import wait_for

ID = SORA_2.endpoint_id
BODY = {"video_id": "video_clip", "prompt": "make it noir", "delete_video": False}


def submit(body: dict[str, Any] = BODY, endpoint_id: str = ID) -> fal.Submitted:
    return wait_for(fal.submit(endpoint_id, body))


def accepted() -> str:
    answer = submit()
    assert isinstance(answer, fal.Accepted)
    return answer.request_id


def progress(request_id: str) -> fal.Progress:
    return wait_for(fal.progress(ID, request_id))


def result(request_id: str) -> fal.Result:
    return wait_for(fal.result(ID, request_id, SORA_2.outputs))


def finished(request_id: str) -> str:
    async def poll() -> None:
        async with asyncio.timeout(20):
            while not (await fal.progress(ID, request_id)).is_finished:
                await asyncio.sleep(0.05)

    wait_for(poll())
    return request_id


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
    monkeypatch.setattr(queue, "_submit_client", lambda: client)

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
        monkeypatch.setattr(queue, "FAL_QUEUE_RUN_HOST", f"127.0.0.1:{one.getsockname()[1]}")


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
    monkeypatch.setattr(queue, "FAL_QUEUE_RUN_HOST", f"127.0.0.1:{server.getsockname()[1]}")
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
    monkeypatch.setattr(queue, "FAL_QUEUE_RUN_HOST", "nowhere.invalid")

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

    monkeypatch.setattr(queue, "fetch_auth_credentials_async", fetch)

    assert type(submit()) is outcome
    assert sandbox.calls()["submit"] == 0


def test_without_a_key_what_is_in_progress_waits_for_one(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = accepted()

    async def no_key() -> None:
        raise MissingCredentialsError

    client = fal_client.AsyncClient()
    monkeypatch.setattr("fal_client.client.fetch_auth_credentials_async", no_key)
    monkeypatch.setattr(queue, "_fal", lambda: client)

    with pytest.raises(TryLater):
        progress(request_id)
    with pytest.raises(TryLater):
        result(request_id)


def test_progress_goes_from_the_queue_to_finished(sandbox: SandboxProcess) -> None:
    sandbox.timing(queue_seconds=30)

    waiting = progress(accepted())

    assert waiting == fal.Progress(is_finished=False, position=0)
    sandbox.timing(queue_seconds=0, run_seconds=0.1)
    assert finished(accepted())


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("garbage", {}),
        ("answer", {"status": 200, "body": {"status": "PAUSED"}}),
        ("answer", {"status": 200, "body": {"status": "IN_PROGRESS"}}),
        ("answer", {"status": 200, "body": []}),
        ("answer", {"status": 500, "body": ""}),
        ("answer", {"status": 401, "body": {"detail": "key"}}),
        ("answer", {"status": 404, "body": {"status": "NOT_FOUND"}}),
    ],
)
def test_a_status_that_says_nothing_is_asked_for_again(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any]
) -> None:
    request_id = accepted()
    sandbox.misbehave("status", fault, **parameters)

    with pytest.raises(TryLater):
        progress(request_id)


def test_a_status_that_does_not_come_is_given_up(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = accepted()
    sandbox.misbehave("status", "drop_before")
    monkeypatch.setattr(queue, "ASK_SECONDS", 0.5)

    with pytest.raises(TryLater):
        progress(request_id)


def test_a_result_names_all_files(sandbox: SandboxProcess) -> None:
    answer = result(finished(accepted()))

    assert answer.video_url.startswith(f"{sandbox.url}/files/")
    assert answer.sora_id.startswith("video_")
    assert answer.thumbnail_url
    assert answer.spritesheet_url.endswith(".bin")


def test_a_result_may_lack_everything_but_its_video(sandbox: SandboxProcess) -> None:
    sandbox.misbehave("job", "no_extras")
    sandbox.misbehave("job", "output", merge={"video_id": None})

    answer = result(finished(accepted()))

    assert answer.video_url
    assert (answer.sora_id, answer.thumbnail_url, answer.spritesheet_url) == ("", "", "")


def test_a_result_that_is_not_there_yet_is_no_error(sandbox: SandboxProcess) -> None:
    sandbox.timing(run_seconds=30)

    with pytest.raises(NotReady):
        result(accepted())


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (422, {"detail": [{"type": "content_policy_violation", "msg": ""}]},
         "content_policy_violation"),
        (422, {"detail": "only text"}, "http_422"),
        (422, {"detail": {"error": "EndpointDeprecated"}}, "endpoint_retired"),
        (504, {"detail": [{"type": "generation_timeout", "msg": ""}]}, "generation_timeout"),
        (503, {"detail": "…", "error_type": "runner_disconnected"}, "runner_disconnected"),
        (499, {"detail": "…", "error_type": "client_cancelled"}, "client_cancelled"),
        (200, {"video": None}, "result_missing"),
        (200, {"video": {"url": 7}}, "result_missing"),
        (200, {}, "result_missing"),
    ],
)  # fmt: skip
def test_fals_own_word_for_a_failure_is_final(
    sandbox: SandboxProcess, status: int, body: object, code: str
) -> None:
    request_id = finished(accepted())
    sandbox.misbehave("result", "answer", status=status, body=body)

    with pytest.raises(RemoteFailure) as failure:
        result(request_id)

    assert failure.value.code == code


def test_a_failure_is_read_from_the_status_when_a_gateway_hides_the_result(
    sandbox: SandboxProcess,
) -> None:
    sandbox.misbehave("job", "fail", http_status=504, error_type="request_timeout", detail="late")
    request_id = finished(accepted())
    sandbox.misbehave("result", "answer", status=502, body="<html>nginx</html>")

    with pytest.raises(RemoteFailure) as failure:
        result(request_id)

    assert failure.value.code == "request_timeout"


@pytest.mark.parametrize(
    "misbehave",
    [
        lambda sandbox: None,
        lambda sandbox: sandbox.misbehave("cancel", "answer", status=404, body=""),
        lambda sandbox: sandbox.misbehave("cancel", "answer", status=400, body=""),
    ],
)
def test_a_wish_to_cancel_that_fal_answered_is_done(
    sandbox: SandboxProcess, misbehave: Callable[[SandboxProcess], None]
) -> None:
    sandbox.timing(queue_seconds=30)
    request_id = accepted()
    misbehave(sandbox)

    wait_for(fal.cancel(ID, request_id))

    assert sandbox.calls()["cancel"] == 1


def test_what_was_cancelled_in_the_queue_says_so(sandbox: SandboxProcess) -> None:
    sandbox.timing(queue_seconds=30)
    request_id = accepted()

    wait_for(fal.cancel(ID, request_id))

    with pytest.raises(RemoteCancelled):
        result(finished(request_id))


def test_a_wish_to_cancel_that_fal_did_not_answer_is_told_again(sandbox: SandboxProcess) -> None:
    request_id = accepted()
    sandbox.misbehave("cancel", "answer", status=500, body="")

    with pytest.raises(TryLater):
        wait_for(fal.cancel(ID, request_id))


@pytest.mark.parametrize(
    ("fault", "parameters", "error"),
    [
        ("garbage", {}, TryLater),
        ("drop_before", {}, TryLater),
        ("answer", {"status": 200, "body": ["a list"]}, TryLater),
        ("answer", {"status": 202, "body": {"status": "IN_PROGRESS"}}, NotReady),
        ("answer", {"status": 502, "body": "<html>nginx</html>"}, TryLater),
        ("answer", {"status": 401, "body": {"detail": "key"}}, TryLater),
        ("answer", {"status": 429, "body": {"detail": "slow"}}, TryLater),
        ("answer", {"status": 302, "body": ""}, TryLater),
    ],
)
def test_an_answer_that_says_nothing_of_the_result_is_asked_for_again(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any], error: type[TryLater]
) -> None:
    request_id = finished(accepted())
    sandbox.misbehave("result", fault, **parameters)

    with pytest.raises(error):
        result(request_id)


def test_the_certificate_of_the_environment_is_trusted_and_no_other(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = httpx.AsyncClient(verify=ssl.create_default_context(cafile=certifi.where()))
    monkeypatch.setattr(queue, "_submit_client", lambda: stranger)

    assert isinstance(submit(), fal.NotSent)
    assert sandbox.accepted() == []
