"""fal's billing events and balance, over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from example_project.fal_sandbox import ADMIN_KEY
from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.exceptions import TryLater
from sora_remix.fal import billing
from sora_remix.request_pool import wait_for

JSON = dict[str, Any]
ENTRY = {"request_id": "a", "timestamp": "2026-11-29T12:00:00Z", "cost_total": 0.25}


@pytest.fixture(autouse=True)
def _api(sandbox: SandboxProcess, settings: Any) -> None:
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url
    settings.SORA_REMIX_FAL_ADMIN_KEY = ADMIN_KEY


def charge(request_id: str, *, days: float = 0, **values: Any) -> JSON:
    at = datetime.now(UTC) - timedelta(days=days, seconds=1)
    price = {"units": "2", "unit_price": "0.1"}
    return {
        "request_id": request_id,
        "endpoint_id": "fal-ai/any",
        "at": at.isoformat(),
        **price,
        **values,
    }


def ask(*request_ids: str, days: float = 1) -> dict[str, tuple[Decimal, ...] | None]:
    return wait_for(fal.charges(request_ids, datetime.now(UTC) - timedelta(days=days)))


def answer(sandbox: SandboxProcess, *entries: Any, **more: Any) -> None:
    body = {"billing_events": entries, "next_cursor": None, "has_more": False, **more}
    sandbox.misbehave("billing", "answer", status=200, body=body)


def test_events_are_read_by_request_id(sandbox: SandboxProcess) -> None:
    sandbox.charge([charge("a", units="1.234567"), charge("b", percent_discount="10")])
    sandbox.charge([charge("other")])

    assert ask("a", "b", "c") == {"a": (Decimal("0.1234567"),), "b": (Decimal("0.18"),)}


def test_all_events_of_a_request_count(sandbox: SandboxProcess) -> None:
    sandbox.charge([charge("a", days=0.2), charge("a", days=0.1, units="-1")])

    assert sorted(ask("a")["a"] or ()) == [Decimal("-0.1"), Decimal("0.2")]


def test_event_that_is_listed_twice_counts_once(
    sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.charge([charge("a", copies=2), charge("b")])

    assert ask("a", "b") == {"a": (Decimal("0.2"),), "b": (Decimal("0.2"),)}
    assert "fal lists a billing event of a twice. It counts once" in caplog.text
    assert "event of b" not in caplog.text


def test_all_pages_are_read(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "EVENTS_PER_PAGE", 2)
    sandbox.charge([charge("a", days=0.1 * number) for number in range(5)])

    assert len(ask("a")["a"] or ()) == 5
    assert sandbox.calls()["billing"] == 3


@pytest.mark.parametrize(
    ("ids", "calls"),
    [
        ([], 0),
        ([""], 0),
        (["a", "a"], 1),
        ([str(one) for one in range(101)], 3),
        ([f"{one}{'x' * 240}" for one in range(50)], 4),
    ],
)
def test_call_names_few_ids(sandbox: SandboxProcess, ids: Sequence[str], calls: int) -> None:
    sandbox.charge([charge(one) for one in set(ids)])

    assert len(ask(*ids)) == len(set(ids) - {""})
    assert sandbox.calls()["billing"] == calls


@pytest.mark.parametrize(("days", "calls", "found"), [(88, 1, 1), (200, 3, 2), (5000, 4, 2)])
def test_windows_are_short(sandbox: SandboxProcess, days: float, calls: int, found: int) -> None:
    sandbox.charge([charge("a", days=1), charge("a", days=150), charge("a", days=400)])

    assert len(ask("a", days=days)["a"] or ()) == found
    assert sandbox.calls()["billing"] == calls


@pytest.mark.parametrize(
    "changes",
    [
        {"cost_total": None},
        {"cost_total": "0.25"},
        {"cost_total": True},
        {"cost_total": [1]},
        {"cost_total": 1e9},
        {"cost_total": -1e9},
        {"cost_total": float("nan")},
        {"cost_total": float("inf")},
        {"currency": "EUR"},
        {"currency": None},
    ],
)
def test_sum_with_an_unreadable_event_is_unknown(sandbox: SandboxProcess, changes: JSON) -> None:
    good, other = {**ENTRY, "timestamp": "2026-11-29T11:00:00Z"}, {**ENTRY, "request_id": "b"}
    answer(sandbox, good, {**ENTRY, **changes}, other)

    assert ask("a", "b") == {"a": None, "b": (Decimal("0.25"),)}


def test_estimate_does_not_stand_in_for_the_cost(sandbox: SandboxProcess) -> None:
    answer(sandbox, {"request_id": "a", "cost_estimate_nano_usd": 250_000_000})

    assert ask("a") == {"a": None}


def test_impossible_sum_is_unknown(sandbox: SandboxProcess) -> None:
    answer(sandbox, *({**ENTRY, "cost_total": 6e7, "timestamp": str(one)} for one in range(2)))

    assert ask("a") == {"a": None}


def test_smallest_amounts_are_exact(sandbox: SandboxProcess) -> None:
    answer(sandbox, {**ENTRY, "cost_total": 0.000000001}, {**ENTRY, "cost_total": 0})

    assert sum(ask("a")["a"] or ()) == Decimal("0.000000001")


@pytest.mark.parametrize("entry", [None, "odd", [], {}, {"request_id": 7}, {"request_id": "z"}])
def test_other_entries_are_ignored(sandbox: SandboxProcess, entry: object) -> None:
    answer(sandbox, entry)

    assert ask("a") == {}


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("drop_before", {}),
        ("garbage", {}),
        ("cut", {}),
        ("answer", {"status": 500, "body": ""}),
        ("answer", {"status": 404, "body": ""}),
        ("answer", {"status": 200, "body": {"nothing": 1}}),
        ("answer", {"status": 200, "body": {"billing_events": [], "has_more": True}}),
    ],
)
def test_incomplete_list_is_no_bill(sandbox: SandboxProcess, fault: str, parameters: JSON) -> None:
    sandbox.charge([charge("a")])
    sandbox.misbehave("billing", fault, **parameters)

    with pytest.raises(TryLater):
        ask("a")


@pytest.mark.parametrize("fault", ["bomb", "drip"])
@pytest.mark.usefixtures("broken_handshakes")
def test_endless_list_is_abandoned(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(billing, "BILLING_SECONDS", 2)
    sandbox.misbehave("billing", fault)

    with pytest.raises(TryLater, match=r"more than|Timeout"):
        ask("a")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("ordinary-key", "HTTP 403"),
        ("bad-key", "HTTP 401"),
        (None, "no valid key"),
        ("ä" * 9, "no"),
    ],
)
def test_key_without_admin_scope_reads_nothing(
    sandbox: SandboxProcess, settings: Any, key: str | None, said: str
) -> None:
    settings.SORA_REMIX_FAL_ADMIN_KEY = key

    for call in (lambda: ask("a"), lambda: wait_for(fal.balance())):
        with pytest.raises(TryLater, match=said):
            call()


def test_key_is_read_from_the_environment(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SORA_REMIX_FAL_ADMIN_KEY = None
    before = fal.is_admin_key_set()
    monkeypatch.setenv("FAL_ADMIN_KEY", ADMIN_KEY)

    assert (before, fal.is_admin_key_set()) == (False, True)
    assert ask("a") == {}


@pytest.mark.parametrize(("amount", "currency"), [("12.345678", "USD"), ("-3", "EUR")])
def test_balance_is_read(sandbox: SandboxProcess, amount: str, currency: str) -> None:
    sandbox.set_funds(amount, currency)

    assert wait_for(fal.balance()) == fal.Balance(Decimal(amount), currency)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"credits": None},
        {"credits": {}},
        {"credits": {"current_balance": "12"}},
        {"credits": {"current_balance": True}},
        {"credits": {"current_balance": 1e12}},
    ],
)
def test_balance_that_fal_does_not_say_is_unknown(sandbox: SandboxProcess, body: object) -> None:
    sandbox.misbehave("balance", "answer", status=200, body=body)

    with pytest.raises(TryLater):
        wait_for(fal.balance())


def test_only_these_calls_have_the_key(sandbox: SandboxProcess) -> None:
    ask("a")
    wait_for(fal.balance())
    wait_for(fal.check_key())
    wait_for(fal.prices(["fal-ai/any"]))
    wait_for(fal.sent_requests("fal-ai/any", datetime.now(UTC)))

    assert sandbox.admin_calls() == {"billing": 1, "balance": 1}
