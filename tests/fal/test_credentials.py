"""The key reaches fal, and never an error report."""

from __future__ import annotations

import asyncio
import io
import logging
import traceback
from collections.abc import Callable, Coroutine
from datetime import timedelta
from types import TracebackType
from typing import Any

import httpx
import pytest
from django.test import RequestFactory
from django.utils import timezone
from django.views.debug import ExceptionReporter
from fal_client.auth import MissingCredentialsError

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.endpoints import SORA_2
from sora_remix.exceptions import TryLater
from sora_remix.fal import credentials, submitting
from sora_remix.fal.transport import BoundedClient
from sora_remix.request_pool import wait_for
from tests.fal.test_queue import BODY, ID

SECRET = "secret-0123456789"
KEY = f"key-id:{SECRET}"
CALLS: list[Callable[[], Coroutine[Any, Any, Any]]] = [
    lambda: fal.submit(ID, BODY),
    lambda: fal.progress(ID, "x"),
    lambda: fal.result(ID, "x", SORA_2.outputs),
    lambda: fal.cancel(ID, "x"),
    lambda: fal.sent_requests(ID, timezone.now()),
    lambda: fal.listed_endpoints([ID]),
    lambda: fal.prices([ID]),
    lambda: fal.check_key(),
    lambda: fal.charges(["x"], timezone.now()),
    lambda: fal.balance(),
    lambda: fal.upload("a.mp4", "video/mp4", io.BytesIO(b"x"), timedelta(days=1)),
]

KINDS = (
    *("submit", "status", "result", "cancel", "list", "models"),
    *("pricing", "billing", "balance", "token"),
)


@pytest.fixture(autouse=True)
def _key(settings: Any, sandbox: SandboxProcess) -> None:
    settings.SORA_REMIX_FAL_KEY = KEY
    settings.SORA_REMIX_FAL_ADMIN_KEY = f"admin-id:{SECRET}"
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url


def _errors(error: BaseException | None) -> list[BaseException]:
    """Return an error with its whole chain, hidden causes included."""
    if error is None:
        return []
    return [error, *_errors(error.__cause__), *_errors(error.__context__)]


def _variables(trace: TracebackType | None) -> str:
    frames = [frame for frame, _line in traceback.walk_tb(trace)]
    ours = [frame for frame in frames if frame.f_code.co_filename != __file__]
    return "\n".join(repr(value) for frame in ours for value in frame.f_locals.values())


def _report(error: BaseException) -> str:
    """Return the error report that Django mails to administrators."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next  # tests know the key
    reporter = ExceptionReporter(RequestFactory().get("/"), type(error), error, trace)
    return reporter.get_traceback_html() + reporter.get_traceback_text()


def _failing_client(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> list[str]:
    """Let the transport break with the signed request in its hands; note the signatures."""
    signed: list[str] = []

    async def fail(_transport: object, request: httpx.Request) -> None:
        line = request.headers["Authorization"]
        signed.append(line)
        raise error from ValueError(line)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", fail)
    return signed


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("boom"),
        RecursionError("deep"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x"),
        httpx.LocalProtocolError("odd"),
        asyncio.CancelledError(),
        SystemExit(1),
    ],
)
def test_no_client_error_contains_the_key(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    signed = _failing_client(monkeypatch, error)

    async def call() -> BaseException:
        key = await credentials.credentials()
        async with BoundedClient(1000) as client:
            with pytest.raises(type(error)) as failure:
                await client.get("https://queue.fal.run", auth=key)
        return failure.value

    raised = wait_for(call())

    assert signed == [f"Key {KEY}"]
    assert raised is error
    assert _errors(raised) == [raised]
    assert SECRET not in _variables(raised.__traceback__)
    assert SECRET not in _report(raised)


def test_error_still_names_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    _failing_client(monkeypatch, RuntimeError("boom"))

    async def call() -> None:
        async with BoundedClient(1000) as client:
            await client.get("https://queue.fal.run", auth=await credentials.credentials())

    with pytest.raises(RuntimeError) as raised:
        wait_for(call())

    [note] = raised.value.__notes__
    assert "raise error from ValueError(line)" in note
    assert SECRET not in note


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [200, 400, 401, 404, 413, 422, 429, 500, 502])
def test_key_repeated_by_a_server_is_hidden(
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    call: Callable[[], Coroutine[Any, Any, Any]],
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "httpcore")  # at DEBUG it logs what is on the wire
    monkeypatch.setattr("fal_client.client.MAX_ATTEMPTS", 2)
    for kind in KINDS:
        headers = {"X-Fal-Error-Type": KEY} if status == 500 else {}
        body = f"nginx: you sent Key {KEY}"
        sandbox.misbehave(kind, "answer", status=status, body=body, headers=headers)

    told = wait_for(_told(call()))

    assert SECRET not in repr(told)
    assert SECRET not in caplog.text
    for error in _errors(told if isinstance(told, Exception) else None):
        assert SECRET not in f"{error} {_report(error)}"
        assert SECRET not in _variables(error.__traceback__)


async def _told(call: Coroutine[Any, Any, Any]) -> Any:
    """Return an answer or an error."""
    return (await asyncio.gather(call, return_exceptions=True))[0]


def test_token_of_the_storage_is_hidden(sandbox: SandboxProcess) -> None:
    body = {"token": "token-of-the-storage", "token_type": "Bearer"}
    sandbox.misbehave("token", "answer", status=200, body=body)

    with pytest.raises(TryLater) as failure:
        wait_for(CALLS[-1]())

    assert "token-of-the-storage" not in _report(failure.value)


@pytest.mark.parametrize("key", [f"{KEY}ü", f"key-id:\n{SECRET}"])
@pytest.mark.parametrize(
    "call", [lambda: wait_for(credentials.credentials()), credentials.admin_credentials]
)
def test_unsendable_key_is_hidden(settings: Any, key: str, call: Callable[[], Any]) -> None:
    settings.SORA_REMIX_FAL_KEY = settings.SORA_REMIX_FAL_ADMIN_KEY = key

    with pytest.raises(MissingCredentialsError) as failure:
        call()

    assert SECRET not in _variables(failure.value.__traceback__)
    assert SECRET not in _report(failure.value)


def test_unreadable_login_does_not_show_its_token(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SORA_REMIX_FAL_KEY = None

    async def fetch() -> None:
        token = SECRET
        raise httpx.ReadTimeout("login server") from ValueError(token)

    monkeypatch.delenv("FAL_KEY")
    monkeypatch.setattr(credentials, "fetch_auth_credentials_async", fetch)

    with pytest.raises(httpx.ReadTimeout) as failure:
        wait_for(credentials.credentials())

    assert all(SECRET not in _variables(one.__traceback__) for one in _errors(failure.value))
    assert SECRET not in _report(failure.value)


def test_blank_key_is_no_key(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SORA_REMIX_FAL_KEY = " \n"
    monkeypatch.setenv("FAL_KEY", KEY)
    request = httpx.Request("GET", "https://queue.fal.run")

    next(wait_for(credentials.credentials()).auth_flow(request))

    assert request.headers["Authorization"] == f"Key {KEY}"


def test_changed_key_is_used_at_once(sandbox: SandboxProcess, settings: Any) -> None:
    answer = wait_for(fal.submit(ID, BODY))
    assert isinstance(answer, fal.Accepted)
    wait_for(fal.progress(ID, answer.request_id))
    settings.SORA_REMIX_FAL_KEY = "bad-key"

    with pytest.raises(Exception, match="FalClientHTTPError"):
        wait_for(fal.progress(ID, answer.request_id))


def test_clients_and_keys_do_not_show_the_key() -> None:
    key = wait_for(credentials.credentials())

    assert SECRET not in f"{key!r} {key} {submitting._client()!r}"


def test_digest_recognises_a_key_and_does_not_contain_it(settings: Any) -> None:
    digest = fal.key_digest()
    settings.SORA_REMIX_FAL_KEY = f" {KEY}\n"
    same = fal.key_digest()
    settings.SORA_REMIX_FAL_KEY = "another"

    assert digest == same != fal.key_digest()
    assert len(digest) == 64
    assert SECRET not in digest


def test_digest_depends_on_the_secret_key_of_the_site(settings: Any) -> None:
    digest = fal.key_digest()

    settings.SECRET_KEY = "another"

    assert fal.key_digest() != digest


@pytest.mark.parametrize(
    "variables", [{"FAL_KEY": KEY}, {"FAL_KEY_ID": "key-id", "FAL_KEY_SECRET": SECRET}]
)
def test_digest_is_the_same_wherever_the_key_is_set(
    settings: Any, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    digest = fal.key_digest()
    settings.SORA_REMIX_FAL_KEY = None
    for name in ("FAL_KEY", "FAL_KEY_ID", "FAL_KEY_SECRET"):
        monkeypatch.delenv(name, raising=False)
    missing = fal.key_digest()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert fal.key_digest() == digest
    assert missing == ""
