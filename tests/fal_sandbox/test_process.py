"""The sandbox as a process: its restarts, its key, its port, its end."""

from __future__ import annotations

import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxError, SandboxProcess
from example_project.fal_sandbox.scenes import SCENES
from tests.fal_sandbox.callers import PATIENCE, REMIX, completed, frames, remixed, submit


def test_restart_keeps_library_files_and_certificate(tmp_path: Path, library_clip: Path) -> None:
    sandbox = SandboxProcess(tmp_path, queue_seconds=0, run_seconds=0)
    with sandbox:
        sandbox.add_video("video_kept", library_clip)
        context = ssl.create_default_context(cafile=sandbox.certificate)
    headers = {"Authorization": "Key k"}
    client = httpx.Client(verify=context, base_url=sandbox.url, headers=headers, timeout=PATIENCE)

    with client, sandbox:
        video = remixed(client, video_id="video_kept")["video"]
    with sandbox:
        assert httpx.get(video["url"], verify=context, timeout=PATIENCE).content
    assert len((tmp_path / "accepted.jsonl").read_text().splitlines()) == 1


def test_request_from_before_a_restart_is_continued(tmp_path: Path, library_clip: Path) -> None:
    sandbox = SandboxProcess(tmp_path, queue_seconds=0, run_seconds=0)

    def client() -> httpx.Client:
        context = ssl.create_default_context(cafile=sandbox.certificate)
        headers = {"Authorization": "Key k"}
        return httpx.Client(verify=context, base_url=sandbox.url, headers=headers, timeout=PATIENCE)

    with sandbox, client() as first:
        sandbox.add_video("video_kept", library_clip)
        receipt = submit(first, video_id="video_kept")
    with sandbox, client() as second:
        status = completed(second, receipt)
        result = second.get(receipt["response_url"])

    assert (status["status"], result.status_code) == ("COMPLETED", 200)
    assert len((tmp_path / "accepted.jsonl").read_text().splitlines()) == 1


def test_only_the_given_key_is_accepted(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, key="only-this") as sandbox:
        context = ssl.create_default_context(cafile=sandbox.certificate)
        keys = [sandbox.environment()["FAL_KEY"], "other"]
        answers = [
            httpx.post(
                sandbox.url + REMIX,
                verify=context,
                headers={"Authorization": f"Key {key}"},
                timeout=PATIENCE,
            )
            for key in keys
        ]

    assert [answer.status_code for answer in answers] == [422, 401]


def test_taken_port_is_reported(sandbox: SandboxProcess, tmp_path: Path) -> None:
    port = int(sandbox.host.partition(":")[2])

    with pytest.raises(SandboxError, match=f"cannot listen on 127.0.0.1:{port}"):
        SandboxProcess(tmp_path, port=port).start()


def is_up(url: str, context: ssl.SSLContext) -> bool:
    try:
        return httpx.get(f"{url}/_sandbox/calls", verify=context, trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_sandbox_ends_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, pathlib; from example_project.fal_sandbox.process import SandboxProcess\n"
        f"sandbox = SandboxProcess(pathlib.Path({str(tmp_path)!r})); sandbox.start()\n"
        "print(sandbox.url, flush=True); os._exit(0)"
    )
    url = subprocess.check_output([sys.executable, "-c", code], text=True).strip()

    context = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and is_up(url, context):
        time.sleep(0.1)
    assert not is_up(url, context)


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_can_be_drawn(scene: str, tmp_path: Path) -> None:
    draw_clip(tmp_path / "clip.mp4", scene, seconds=0.5, width=96, height=54)

    assert len(frames(tmp_path / "clip.mp4")) == 12
