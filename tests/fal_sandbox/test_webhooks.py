"""The sandbox calls webhooks as fal does."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from example_project.fal_sandbox.process import SandboxProcess
from tests.fal_sandbox.callers import PATIENCE, completed, submit


class Listener(http.server.BaseHTTPRequestHandler):
    """Keeps what arrives, and answers the statuses it was given, then 200."""

    arrived: list[tuple[dict[str, str], bytes]]
    answers: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(self.answers.pop(0) if self.answers else 200)
        self.end_headers()
        self.arrived.append((headers, body))

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def doorbell() -> Iterator[tuple[str, type[Listener]]]:
    listener = type("OwnListener", (Listener,), {"arrived": [], "answers": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), listener)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook/", listener
    server.shutdown()
    thread.join()
    server.server_close()


def wait_for(listener: type[Listener], count: int) -> list[tuple[dict[str, str], bytes]]:
    deadline = time.monotonic() + PATIENCE
    while len(listener.arrived) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return listener.arrived


def is_signed(fal: httpx.Client, headers: dict[str, str], body: bytes) -> bool:
    x = fal.get("/.well-known/jwks.json").json()["keys"][0]["x"]
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "="))
    names = ("request-id", "user-id", "timestamp")
    lines = [headers[f"x-fal-webhook-{name}"] for name in names]
    message = "\n".join([*lines, hashlib.sha256(body).hexdigest()]).encode()
    try:
        key.verify(bytes.fromhex(headers["x-fal-webhook-signature"]), message)
    except InvalidSignature:
        return False
    return True


def test_webhook_is_signed(
    sandbox: SandboxProcess, fal: httpx.Client, doorbell: tuple[str, type[Listener]]
) -> None:
    url, listener = doorbell
    receipt = submit(fal, webhook=url)

    ((headers, body),) = wait_for(listener, 1)

    said = json.loads(body)
    assert is_signed(fal, headers, body)
    assert headers["x-fal-webhook-user-id"] == "sandbox-user"
    assert (said["request_id"], said["status"]) == (receipt["request_id"], "OK")
    assert said["payload"] == fal.get(receipt["response_url"]).json()


def test_webhook_reports_failure(
    sandbox: SandboxProcess, fal: httpx.Client, doorbell: tuple[str, type[Listener]]
) -> None:
    url, listener = doorbell
    submit(fal, "forbidden", webhook=url)

    said = json.loads(wait_for(listener, 1)[0][1])

    assert (said["status"], said["error"]) == ("ERROR", "Invalid status code: 422")
    assert said["payload"]["detail"][0]["type"] == "content_policy_violation"


def test_webhook_is_repeated_until_it_is_accepted(
    sandbox: SandboxProcess, fal: httpx.Client, doorbell: tuple[str, type[Listener]]
) -> None:
    url, listener = doorbell
    listener.answers = [503]
    submit(fal, webhook=url)

    assert len(wait_for(listener, 2)) == 2
    assert sandbox.calls()["webhook"] == 2


@pytest.mark.parametrize(
    ("fault", "arrivals", "signed"),
    [
        ("repeat", 2, True),
        ("delay", 1, True),
        ("garbage", 1, True),
        ("stale", 1, True),
        ("wrong_user", 1, True),
        ("bad_signature", 1, False),
    ],
)
def test_webhook_can_be_faulty(
    sandbox: SandboxProcess,
    fal: httpx.Client,
    doorbell: tuple[str, type[Listener]],
    fault: str,
    arrivals: int,
    signed: bool,
) -> None:
    url, listener = doorbell
    sandbox.misbehave("webhook", fault)
    submit(fal, webhook=url)

    arrived = wait_for(listener, arrivals)

    assert len(arrived) == arrivals
    headers, _ = arrived[0]
    assert is_signed(fal, *arrived[0]) == signed
    assert (headers["x-fal-webhook-user-id"] == "sandbox-user") == (fault != "wrong_user")
    assert (time.time() - int(headers["x-fal-webhook-timestamp"]) > 300) == (fault == "stale")


def test_lost_webhook_never_arrives(
    sandbox: SandboxProcess, fal: httpx.Client, doorbell: tuple[str, type[Listener]]
) -> None:
    url, listener = doorbell
    sandbox.misbehave("webhook", "drop_before")
    completed(fal, submit(fal, webhook=url))

    assert listener.arrived == []
    assert sandbox.calls()["webhook"] == 0
