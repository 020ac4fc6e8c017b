"""Endpoints and prices read from fal, over the wire."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.exceptions import TryLater
from sora_remix.fal import catalogue, platform
from sora_remix.request_pool import wait_for

SORA = "fal-ai/sora-2/video-to-video/remix"
FLUX = "blackforestlabs/flux-3/edit-video"
UNKNOWN = "fal-ai/never-was"


@pytest.fixture(autouse=True)
def _api(sandbox: SandboxProcess, settings: Any) -> None:
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url


def models(*endpoint_ids: str) -> dict[str, fal.ListedEndpoint]:
    return wait_for(fal.listed_endpoints(endpoint_ids))


def prices(*endpoint_ids: str) -> dict[str, fal.UnitPrice]:
    return wait_for(fal.prices(endpoint_ids))


def test_status_and_document_of_endpoints_are_read_in_one_call(sandbox: SandboxProcess) -> None:
    sandbox.endpoint(SORA, status="deprecated")

    told = models(SORA, FLUX, FLUX)

    assert {key: model.status for key, model in told.items()} == {
        SORA: "deprecated",
        FLUX: "active",
    }
    assert (told[FLUX].schema or {})["info"]["x-fal-metadata"]["endpointId"] == FLUX
    assert sandbox.calls()["models"] == 1


def test_unlisted_endpoint_is_missing(sandbox: SandboxProcess) -> None:
    sandbox.endpoint(SORA, gone=True)

    assert list(models(SORA, UNKNOWN, FLUX)) == [FLUX]


def test_many_endpoints_are_requested_in_groups(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "AT_ONCE", 1)

    assert list(models(SORA, FLUX)) == [SORA, FLUX]
    assert sandbox.calls()["models"] == 2


def test_all_pages_are_read(sandbox: SandboxProcess) -> None:
    page = {"models": [], "next_cursor": "0", "has_more": True}
    sandbox.misbehave("models", "answer", status=200, body=page, times=2)

    assert list(models(SORA)) == [SORA]
    assert sandbox.calls()["models"] == 3


def test_endless_pages_are_abandoned(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "PAGES", 3)
    page = {"models": [], "next_cursor": "0", "has_more": True}
    sandbox.misbehave("models", "answer", status=200, body=page)

    assert models(SORA) == {}
    assert sandbox.calls()["models"] == 3


@pytest.mark.parametrize(
    ("entry", "is_listed"),
    [
        ({"endpoint_id": SORA}, False),
        ({"endpoint_id": SORA, "metadata": None}, False),
        ("odd", False),
        ({"endpoint_id": SORA, "metadata": {"status": "active"}}, True),
        ({"endpoint_id": SORA, "metadata": {"status": "active"}, "openapi": []}, True),
        ({"endpoint_id": SORA, "metadata": {"status": "active"}, "openapi": {"error": {}}}, True),
    ],
)
def test_endpoint_without_a_description_is_not_listed(
    sandbox: SandboxProcess, entry: Any, *, is_listed: bool
) -> None:
    sandbox.misbehave("models", "answer", status=200, body={"models": [entry], "has_more": False})

    assert [model.schema for model in models(SORA).values()] == ([None] if is_listed else [])


def test_endpoint_without_a_page_is_not_listed(sandbox: SandboxProcess) -> None:
    sandbox.misbehave("models", "answer", status=404, body={"error": {"type": "not_found"}})

    assert models(SORA) == {}


def test_endpoint_unknown_to_fal_does_not_affect_the_others(sandbox: SandboxProcess) -> None:
    sandbox.misbehave("models", "answer", status=404, body={"error": {}}, times=1)

    assert list(models(SORA, UNKNOWN, FLUX)) == [SORA, FLUX]
    assert sandbox.calls()["models"] == 4


def test_models_are_listed_without_a_key(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FAL_KEY")

    assert list(models(SORA)) == [SORA]


def test_prices_are_read_exactly_in_one_call(sandbox: SandboxProcess) -> None:
    sandbox.endpoint(SORA, unit_price=0.1)
    sandbox.endpoint(FLUX, unit_price=7, unit="units")

    assert prices(SORA, FLUX) == {
        SORA: fal.UnitPrice(Decimal("0.1"), "seconds", "USD"),
        FLUX: fal.UnitPrice(Decimal(7), "units", "USD"),
    }
    assert sandbox.calls()["pricing"] == 1


def test_endpoint_without_a_price_does_not_affect_the_others(sandbox: SandboxProcess) -> None:
    assert list(prices(SORA, UNKNOWN, FLUX)) == [SORA, FLUX]
    assert prices(UNKNOWN) == {}


@pytest.mark.parametrize("amount", [None, True, "0.1", -1, -0.1, 1e9, 1e-300, 10**400])
def test_invalid_price_is_none(sandbox: SandboxProcess, amount: Any) -> None:
    entry = {"endpoint_id": SORA, "unit_price": amount, "unit": "seconds", "currency": "USD"}
    sandbox.misbehave("pricing", "answer", status=200, body={"prices": [entry]})

    assert prices(SORA) == {}


@pytest.mark.parametrize(
    "amount", ["1e-999999999", "NaN", "Infinity", "1e999999999", "1e99999999999999999999"]
)
def test_huge_invalid_price_is_rejected_quickly(sandbox: SandboxProcess, amount: str) -> None:
    body = f'{{"prices": [{{"endpoint_id": "{SORA}", "unit_price": {amount}}}]}}'
    sandbox.misbehave("pricing", "answer", status=200, body=body)

    with suppress(TryLater):
        assert prices(SORA) == {}


def test_price_with_too_many_digits_is_rounded(sandbox: SandboxProcess) -> None:
    body = f'{{"prices": [{{"endpoint_id": "{SORA}", "unit_price": 0.3{"0" * 99_999}4}}]}}'
    sandbox.misbehave("pricing", "answer", status=200, body=body)

    assert str(prices(SORA)[SORA].amount) == "0.300000000000"


def test_texts_of_fal_are_shortened_and_cleaned(sandbox: SandboxProcess) -> None:
    word = "a\0\ud83d\n" + "b" * 300
    price = {"endpoint_id": SORA, "unit_price": 1, "unit": word, "currency": word}
    model = {"endpoint_id": word, "metadata": {"status": word}}
    sandbox.misbehave("pricing", "answer", status=200, body={"prices": [price]})
    sandbox.misbehave("models", "answer", status=200, body={"models": [model]})

    [told] = prices(SORA).values()
    [listed] = models(SORA).values()

    assert (told.unit, told.currency) == ("a " + "b" * 98, "a " + "b" * 8)
    assert (listed.endpoint_id, listed.status) == ("a " + "b" * 198, "a " + "b" * 48)


@pytest.mark.parametrize("fault", ["bomb", "drip"])
@pytest.mark.usefixtures("broken_handshakes")
def test_endless_list_is_abandoned(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(catalogue, "LIST_SECONDS", 2)
    sandbox.misbehave("models", fault)

    with pytest.raises(TryLater, match=r"more than|Timeout"):
        models(SORA)


def test_prices_need_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAL_KEY")

    with pytest.raises(TryLater, match="401"):
        prices(SORA)


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("drop_before", {}),
        ("garbage", {}),
        ("answer", {"status": 500, "body": ""}),
        ("answer", {"status": 200, "body": []}),
        ("answer", {"status": 200, "body": {"models": None}}),
        ("answer", {"status": 200, "body": {"nothing": 1}}),
    ],
)
def test_meaningless_answer_is_not_an_empty_list(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any]
) -> None:
    sandbox.misbehave("models", fault, **parameters)

    with pytest.raises(TryLater):
        models(SORA)
