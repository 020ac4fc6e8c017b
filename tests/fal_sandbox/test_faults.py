"""The sandbox breaks fal's protocol on request."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import av
import httpx
import pytest

from example_project.fal_sandbox.process import SandboxProcess
from tests.fal_sandbox.callers import DROPPED, REMIX, completed, frames, remixed, started, submit


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
    sandbox.timing(run_seconds=5)
    receipt = submit(fal)
    started(fal, receipt)

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
