"""The sandbox records the headers that say how a request may run, and keeps to them."""

from __future__ import annotations

import httpx

from example_project.fal_sandbox.process import SandboxProcess
from tests.processes import wait_until

ENDPOINT = "/fal-ai/sora-2/video-to-video/remix"
BODY = {"video_id": "video_sea", "prompt": "noir"}


def _submit(fal: httpx.Client, **headers: str) -> httpx.Response:
    return fal.post(ENDPOINT, json=BODY, headers=headers)


def test_headers_that_say_how_to_run_are_recorded(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    said = {"x-app-fal-disable-fallback": "true", "x-fal-no-retry": "1"}

    _submit(fal, **said, **{"X-Other": "1"})

    assert sandbox.accepted()[0]["headers"] == said


def test_request_that_does_not_start_in_time_fails_with_a_timeout(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    sandbox.timing(queue_seconds=60)

    url = _submit(fal, **{"X-Fal-Request-Timeout": "0.1"}).json()["response_url"]
    wait_until(lambda: fal.get(f"{url}/status").status_code == 200)

    result = fal.get(url)
    assert (result.status_code, result.json()["error_type"]) == (504, "request_timeout")
    assert result.headers["X-Fal-Request-Timeout-Type"] == "user"
