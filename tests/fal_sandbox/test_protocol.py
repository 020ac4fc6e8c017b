"""The sandbox follows fal's protocol, and breaks it on request."""

import base64
import contextlib
import hashlib
import http.server
import io
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxError, SandboxProcess
from example_project.fal_sandbox.scenes import SCENES

REMIX = "/fal-ai/sora-2/video-to-video/remix"
DROPPED = (httpx.ReadError, httpx.RemoteProtocolError)
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "sea.mp4"
    draw_clip(path, "sea", seconds=1, width=160, height=90)
    return path


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[SandboxProcess]:
    state = tmp_path_factory.mktemp("state")
    with SandboxProcess(state, queue_seconds=0, run_seconds=0) as process:
        process.add_video("video_sea", clip)
        yield process


@pytest.fixture(scope="module")
def fal(process: SandboxProcess) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=process.certificate)
    headers = {"Authorization": "Key anything"}
    with httpx.Client(base_url=process.url, verify=context, headers=headers, timeout=5) as client:
        yield client


def submit(fal: httpx.Client, prompt: str = "noir", **others: Any) -> dict[str, Any]:
    params = {"fal_webhook": others.pop("webhook")} if "webhook" in others else {}
    body = {"video_id": "video_sea", "prompt": prompt, **others}
    answer = fal.post(REMIX, json=body, params=params)
    assert answer.status_code == 200, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def completed(fal: httpx.Client, receipt: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while (answer := fal.get(receipt["status_url"])).status_code == 202:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    status: dict[str, Any] = answer.json()
    return status


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
    sandbox: SandboxProcess, fal: httpx.Client, clip: Path
) -> None:
    result = frames(fal.get(remixed(fal, "in negative")["video"]["url"]).content)

    source = frames(clip)
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
    sandbox.timing(queue_seconds=0.2, run_seconds=0.4)
    receipt = submit(fal)

    queued = fal.get(receipt["status_url"])
    time.sleep(0.3)
    running = fal.get(receipt["status_url"], params={"logs": "1"})
    done = completed(fal, receipt)

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
    sandbox.timing(queue_seconds=5)

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
    sandbox: SandboxProcess, fal: httpx.Client, clip: Path
) -> None:
    sandbox.add_video("video_short_lived", clip)
    sandbox.remove_video("video_short_lived")

    assert "error" in completed(fal, submit(fal, video_id="video_short_lived"))


def test_queued_request_is_cancelled_at_once(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.timing(queue_seconds=5)
    receipt = submit(fal)

    answer = fal.put(receipt["cancel_url"])

    assert (answer.status_code, answer.json()) == (202, {"status": "CANCELLATION_REQUESTED"})
    assert fal.get(receipt["status_url"]).json()["error_type"] == "client_cancelled"
    assert fal.get(receipt["response_url"]).status_code == 499


def test_running_request_is_asked_to_stop(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.timing(run_seconds=5)
    receipt = submit(fal)
    time.sleep(0.1)

    fal.put(receipt["cancel_url"])

    assert fal.get(receipt["status_url"]).json()["status"] == "IN_PROGRESS"
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


def what_arrives(fal: httpx.Client, url: str) -> bytes:
    """Return what could be read before the connection broke."""
    received = bytearray()
    with contextlib.suppress(*DROPPED), fal.stream("GET", url) as answer:
        for chunk in answer.iter_raw():
            received += chunk
    return bytes(received)


@pytest.mark.parametrize(
    ("fault", "parameters", "accepted"),
    [
        ("drop_before", {}, 0),
        ("drop_after", {}, 1),
        ("stall", {"seconds": 0.1}, 1),
        ("cut", {}, 1),
    ],
)
def test_answer_to_a_submit_can_be_lost(
    sandbox: SandboxProcess, fal: httpx.Client, fault: str, parameters: Any, accepted: int
) -> None:
    sandbox.misbehave("submit", fault, times=1, **parameters)

    with pytest.raises(DROPPED):
        submit(fal)

    assert len(sandbox.accepted()) == accepted
    assert submit(fal)["request_id"]


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "accepted"),
    [
        ("answer", {"status": 503, "body": "nginx"}, 503, 0),
        ("answer_after", {"status": 500, "body": {"detail": "x"}}, 500, 1),
        ("garbage", {}, 200, 1),
        ("delay", {"seconds": 0.1}, 200, 1),
    ],
)
def test_answer_to_a_submit_can_be_strange(
    sandbox: SandboxProcess,
    fal: httpx.Client,
    fault: str,
    parameters: Any,
    status: int,
    accepted: int,
) -> None:
    sandbox.misbehave("submit", fault, times=1, **parameters)

    answer = fal.post(REMIX, json={"video_id": "video_sea", "prompt": "noir"})

    assert answer.status_code == status
    assert len(sandbox.accepted()) == accepted


def test_answer_can_trickle_without_end(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.misbehave("submit", "drip", seconds=0.01, times=1)

    with fal.stream("POST", REMIX, json={"video_id": "video_sea", "prompt": "noir"}) as answer:
        chunks = answer.iter_raw()
        assert b"".join(next(chunks) for _ in range(3)).isspace()

    assert len(sandbox.accepted()) == 1


def test_small_answer_can_decompress_into_a_large_one(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    sandbox.misbehave("submit", "bomb", megabytes=2, times=1)

    answer = fal.post(REMIX, json={"video_id": "video_sea", "prompt": "noir"})

    assert int(answer.headers["Content-Length"]) < 10_000
    assert len(answer.content) == 2 * 1024**2 + 2
    assert len(sandbox.accepted()) == 1


@pytest.mark.parametrize("kind", ["status", "result", "cancel"])
def test_other_calls_can_be_faulty_too(
    sandbox: SandboxProcess, fal: httpx.Client, kind: str
) -> None:
    receipt = submit(fal)
    sandbox.misbehave(kind, "answer", status=502, headers={"X-Seen": kind}, times=1)
    method, name = {"result": ("GET", "response_url"), "cancel": ("PUT", "cancel_url")}.get(
        kind, ("GET", "status_url")
    )

    answer = fal.request(method, receipt[name])

    assert (answer.status_code, answer.headers["x-seen"]) == (502, kind)
    assert sandbox.calls()[kind] == 1


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "cut", "wrong_length", "endless"])
def test_download_breaks_off(sandbox: SandboxProcess, fal: httpx.Client, fault: str) -> None:
    url = remixed(fal)["video"]["url"]
    sandbox.misbehave("download", fault, times=1, bytes=100_000)

    with pytest.raises(DROPPED):
        fal.get(url)


def test_cut_download_can_be_resumed(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    url = remixed(fal)["video"]["url"]
    sandbox.misbehave("download", "cut", times=1)

    received = what_arrives(fal, url)
    rest = fal.get(url, headers={"Range": f"bytes={len(received)}-"})

    assert 0 < len(received) < len(fal.get(url).content)
    assert received + rest.content == fal.get(url).content


@pytest.mark.parametrize("fault", ["no_length", "slow", "ignore_range"])
def test_download_can_be_complete_in_an_odd_way(
    sandbox: SandboxProcess, fal: httpx.Client, fault: str
) -> None:
    url = remixed(fal)["video"]["url"]
    whole = fal.get(url).content
    sandbox.misbehave("download", fault, times=1, bytes_per_second=200_000)

    odd = fal.get(url, headers={"Range": "bytes=5-"} if fault == "ignore_range" else {})

    assert (odd.status_code, odd.content) == (200, whole)
    assert ("content-length" in odd.headers) == (fault != "no_length")


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "start"),
    [
        ("html", 200, "text/html; charset=utf-8", b"<!doctype html>"),
        ("not_video", 200, "video/mp4", b"\xff\xd8\xff"),
        ("redirect", 302, "", b""),
    ],
)
def test_download_can_be_another_file(
    sandbox: SandboxProcess,
    fal: httpx.Client,
    fault: str,
    status: int,
    content_type: str,
    start: bytes,
) -> None:
    url = remixed(fal)["video"]["url"]
    sandbox.misbehave("download", fault, times=1, to="https://localhost:1/elsewhere")

    answer = fal.get(url)

    assert answer.status_code == status
    assert answer.headers.get("content-type", "") == content_type
    assert answer.content.startswith(start)


def test_faults_of_pictures_are_separate(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    output = remixed(fal)
    sandbox.misbehave("thumbnail", "answer", status=404)

    assert fal.get(output["thumbnail"]["url"]).status_code == 404
    assert fal.get(output["spritesheet"]["url"]).status_code == 200
    assert fal.get(output["video"]["url"]).status_code == 200


def test_run_fails_with_the_given_error(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.misbehave("job", "fail", http_status=504, detail="late", error_type="startup_timeout")
    receipt = submit(fal)
    status = completed(fal, receipt)

    answer = fal.get(receipt["response_url"])
    assert (status["error"], status["error_type"]) == (
        "Invalid status code: 504",
        "startup_timeout",
    )
    assert answer.status_code == 504
    assert answer.json() == {"detail": "late", "error_type": "startup_timeout"}


def test_output_can_be_changed(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    merge = {"video": {"url": "https://elsewhere.test/x.mp4", "fps": None}, "video_id": None}
    sandbox.misbehave("job", "output", merge=merge, nulls=["video.width"])
    sandbox.misbehave("job", "no_extras")

    output = remixed(fal)

    assert output["video"]["url"] == "https://elsewhere.test/x.mp4"
    assert "fps" not in output["video"]
    assert "video_id" not in output
    assert output["video"]["width"] is None
    assert output["thumbnail"] is output["spritesheet"] is None


def test_padded_result_is_large_and_playable(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.misbehave("job", "pad_bytes", bytes=5_000_000)

    video = remixed(fal)["video"]

    content = fal.get(video["url"]).content
    assert len(content) == video["file_size"] > 5_000_000
    assert len(frames(content)) == 24


def test_result_can_claim_any_length(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.misbehave("job", "claim_seconds", seconds=2_400_000)

    content = fal.get(remixed(fal)["video"]["url"]).content

    with av.open(io.BytesIO(content), "r") as video:
        assert video.duration == 2_400_000 * av.time_base
    assert len(frames(content)) == 24


def test_request_can_have_a_long_id(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.misbehave("job", "long_id", length=200)

    receipt = submit(fal)

    assert len(receipt["request_id"]) == 200
    assert completed(fal, receipt)["request_id"] == receipt["request_id"]
    assert [one["request_id"] for one in sandbox.accepted()] == [receipt["request_id"]]


def test_picture_can_be_much_larger_than_its_file(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    url = remixed(fal)["thumbnail"]["url"]
    sandbox.misbehave("thumbnail", "bomb_picture", side=5000)

    content = fal.get(url).content

    with av.open(io.BytesIO(content)) as picture:
        stream = picture.streams.video[0]
        assert (stream.width, stream.height) == (5000, 5000)
    assert len(content) < 10_000


def test_faults_are_counted_under_their_label(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.misbehave("submit", "answer", status=429, label="too many")

    fal.post(REMIX, json={"video_id": "video_sea", "prompt": "noir"})

    assert sandbox.struck() == {"submit": {"too many": 1}}


def test_stubborn_run_finishes_after_a_cancellation(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    sandbox.misbehave("job", "finish_anyway")
    sandbox.timing(run_seconds=0.5)
    receipt = submit(fal)
    time.sleep(0.1)

    assert fal.put(receipt["cancel_url"]).status_code == 202
    assert "error" not in completed(fal, receipt)


def test_rule_applies_only_to_its_matches(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.misbehave("submit", "answer", status=500, match="unlucky", times=1)

    assert submit(fal, "lucky")["request_id"]
    refused = fal.post(REMIX, json={"video_id": "video_sea", "prompt": "an unlucky one"})
    assert refused.status_code == 500
    assert submit(fal, "another unlucky one")["request_id"]


def test_unknown_rule_is_refused(sandbox: SandboxProcess) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        sandbox.misbehave("submit", "endless")


def test_reset_ends_all_faults(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.misbehave("submit", "answer", status=500)
    sandbox.behave()

    assert submit(fal)["request_id"]
    assert sandbox.calls()["submit"] == 1


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
    deadline = time.monotonic() + 5
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


def test_restart_keeps_library_files_and_certificate(tmp_path: Path, clip: Path) -> None:
    sandbox = SandboxProcess(tmp_path, queue_seconds=0, run_seconds=0)
    with sandbox:
        sandbox.add_video("video_kept", clip)
        context = ssl.create_default_context(cafile=sandbox.certificate)
    client = httpx.Client(verify=context, base_url=sandbox.url, headers={"Authorization": "Key k"})

    with client, sandbox:
        video = remixed(client, video_id="video_kept")["video"]
    with sandbox:
        assert httpx.get(video["url"], verify=context).content
    assert len((tmp_path / "accepted.jsonl").read_text().splitlines()) == 1


def test_request_from_before_a_restart_is_continued(tmp_path: Path, clip: Path) -> None:
    sandbox = SandboxProcess(tmp_path, queue_seconds=0, run_seconds=0)

    def client() -> httpx.Client:
        context = ssl.create_default_context(cafile=sandbox.certificate)
        headers = {"Authorization": "Key k"}
        return httpx.Client(verify=context, base_url=sandbox.url, headers=headers)

    with sandbox, client() as first:
        sandbox.add_video("video_kept", clip)
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
            httpx.post(sandbox.url + REMIX, verify=context, headers={"Authorization": f"Key {key}"})
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
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and is_up(url, context):
        time.sleep(0.1)
    assert not is_up(url, context)


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_can_be_drawn(scene: str, tmp_path: Path) -> None:
    draw_clip(tmp_path / "clip.mp4", scene, seconds=0.5, width=96, height=54)

    assert len(frames(tmp_path / "clip.mp4")) == 12
