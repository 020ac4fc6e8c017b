"""The sandbox follows fal's protocol."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from example_project.fal_sandbox.process import SandboxProcess
from tests.fal_sandbox.callers import (
    FOREVER,
    REMIX,
    UNKNOWN_ID,
    completed,
    frames,
    remixed,
    started,
    submit,
)


def draw_with_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=30)
        picture.width, picture.height, picture.pix_fmt = 90, 160, "yuv420p"
        sound = container.add_stream("aac", rate=48000, layout="mono")
        for index in range(30):
            frame = av.VideoFrame(90, 160, "yuv420p")
            frame.pts = index
            container.mux(picture.encode(frame))
        for index in range(47):
            hum = av.AudioFrame("fltp", "mono", 1024)
            hum.planes[0].update(bytes(4096))
            hum.sample_rate, hum.pts = 48000, index * 1024
            container.mux(sound.encode(hum))
        for stream in (picture, sound):
            container.mux(stream.encode(None))


def sound_packets(video: str | io.BytesIO) -> int:
    with av.open(video, "r") as container:
        return sum(packet.size > 0 for packet in container.demux(audio=0))


def test_the_real_client_gets_a_remix(sandbox: SandboxProcess) -> None:
    code = (
        "import fal_client, json; print(json.dumps(fal_client.subscribe("
        f"{REMIX[1:]!r}, {{'video_id': 'video_sea', 'prompt': 'noir'}}, with_logs=True)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | sandbox.environment(),
        capture_output=True,
        check=True,
    )

    output = json.loads(said.stdout)
    assert output["video"]["url"].startswith(f"{sandbox.url}/files/b/")
    assert output["video_id"].startswith("video_")


def test_output_is_described_as_by_fal(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    output = remixed(fal)

    video = output["video"]
    assert (video["width"], video["height"], video["num_frames"]) == (160, 90, 24)
    assert video["file_size"] == len(fal.get(video["url"]).content)
    assert output["thumbnail"]["url"].endswith(".webp")
    assert output["thumbnail"]["width"] is None
    assert output["spritesheet"]["content_type"] == "image/jpg"


def test_result_plays_and_looks_different(
    sandbox: SandboxProcess, fal: httpx.Client, library_clip: Path
) -> None:
    result = frames(fal.get(remixed(fal, "in negative")["video"]["url"]).content)

    source = frames(library_clip)
    assert len(result) == len(source)
    distances = [abs(a - b) for a, b in zip(source[0], result[0], strict=True)]
    assert sum(distances) / len(distances) > 20


def test_pictures_can_be_decoded(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    output = remixed(fal)

    thumbnail = fal.get(output["thumbnail"]["url"])
    assert thumbnail.headers["content-type"] == "image/webp"
    assert thumbnail.content[8:12] == b"WEBP"
    assert fal.get(output["spritesheet"]["url"]).content.startswith(b"\xff\xd8\xff")


def test_status_takes_the_values_of_fal(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.timing(queue_seconds=FOREVER)
    queued = fal.get(submit(fal)["status_url"])
    sandbox.timing(queue_seconds=0, run_seconds=FOREVER)
    running = started(fal, submit(fal))
    sandbox.timing(run_seconds=0.4)
    done = completed(fal, submit(fal))

    assert (queued.status_code, running.status_code) == (202, 202)
    assert (queued.json()["status"], queued.json()["queue_position"]) == ("IN_QUEUE", 0)
    assert running.json()["status"] == "IN_PROGRESS"
    assert running.json()["logs"]
    assert (done["status"], done["logs"]) == ("COMPLETED", None)
    assert done["metrics"]["inference_time"] >= 0.4
    assert "error" not in done


def test_result_names_request_and_billed_seconds(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    receipt = submit(fal)
    completed(fal, receipt)

    headers = fal.get(receipt["response_url"]).headers
    assert headers["x-fal-request-id"] == receipt["request_id"]
    assert headers["x-fal-billable-units"] == "1.0"


def test_early_result_is_refused(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.timing(queue_seconds=FOREVER)

    answer = fal.get(submit(fal)["response_url"])

    assert answer.status_code == 400
    assert answer.json() == {"detail": "Request is still in progress"}


@pytest.mark.parametrize("key", ["bad-key", None])
def test_key_is_needed(sandbox: SandboxProcess, fal: httpx.Client, key: str | None) -> None:
    headers = {"Authorization": f"Key {key}" if key else ""}

    answer = fal.post(REMIX, json={}, headers=headers)

    assert answer.status_code == 401
    assert ("invalid key credentials" in answer.json()["detail"]) == bool(key)
    assert sandbox.accepted() == []
    assert sandbox.calls()["submit"] == 1


def test_unknown_application_is_not_found(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    answer = fal.post("/fal-ai/flux/schnell", json={})

    assert answer.status_code == 404
    assert answer.json() == {"detail": 'Application "flux" not found'}


@pytest.mark.parametrize(
    ("change", "field", "kind"),
    [
        ({"video_id": ...}, "video_id", "missing"),
        ({"prompt": 7}, "prompt", "string_type"),
        ({"prompt": ""}, "prompt", "string_too_short"),
        ({"delete_video": "no"}, "delete_video", "bool_type"),
    ],
)
def test_input_is_checked(
    sandbox: SandboxProcess, fal: httpx.Client, change: dict[str, Any], field: str, kind: str
) -> None:
    body = {"video_id": "video_sea", "prompt": "noir"} | change
    body = {key: value for key, value in body.items() if value is not ...}

    answer = fal.post(REMIX, json=body)

    assert answer.status_code == 422
    (complaint,) = answer.json()["detail"]
    assert (complaint["loc"], complaint["type"]) == (["body", field], kind)


@pytest.mark.parametrize("body", ["[]", "{"])
def test_body_must_be_an_object(sandbox: SandboxProcess, fal: httpx.Client, body: str) -> None:
    assert fal.post(REMIX, content=body).status_code == 422


@pytest.mark.parametrize(
    ("prompt", "video_id", "kind"),
    [
        ("noir", "video_never_made", "invalid_video_id"),
        ("noir", "../../etc/passwd", "invalid_video_id"),
        ("something Forbidden", "video_sea", "content_policy_violation"),
    ],
)
def test_model_refuses_input_only_when_it_runs(
    sandbox: SandboxProcess, fal: httpx.Client, prompt: str, video_id: str, kind: str
) -> None:
    receipt = submit(fal, prompt, video_id=video_id)
    status = completed(fal, receipt)

    answer = fal.get(receipt["response_url"])
    assert status["error"] == "Invalid status code: 422"
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == kind
    assert answer.headers["x-fal-retryable"] == "false"


def test_only_a_kept_result_can_be_remixed_again(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    kept = remixed(fal, delete_video=False)["video_id"]
    deleted = remixed(fal, delete_video=True)["video_id"]

    assert remixed(fal, video_id=kept)["video"]
    assert completed(fal, submit(fal, video_id=deleted))["error"] == "Invalid status code: 422"


def test_broken_source_fails_the_run(
    sandbox: SandboxProcess, fal: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    sandbox.add_video("video_text", tmp_path / "text.mp4")

    status = completed(fal, submit(fal, video_id="video_text"))

    assert status["error"] == "Invalid status code: 500"


def test_sound_is_carried_over(sandbox: SandboxProcess, fal: httpx.Client, tmp_path: Path) -> None:
    loud = tmp_path / "loud.mp4"
    draw_with_sound(loud)
    sandbox.add_video("video_loud", loud)

    result = fal.get(remixed(fal, video_id="video_loud")["video"]["url"]).content

    assert sound_packets(io.BytesIO(result)) == sound_packets(str(loud)) > 10


def test_library_forgets_a_deleted_video(
    sandbox: SandboxProcess, fal: httpx.Client, library_clip: Path
) -> None:
    sandbox.add_video("video_short_lived", library_clip)
    sandbox.remove_video("video_short_lived")

    assert "error" in completed(fal, submit(fal, video_id="video_short_lived"))


def test_queued_request_is_cancelled_at_once(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.timing(queue_seconds=FOREVER)
    receipt = submit(fal)

    answer = fal.put(receipt["cancel_url"])

    assert (answer.status_code, answer.json()) == (202, {"status": "CANCELLATION_REQUESTED"})
    assert fal.get(receipt["status_url"]).json()["error_type"] == "client_cancelled"
    assert fal.get(receipt["response_url"]).status_code == 499


def test_running_request_is_asked_to_stop(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.timing(run_seconds=FOREVER, cancellation_seconds=FOREVER)
    receipt = submit(fal)
    started(fal, receipt)

    fal.put(receipt["cancel_url"])

    assert fal.get(receipt["status_url"]).json()["status"] == "IN_PROGRESS"
    sandbox.timing(cancellation_seconds=0)
    fal.put(receipt["cancel_url"])
    assert completed(fal, receipt)["error_type"] == "client_cancelled"


def test_cancellation_of_a_finished_request_is_refused(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    receipt = submit(fal)
    completed(fal, receipt)

    answer = fal.put(receipt["cancel_url"])

    assert (answer.status_code, answer.json()) == (400, {"status": "ALREADY_COMPLETED"})


@pytest.mark.parametrize(("method", "tail"), [("GET", "/status"), ("GET", ""), ("PUT", "/cancel")])
def test_unknown_request_is_not_found(
    sandbox: SandboxProcess, fal: httpx.Client, method: str, tail: str
) -> None:
    answer = fal.request(method, f"/fal-ai/sora-2/requests/{UNKNOWN_ID}{tail}")

    assert (answer.status_code, answer.json()) == (404, {"status": "NOT_FOUND"})


def test_download_resumes_with_range(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    url = remixed(fal)["video"]["url"]
    whole = fal.get(url).content

    part = fal.get(url, headers={"Range": "bytes=100-", "Authorization": ""})

    assert part.status_code == 206
    assert part.content == whole[100:]
    assert part.headers["content-range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
