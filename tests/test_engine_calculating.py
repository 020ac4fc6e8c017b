"""The calculated cost is fal's units times its list price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import engine, fal
from sora_remix.endpoints import get_endpoint
from sora_remix.exceptions import TryLater
from sora_remix.models import EndpointFact, Remix
from tests.factories import ago, make_remix

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
GROK = get_endpoint("grok").endpoint_id
PRICE = fal.UnitPrice(Decimal("0.05"), "units", "USD")


class Prices(dict[str, fal.UnitPrice]):
    """Prices of fal; it records the requests."""

    asked: list[list[str]]
    error: Exception | None = None

    async def __call__(self, endpoint_ids: Iterable[str]) -> dict[str, fal.UnitPrice]:
        self.asked.append(list(endpoint_ids))
        if self.error:
            raise self.error
        return dict(self)


@pytest.fixture(autouse=True)
def prices(monkeypatch: pytest.MonkeyPatch) -> Iterator[Prices]:
    prices = Prices({GROK: PRICE})
    prices.asked = []
    monkeypatch.setattr(fal, "prices", prices)
    cache.clear()
    yield prices
    cache.clear()


def counted(units: str | None = "9.6", **values: Any) -> Remix:
    values = {"endpoint_id": GROK, "status": Status.SUCCEEDED, "finished_at": ago(), **values}
    return make_remix(billable_units=units and Decimal(units), **values)


def calculated() -> list[Decimal | None]:
    engine.sweep()
    return list(Remix.objects.order_by("pk").values_list("calculated_cost", flat=True))


def test_cost_is_the_units_counted_by_fal_times_the_price() -> None:
    counted("9.6")
    counted("3.333333")

    assert calculated() == [Decimal("0.48"), Decimal("0.166667")]


def test_price_is_requested_once_a_day(prices: Prices) -> None:
    for _ in range(3):
        counted()
        engine.sweep()

    assert prices.asked == [[GROK]]


def test_old_price_is_requested_again(prices: Prices) -> None:
    EndpointFact.objects.note_price(GROK, Decimal(1), "units", "USD")
    EndpointFact.objects.update(priced_at=ago(hours=25))
    counted()

    assert calculated() == [Decimal("0.48")]


@pytest.mark.parametrize(
    "values",
    [
        {"units": None},
        {"endpoint_id": "fal-ai/unpriced"},
        {"finished_at": ago(days=8)},
        {"status": Status.PROCESSING, "finished_at": None},
        {"units": "999999999999"},
    ],
)
def test_remix_without_a_known_price_has_unknown_cost(values: dict[str, Any]) -> None:
    counted(**values)

    assert calculated() == [None]


def test_price_in_another_currency_is_ignored(prices: Prices) -> None:
    prices[GROK] = fal.UnitPrice(Decimal("0.05"), "units", "EUR")
    counted()

    assert calculated() == [None]


def test_unreadable_prices_are_not_requested_every_minute(prices: Prices) -> None:
    prices.error = TryLater("HTTP 500")
    counted()

    assert [calculated() for _ in range(2)] == [[None], [None]]
    assert len(prices.asked) == 1


def test_known_cost_is_not_changed() -> None:
    counted(calculated_cost=Decimal(7))

    assert calculated() == [Decimal(7)]


def test_remix_without_counted_units_has_no_cost() -> None:
    remix = counted(None)

    remix.set_calculated_cost(Decimal(1))

    assert Remix.objects.get().calculated_cost is None


def test_cost_is_calculated_from_real_answers(
    sandbox: SandboxProcess, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sora_remix.fal.catalogue import prices

    monkeypatch.setattr(fal, "prices", prices)
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url
    counted("4")

    assert calculated() == [Decimal("0.2")]
