"""The sandbox's request list behaves like that of fal."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from example_project.fal_sandbox.process import SandboxProcess
from tests.fal_sandbox.callers import FOREVER, PATIENCE, client_of

ENDPOINT = "fal-ai/sora-2/video-to-video/remix"
PATH = "/models/requests/by-endpoint"
JSON = dict[str, Any]


@pytest.fixture
def fal(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    with client_of(sandbox, sandbox.api_url) as client:
        yield client


def submit(process: SandboxProcess, fal: httpx.Client, prompt: str = "noir") -> str:
    """Send a request that ends at once, for nobody knows its source."""
    body = {"video_id": "video_unknown", "prompt": prompt}
    request_id: str = fal.post(f"{process.url}/{ENDPOINT}", json=body).json()["request_id"]
    return request_id


def submit_and_wait(process: SandboxProcess, fal: httpx.Client, prompt: str = "noir") -> str:
    request_id = submit(process, fal, prompt)
    end = time.monotonic() + PATIENCE
    while {one["request_id"]: one["status"] for one in process.accepted()}[
        request_id
    ] != "COMPLETED":
        assert time.monotonic() < end
    return request_id


def ask(fal: httpx.Client, **params: Any) -> JSON:
    answer = fal.get(PATH, params={"endpoint_id": ENDPOINT, **params})
    assert answer.status_code == 200, answer.text
    page: JSON = answer.json()
    return page


def listed(fal: httpx.Client, **params: Any) -> list[str]:
    return [item["request_id"] for item in ask(fal, **params)["items"]]


def test_a_finished_request_is_listed(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    request_id = submit_and_wait(sandbox, fal)

    page = ask(fal)

    [item] = page["items"]
    assert (page["next_cursor"], page["has_more"]) == (None, False)
    assert (item["request_id"], item["endpoint_id"]) == (request_id, ENDPOINT)
    assert item["sent_at"] <= item["started_at"] <= item["ended_at"]
    assert item["status_code"] == 422
    assert item["duration"] >= 0
    assert "json_input" not in item


def test_payloads_are_listed_as_sent(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    submit_and_wait(sandbox, fal, "make it “noir”")

    [item] = ask(fal, expand="payloads")["items"]

    assert item["json_input"] == {"video_id": "video_unknown", "prompt": "make it “noir”"}


def test_pages_follow_one_another(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    oldest, middle, newest = (submit_and_wait(sandbox, fal) for _ in range(3))

    first = ask(fal, limit=2)
    later = submit_and_wait(sandbox, fal)
    second = ask(fal, limit=2, cursor=first["next_cursor"])

    assert [item["request_id"] for item in first["items"]] == [newest, middle]
    assert [item["request_id"] for item in second["items"]] == [oldest]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert listed(fal, limit=1) == [later]


def test_list_is_filtered_by_the_end_of_a_request_with_an_exclusive_limit(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    request_id = submit_and_wait(sandbox, fal)
    ended_at = ask(fal)["items"][0]["ended_at"]
    next_moment = datetime.fromisoformat(ended_at) + timedelta(microseconds=1)

    assert listed(fal, start=ended_at) == [request_id]
    assert listed(fal, end=next_moment.isoformat()) == [request_id]
    assert listed(fal, end=ended_at) == []
    assert listed(fal, start=next_moment.isoformat()) == []


def test_other_endpoints_are_not_listed(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    request_id = submit_and_wait(sandbox, fal)

    assert listed(fal, endpoint_id="fal-ai/other") == []
    assert listed(fal, endpoint_id=["fal-ai/other", ENDPOINT]) == [request_id]


@pytest.mark.parametrize(
    "params",
    [
        {"endpoint_id": ""},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "many"},
        {"start": "yesterday"},
        {"cursor": "nonsense"},
        {"expand": "everything"},
    ],
)
def test_a_wrong_query_is_refused(fal: httpx.Client, params: dict[str, str]) -> None:
    answer = fal.get(PATH, params={"endpoint_id": ENDPOINT, **params})

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "validation_error"


def test_invalid_key_is_refused_in_the_format_of_the_platform(fal: httpx.Client) -> None:
    answer = fal.get(
        PATH, params={"endpoint_id": ENDPOINT}, headers={"Authorization": "Key bad-key"}
    )

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "authorization_error"


def test_running_request_is_not_listed(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.timing(queue_seconds=FOREVER)
    submit(sandbox, fal)

    assert listed(fal) == []


def test_list_can_lag_behind(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    request_id = submit_and_wait(sandbox, fal)

    sandbox.timing(list_lag_seconds=60)
    assert listed(fal) == []
    sandbox.timing(list_lag_seconds=0)
    assert listed(fal) == [request_id]


def test_running_requests_can_be_listed_and_the_list_outlives_a_restart(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, queue_seconds=FOREVER, list_running=True) as process:
        with client_of(process, process.api_url) as fal:
            request_id = submit(process, fal)
            [item] = ask(fal)["items"]
        process.stop()
        process.start()
        with client_of(process, process.api_url) as fal:
            [again] = ask(fal)["items"]

    assert item["request_id"] == again["request_id"] == request_id
    assert item["sent_at"] == again["sent_at"]
    assert "ended_at" not in item


def test_list_faults_are_counted(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.misbehave("list", "answer", status=500, body={"error": {"type": "server_error"}})

    answer = fal.get(PATH, params={"endpoint_id": ENDPOINT})

    assert answer.status_code == 500
    assert sandbox.calls()["list"] == 1
    assert sandbox.struck() == {"list": {"answer 500": 1}}


@pytest.mark.parametrize(
    ("fault", "answered"), [("delay", True), ("garbage", False), ("answer_after", False)]
)
def test_lost_answer_is_recorded(
    sandbox: SandboxProcess, fal: httpx.Client, fault: str, *, answered: bool
) -> None:
    sandbox.misbehave("submit", fault, seconds=0)

    fal.post(f"{sandbox.url}/{ENDPOINT}", json={"video_id": "video_sea", "prompt": "noir"})

    [request] = sandbox.accepted()
    assert request["answered"] is answered
    assert bool(request["answered_at"]) is answered
