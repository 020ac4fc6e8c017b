"""The sandbox can lock its account and revoke the key, and restore both."""

from __future__ import annotations

import httpx
import pytest

from example_project.fal_sandbox.process import SandboxProcess

ENDPOINT = "/fal-ai/sora-2/video-to-video/remix"
TOKEN = "/storage/auth/token?storage_type=fal-cdn-v3"
BODY = {"video_id": "video_sea", "prompt": "noir"}


def _submit(fal: httpx.Client, **headers: str) -> httpx.Response:
    return fal.post(ENDPOINT, json=BODY, headers=headers)


def _codes(fal: httpx.Client, request: str) -> list[int]:
    """Return the codes of a submit, an upload's token, a status and the list of prices."""
    prices = f"/v1/models/pricing?endpoint_id={ENDPOINT.strip('/')}"
    calls = (_submit(fal), fal.post(TOKEN), fal.get(f"{request}/status"), fal.get(prices))
    return [answer.status_code for answer in calls]


@pytest.fixture
def request_url(fal: httpx.Client) -> str:
    """A request that was accepted while all was well."""
    url: str = _submit(fal).json()["response_url"]
    return url


def test_locked_account_can_not_spend_but_can_ask(
    sandbox: SandboxProcess, fal: httpx.Client, request_url: str
) -> None:
    sandbox.lock_account("TOP_UP")

    codes, refusal = _codes(fal, request_url), _submit(fal)

    assert codes[:2] == [403, 403]
    assert codes[2] in (200, 202)
    assert codes[3] == 200
    assert refusal.json() == {"detail": "User is locked. Reason: TOP_UP."}


def test_revoked_key_gets_nothing(
    sandbox: SandboxProcess, fal: httpx.Client, request_url: str
) -> None:
    sandbox.revoke_key()

    assert _codes(fal, request_url) == [401] * 4


def test_account_can_be_refused_after_some_requests_and_restored(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    sandbox.lock_account(after=2)

    codes = [_submit(fal).status_code for _ in range(4)]
    sandbox.restore_account()

    assert codes == [200, 200, 403, 403]
    assert _submit(fal).status_code == 200
    assert len(sandbox.accepted()) == 3


def test_reset_restores_the_account(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.revoke_key()

    sandbox.reset()

    assert _submit(fal).status_code == 200
