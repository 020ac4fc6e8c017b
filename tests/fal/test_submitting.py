"""Each request is one POST, and each answer has one outcome; over the wire."""

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
from sora_remix.fal import credentials, submitting
from sora_remix.request_pool import wait_for

ID = SORA_2.endpoint_id
BODY = {"video_id": "video_clip", "prompt": "make it noir", "delete_video": False}


def submit(body: dict[str, Any] = BODY, endpoint_id: str = ID) -> fal.Submitted:
    return wait_for(fal.submit(endpoint_id, body))


def accepted() -> str:
    answer = submit()
    assert isinstance(answer, fal.Accepted)
    return answer.request_id


def test_accepted_request_has_the_given_body(sandbox: SandboxProcess) -> None:
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
        ("answer", {"status": 401, "body": {"detail": "key"}}, fal.AccountHeld),
        ("answer", {"status": 403, "body": {"detail": "model"}}, fal.Refused),
        ("answer", {"status": 404, "body": {"detail": "gone"}}, fal.Refused),
        ("answer", {"status": 422, "body": {"detail": []}}, fal.Refused),
    ],
)
def test_each_answer_to_a_submit_is_one_post_and_one_outcome(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any], outcome: type
) -> None:
    sandbox.misbehave("submit", fault, **parameters)

    answer = submit()

    assert type(answer) is outcome
    assert sandbox.calls()["submit"] == 1


def test_unanswered_submit_is_unknown(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.misbehave("submit", "stall", seconds=60)
    client = httpx.AsyncClient(timeout=httpx.Timeout(2, connect=60))
    monkeypatch.setattr(submitting, "_client", lambda: client)

    answer = submit()

    assert isinstance(answer, fal.Unknown)
    assert len(sandbox.accepted()) == 1


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, {"detail": "This key may not use the application."}, "endpoint_forbidden"),
        (403, {"detail": "no", "error_type": "bad_request"}, "bad_request"),
        (404, {"detail": 'Application "sora-2" not found'}, "endpoint_retired"),
        (400, {"detail": {"error": "EndpointDeprecated", "message": "…"}}, "endpoint_retired"),
        (422, {"detail": [{"type": "missing", "msg": "…", "loc": []}]}, "missing"),
        (422, {"detail": "text", "error_type": "bad_request"}, "bad_request"),
        (413, "no JSON at all", "http_413"),
    ],
)
def test_refusal_has_a_code_and_the_exchange(
    sandbox: SandboxProcess, status: int, body: object, code: str
) -> None:
    sandbox.misbehave("submit", "answer", status=status, body=body)

    answer = submit()

    assert isinstance(answer, fal.Refused)
    assert answer.code == code
    assert answer.message.startswith(f"HTTP {status}: ")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"detail": "No user found for this key"}, "key_refused"),
        (401, {"detail": "User is locked. Reason: Exhausted balance."}, "account_locked"),
        (402, "", "account_locked"),
        (
            403,
            {"detail": "The user is locked. Reason: …"},
            "account_locked",
        ),
        (403, {"detail": "TOP_UP"}, "account_locked"),
        (403, {"detail": [{"msg": "Reason: Admin lock", "type": "forbidden"}]}, "account_locked"),
        (403, "<p>exhausted balance</p>", "account_locked"),
    ],
)
def test_answer_about_the_account_is_told_from_one_about_the_request(
    sandbox: SandboxProcess, status: int, body: object, code: str
) -> None:
    sandbox.misbehave("submit", "answer", status=status, body=body)

    answer = submit()

    assert isinstance(answer, fal.AccountHeld)
    assert answer.code == code
    assert answer.message.startswith(f"HTTP {status}: ")


def test_submit_forbids_other_models_and_limits_nothing_else_by_default(
    sandbox: SandboxProcess,
) -> None:
    accepted()

    assert sandbox.accepted()[0]["headers"] == {"x-app-fal-disable-fallback": "true"}


def test_submit_says_by_when_to_start_and_not_to_retry(
    sandbox: SandboxProcess, settings: Any
) -> None:
    settings.SORA_REMIX_START_TIMEOUT = 90.5
    settings.SORA_REMIX_FAL_RETRIES = False

    accepted()

    assert sandbox.accepted()[0]["headers"] == {
        "x-app-fal-disable-fallback": "true",
        "x-fal-request-timeout": "90.5",
        "x-fal-no-retry": "1",
    }


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        ("0", 1, 1),
        ("-5", 1, 1),
        ("1e20", 3600, 3600),
        ("99999999999", 3600, 3600),
        ("inf", 5, 5),
        ("-inf", 5, 5),
        ("nan", 5, 5),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1, 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600, 3600),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 3600, 3600),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", 5, 5),
        ("Fri, 31 Dec 2100 23:59:59 -0000", 5, 5),
        ("soon", 5, 5),
        ("", 5, 5),
        ("9" * 5000, 5, 5),
    ],
)
def test_temporary_refusal_has_a_waiting_time(
    sandbox: SandboxProcess, header: str, least: float, most: float
) -> None:
    sandbox.misbehave("submit", "answer", status=429, body="", headers={"Retry-After": header})

    answer = submit()

    assert isinstance(answer, fal.RefusedForNow)
    assert least <= answer.seconds <= most


def test_long_request_id_is_accepted(sandbox: SandboxProcess) -> None:
    sandbox.misbehave("submit", "answer", status=200, body={"request_id": "é" * 255})

    assert accepted() == "é" * 255


@pytest.mark.parametrize(
    ("request_id", "shown"),
    [
        ("x" * 256, "x" * 256),
        ("x" * 600, "x" * 500),
        ("fal-1\0", "fal-1"),
        ("fal-1\n", "fal-1"),
        ("\ud83dfal-1", "fal-1"),
        ("\x1b[2Jfal-1", "[2Jfal-1"),
    ],
)
def test_unstorable_request_id_is_shown(
    sandbox: SandboxProcess, request_id: str, shown: str
) -> None:
    sandbox.misbehave("submit", "answer", status=200, body={"request_id": request_id})

    answer = submit()

    assert isinstance(answer, fal.Unknown)
    assert answer.message.endswith(f": {shown}")


@pytest.mark.parametrize("status", [200, 422, 429, 500])
@pytest.mark.parametrize("body", ["[" * 100_000, '{"request_id": ' + "9" * 5000 + "}"])
def test_unparsable_json_is_no_answer(sandbox: SandboxProcess, status: int, body: str) -> None:
    sandbox.misbehave("submit", "answer", status=status, body=body)

    answer = submit()

    assert not isinstance(answer, fal.Accepted | fal.NotSent)
    assert len(answer.message) < 600


@pytest.mark.parametrize("fault", ["bomb", "drip"])
@pytest.mark.usefixtures("broken_handshakes")
def test_endless_answer_leaves_the_request_unconfirmed(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(submitting, "SUBMIT_SECONDS", 2)
    sandbox.misbehave("submit", fault)

    assert isinstance(submit(), fal.Unknown)
    assert len(sandbox.accepted()) == 1


@pytest.mark.parametrize(
    ("body", "endpoint_id"),
    [
        ({"prompt": "half \ud83d"}, ID),
        ({"prompt": float("nan")}, ID),
        ({"prompt": object()}, ID),
        (BODY, "fal-ai/\0"),
        (BODY, "fal-ai/\ud83d"),
    ],
)
def test_unserializable_request_is_refused(
    sandbox: SandboxProcess, body: dict[str, Any], endpoint_id: str
) -> None:
    answer = submit(body, endpoint_id)

    assert isinstance(answer, fal.Refused)
    assert answer.code == "request_not_sendable"
    assert sandbox.calls()["submit"] == 0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (OSError("certificate"), fal.NotSent),
        (ValueError("Unknown scheme for proxy URL"), fal.Refused),
    ],
)
def test_failed_client_creation_sends_nothing(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: type
) -> None:
    def make() -> None:
        raise error

    monkeypatch.setattr(submitting, "_client", make)

    assert type(submit()) is outcome


@pytest.mark.parametrize("error", [RuntimeError("boom"), RecursionError(), OSError("disk")])
def test_any_failure_during_the_post_leaves_the_request_unconfirmed(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", fail)

    assert isinstance(submit(), fal.Unknown)


def test_space_around_the_key_is_stripped(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAL_KEY", " sandbox-key \n")

    assert accepted()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port without a listener."""
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
def test_refused_connection_sends_nothing() -> None:
    assert isinstance(submit(), fal.NotSent)


@pytest.mark.usefixtures("running_sandbox", "plain_server")
def test_failed_handshake_sends_nothing() -> None:
    assert isinstance(submit(), fal.NotSent)


@pytest.mark.usefixtures("running_sandbox")
def test_unknown_host_name_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitting, "FAL_QUEUE_RUN_HOST", "nowhere.invalid")

    assert isinstance(submit(), fal.NotSent)


@pytest.mark.parametrize("key", ["bad-key", "two\nlines", "schlüssel"])
def test_wrong_key_is_refused(sandbox: SandboxProcess, settings: Any, key: str) -> None:
    settings.SORA_REMIX_FAL_KEY = key

    answer = submit()

    assert isinstance(answer, fal.AccountHeld)
    assert answer.code == ("key_refused" if key == "bad-key" else "key_missing")
    assert key not in answer.message


def test_missing_key_is_refused(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.delenv("FAL_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FAL_HOME_DIR", str(tmp_path))

    answer = submit()

    assert isinstance(answer, fal.AccountHeld)
    assert answer.code == "key_missing"
    assert sandbox.calls()["submit"] == 0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError("login server"), fal.NotSent),
        (httpx.ReadTimeout("login server"), fal.NotSent),
        (OSError("home"), fal.NotSent),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "token file"), fal.AccountHeld),
        (KeyError("access_token"), fal.AccountHeld),
        (RecursionError("token file"), fal.AccountHeld),
    ],
)
def test_temporarily_unavailable_key_sends_nothing(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: type
) -> None:
    async def fetch() -> None:
        raise error

    monkeypatch.setattr(credentials, "fetch_auth_credentials_async", fetch)

    assert type(submit()) is outcome
    assert sandbox.calls()["submit"] == 0


def test_only_the_certificate_of_the_environment_is_trusted(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = httpx.AsyncClient(verify=ssl.create_default_context(cafile=certifi.where()))
    monkeypatch.setattr(submitting, "_client", lambda: stranger)

    assert isinstance(submit(), fal.NotSent)
    assert sandbox.accepted() == []
