"""The sandbox bills by its own figures, and its billing events behave like those of fal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from example_project.fal_sandbox import ADMIN_KEY
from example_project.fal_sandbox.process import SandboxProcess
from tests.fal_sandbox.callers import PATIENCE, client_of

ENDPOINT = "fal-ai/sora-2/video-to-video/remix"
EVENTS = "/models/billing-events"
ACCOUNT = "/account/billing"
JSON = dict[str, Any]
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def fal(sandbox: SandboxProcess, small_clip: Path) -> Iterator[httpx.Client]:
    sandbox.add_video("video_sea", small_clip)
    with client_of(sandbox, sandbox.api_url) as client:
        client.headers["Authorization"] = f"Key {ADMIN_KEY}"
        yield client


def run(process: SandboxProcess, fal: httpx.Client, prompt: str = "noir") -> str:
    """Let a request run to its end."""
    body = {"video_id": "video_sea", "prompt": prompt}
    request_id: str = fal.post(f"{process.url}/{ENDPOINT}", json=body).json()["request_id"]
    end = time.monotonic() + PATIENCE
    while {one["request_id"]: one["status"] for one in process.accepted()}[
        request_id
    ] != "COMPLETED":
        assert time.monotonic() < end
    return request_id


def charge(request_id: str, at: datetime = NOW, **values: Any) -> JSON:
    return {
        "request_id": request_id,
        "endpoint_id": ENDPOINT,
        "at": at.isoformat(),
        "units": "2",
        "unit_price": "0.1",
        **values,
    }


def ask(fal: httpx.Client, **params: Any) -> list[JSON]:
    answer = fal.get(EVENTS, params=params)
    assert answer.status_code == 200, answer.text
    events: list[JSON] = answer.json()["billing_events"]
    return events


def test_run_is_charged_by_units_and_price(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    request_id = run(sandbox, fal)

    [event] = ask(fal, request_id=request_id)

    assert (event["request_id"], event["endpoint_id"]) == (request_id, ENDPOINT)
    assert (event["output_units"], event["unit_price"], event["cost_total"]) == (1.0, 0.1, 0.1)
    assert (event["percent_discount"], event["cost_estimate_nano_usd"]) == (None, 100_000_000)
    assert sandbox.ledger()["total"] == "0.100000000"


def test_refusal_is_charged_only_by_a_rule(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.misbehave("bill", "charge_failure", match="twice forbidden", units=2)

    free, charged = run(sandbox, fal, "forbidden"), run(sandbox, fal, "twice forbidden")

    assert ask(fal, request_id=free) == []
    assert sandbox.ledger()["charges"] == {charged: ["0.200000000"]}


@pytest.mark.parametrize(
    ("fault", "parameters", "charges", "listed"),
    [
        ("free", {}, [], 0),
        ("factor", {"factor": 3}, ["0.300000000"], 1),
        ("discount", {"percent": 10}, ["0.090000000"], 1),
        ("twice", {}, ["0.100000000", "0.100000000"], 2),
        ("credit", {"part": 0.5}, ["0.100000000", "-0.050000000"], 2),
        ("credit", {"seconds": 3600}, ["0.100000000", "-0.100000000"], 1),
        ("late", {"seconds": 3600}, ["0.100000000"], 0),
        ("lose", {}, ["0.100000000"], 0),
        ("doubled", {}, ["0.100000000"], 2),
    ],
)
def test_rule_changes_a_bill(
    sandbox: SandboxProcess,
    fal: httpx.Client,
    fault: str,
    parameters: JSON,
    charges: list[str],
    listed: int,
) -> None:
    sandbox.misbehave("bill", fault, **parameters)

    request_id = run(sandbox, fal)

    assert sandbox.ledger()["charges"].get(request_id, []) == charges
    assert len(ask(fal, request_id=request_id)) == listed


def test_window_is_a_day_unless_another_one_is_named(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    sandbox.set_clock(NOW)
    sandbox.charge([charge("new"), charge("old", NOW - timedelta(hours=25))])

    assert [one["request_id"] for one in ask(fal)] == ["new"]
    early = ask(fal, start=(NOW - timedelta(days=2)).isoformat(), end=NOW.isoformat())
    assert [one["request_id"] for one in early] == ["old"]


def test_pages_follow_one_another(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.set_clock(NOW)
    sandbox.charge([charge(str(one), NOW - timedelta(minutes=one)) for one in range(5)])

    first = fal.get(EVENTS, params={"limit": 3}).json()
    second = fal.get(EVENTS, params={"limit": 3, "cursor": first["next_cursor"]}).json()

    found = [one["request_id"] for page in (first, second) for one in page["billing_events"]]
    assert found == ["0", "1", "2", "3", "4"]
    assert (first["has_more"], second["has_more"]) == (True, False)


@pytest.mark.parametrize(
    "params",
    [
        {"request_id": ",".join(map(str, range(51)))},
        {"start": (NOW - timedelta(days=91)).isoformat(), "end": NOW.isoformat()},
        {"start": NOW.isoformat(), "end": NOW.isoformat()},
        {"start": "yesterday"},
        {"limit": 10_001},
        {"cursor": "x"},
    ],
)
def test_limits_are_kept(fal: httpx.Client, params: JSON) -> None:
    answer = fal.get(EVENTS, params=params)

    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "validation_error")


@pytest.mark.parametrize("path", [EVENTS, ACCOUNT])
@pytest.mark.parametrize(("key", "status"), [("ordinary", 403), ("bad", 401), ("", 401)])
def test_key_of_admin_scope_is_required(
    fal: httpx.Client, path: str, key: str, status: int
) -> None:
    answer = fal.get(path, headers={"Authorization": f"Key {key}".strip()})

    assert (answer.status_code, answer.json()["error"]["type"]) == (status, "authorization_error")


def test_charges_leave_a_balance(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.set_funds("1.5")
    sandbox.charge([charge("a"), charge("b", units="-1")])

    account = fal.get(ACCOUNT, params={"expand": "credits"}).json()

    assert account["credits"] == {"current_balance": 1.4, "currency": "USD"}
    assert "credits" not in fal.get(ACCOUNT).json()
    assert Decimal(sandbox.ledger()["total"]) == Decimal("0.1")


def test_calls_with_the_key_of_admin_scope_are_counted(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    ask(fal)
    fal.get(EVENTS, headers={"Authorization": "Key ordinary"})

    assert sandbox.admin_calls() == {"billing": 1}
