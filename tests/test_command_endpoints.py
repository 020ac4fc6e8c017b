"""`manage.py sora_remix_endpoints` lists the records and their differences from fal."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix.endpoints import get_endpoint
from sora_remix.models import EndpointFact
from tests.factories import moment

pytestmark = pytest.mark.django_db

FLUX, LUCY = "blackforestlabs/flux-3/edit-video", "decart/lucy-restyle"
SORA = "fal-ai/sora-2/video-to-video/remix"
UNKNOWN = "fal-ai/never-was"


@pytest.fixture(autouse=True)
def _api(sandbox: SandboxProcess, settings: Settings, asked_aside: None) -> None:
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url


def _run(*args: str) -> list[str]:
    out = io.StringIO()
    call_command("sora_remix_endpoints", *args, stdout=out)
    return out.getvalue().splitlines()


def _check(*keys: str) -> tuple[list[str], str]:
    """Return what is printed, and the error with which the check ends."""
    out = io.StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("sora_remix_endpoints", "--check", *keys, stdout=out)
    assert failed.value.returncode == 1
    return out.getvalue().splitlines(), str(failed.value)


def _record(**values: Any) -> dict[str, Any]:
    source = {"kind": "url", "param": "video_url"}
    return {"endpoint_id": UNKNOWN, "label": "Odd", "source": source, "price": {}, **values}


def _row(key: str) -> list[str]:
    header, row = _run(key)
    starts = [header.index(name) for name in ("KEY", "ENDPOINT", "PRICE", "STATUS", "CHECKED ON")]
    ends = [*starts[1:], None]
    return [row[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def test_all_records_are_listed_without_calling_fal(sandbox: SandboxProcess) -> None:
    header, first, *others = _run()

    assert header.split() == ["KEY", "ENDPOINT", "PRICE", "STATUS", "CHECKED", "ON"]
    assert first.split()[:2] == ["sora-2", SORA]
    assert len(others) == 9
    assert (sandbox.calls()["models"], sandbox.calls()["pricing"]) == (0, 0)


@pytest.mark.parametrize(
    ("key", "cost"),
    [
        ("sora-2", "$0.10 per second of the result"),
        ("flux-3", "$0.03 per second of the source"),
        ("kling-o3", "about $0.252 per second of the result"),
        ("luma-3.2", "$0.72 to $4.32 per run"),
        ("grok", "$0.01 per second of the source + $0.05 to $0.07 per second of the result"),
    ],
)
def test_price_is_printed_in_words(key: str, cost: str) -> None:
    assert _row(key)[2] == cost


@pytest.mark.parametrize(
    ("price", "cost"),
    [
        ({}, "unknown"),
        (
            {"per_run": "0.0000215", "floor": 1, "is_firm": False},
            "about $0.000022 per run, at least $1.00",
        ),
    ],
)
def test_unusual_price_is_printed_in_words(settings: Settings, price: Any, cost: str) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"odd": _record(price=price)}

    assert _row("odd") == ["odd", UNKNOWN, cost, "available", "never"]


def test_last_day_of_an_endpoint_is_printed(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"odd": _record(ends_on=date(2999, 1, 31))}

    assert _row("sora-2")[3:] == ["switched off on 2026-09-24", "2026-11-22"]
    assert _row("odd")[3] == "available until 2999-01-31"


def test_endpoint_retired_by_fal_is_marked() -> None:
    EndpointFact.objects.create(endpoint_id=FLUX, retired_at=moment(2026, 11, 3))

    assert _row("flux-3")[3] == "deprecated by fal since 2026-11-03"


def test_keys_select_each_listed_endpoint_once() -> None:
    assert [line.split()[0] for line in _run("grok", "flux-3", "grok")[1:]] == ["grok", "flux-3"]


def test_unknown_key_is_named() -> None:
    with pytest.raises(
        CommandError, match=r"There is no endpoint “typo”\. Choose from these: sora-2, "
    ):
        _run("typo", "flux-3")


def test_unreadable_record_is_named(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"odd": {}}

    with pytest.raises(CommandError, match="odd"):
        _run()


def test_check_of_healthy_endpoints_succeeds_and_stores_the_facts() -> None:
    facts = EndpointFact.objects
    facts.note_retired(FLUX)

    assert _run("--check") == ["Checked 10: all records agree with fal."]
    price = facts.unit_price_of(FLUX)
    assert price and price[:3] == (Decimal("0.03"), "seconds", "USD")
    assert facts.retired() == {}


def test_deprecated_changed_and_unknown_endpoints_are_named(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"odd": _record()}
    sandbox.endpoint(FLUX, status="deprecated")
    sandbox.endpoint(LUCY, schema={"properties": {"enhance_prompt": {"default": False}}})

    lines, error = _check()

    assert lines == [
        f"flux-3: fal calls {FLUX} deprecated",
        "lucy-restyle: the default of “enhance_prompt” is false at fal, true in the record",
        f"odd: fal does not list {UNKNOWN}: it was removed, is misspelt or is not public",
    ]
    assert error == "Differences between fal and the records: 3."
    assert EndpointFact.objects.retired().keys() == {FLUX}


def test_only_named_endpoints_are_checked(sandbox: SandboxProcess) -> None:
    sandbox.endpoint(FLUX, gone=True)

    assert _run("--check", "grok") == ["Checked 1: all records agree with fal."]
    assert EndpointFact.objects.retired() == {}


def test_retirement_known_to_the_record_is_printed_and_is_no_failure(
    sandbox: SandboxProcess,
) -> None:
    sandbox.endpoint(SORA, status="deprecated")

    line, verdict = _run("--check", "sora-2")

    assert line.startswith(f"sora-2: fal calls {SORA} deprecated")
    assert verdict == "Checked 1: all records agree with fal."
    assert list(EndpointFact.objects.retired()) == [SORA]


def test_unknown_status_is_printed_and_not_stored(
    sandbox: SandboxProcess,
) -> None:
    sandbox.endpoint(FLUX, status="asleep\x1b[31m")

    lines, _error = _check("flux-3")

    assert lines == [f"flux-3: fal calls {FLUX} asleep[31m"]
    assert EndpointFact.objects.retired() == {}


def test_check_changes_no_record(sandbox: SandboxProcess) -> None:
    before = get_endpoint("flux-3")
    sandbox.endpoint(FLUX, unit_price=9)

    lines, _error = _check("flux-3")

    assert lines == ["flux-3: a unit (seconds) costs 9 USD at fal, 0.03 USD in the record"]
    assert get_endpoint("flux-3") == before


def test_unreachable_fal_is_a_failure_that_does_not_show_the_key(
    sandbox: SandboxProcess,
) -> None:
    sandbox.misbehave("models", "answer", status=500, body="sorry, sandbox-key\nnot now")

    lines, error = _check()

    assert (lines, error) == ([], "fal could not be reached. HTTP 500: sorry, … not now")
    assert not EndpointFact.objects.exists()


def test_incomparable_prices_are_a_failure_and_the_rest_is_compared(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FAL_KEY")
    sandbox.endpoint(FLUX, status="deprecated", unit_price=9)

    lines, error = _check("flux-3", "grok")

    assert lines == [f"flux-3: fal calls {FLUX} deprecated"]
    first, second = error.splitlines()
    assert first == "Differences between fal and the records: 1."
    assert second.startswith("The prices could not be compared. HTTP 401")
