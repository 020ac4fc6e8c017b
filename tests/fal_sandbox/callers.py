"""Clients of the sandbox, and what they often ask for."""

from __future__ import annotations

import io
import ssl
import time
from pathlib import Path
from typing import Any

import av
import httpx

from example_project.fal_sandbox.process import SandboxProcess

REMIX = "/fal-ai/sora-2/video-to-video/remix"
DROPPED = (httpx.ReadError, httpx.RemoteProtocolError)
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
PATIENCE = 60
"""Seconds that anything may take on a busy machine."""
FOREVER = 600
"""Seconds that a request takes that does not come off during a test."""


def client_of(process: SandboxProcess, base_url: str = "") -> httpx.Client:
    """Return a client with a key that trusts this sandbox."""
    return httpx.Client(
        base_url=base_url or process.url,
        verify=ssl.create_default_context(cafile=process.certificate),
        headers={"Authorization": "Key anything"},
        timeout=PATIENCE,
    )


def submit(fal: httpx.Client, prompt: str = "noir", **others: Any) -> dict[str, Any]:
    params = {"fal_webhook": others.pop("webhook")} if "webhook" in others else {}
    body = {"video_id": "video_sea", "prompt": prompt, **others}
    answer = fal.post(REMIX, json=body, params=params)
    assert answer.status_code == 200, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def completed(fal: httpx.Client, receipt: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while (answer := fal.get(receipt["status_url"])).status_code == 202:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    status: dict[str, Any] = answer.json()
    return status


def started(fal: httpx.Client, receipt: dict[str, Any]) -> httpx.Response:
    """Return the first status that is not that of a waiting request."""
    deadline = time.monotonic() + PATIENCE
    while (answer := fal.get(receipt["status_url"], params={"logs": "1"})).json()[
        "status"
    ] == "IN_QUEUE":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer


def remixed(fal: httpx.Client, prompt: str = "noir", **others: Any) -> dict[str, Any]:
    receipt = submit(fal, prompt, **others)
    completed(fal, receipt)
    output: dict[str, Any] = fal.get(receipt["response_url"]).raise_for_status().json()
    return output


def frames(video: bytes | Path) -> list[bytes]:
    file = str(video) if isinstance(video, Path) else io.BytesIO(video)
    with av.open(file, "r") as container:
        return [
            bytes(frame.reformat(format="gray").planes[0])
            for frame in container.decode(container.streams.video[0])
        ]
