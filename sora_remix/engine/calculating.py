"""Calculate what remixes cost: fal's units times fal's list price."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.core.cache import cache
from django.utils import timezone

from .. import fal
from ..database import ROWS_PER_QUERY
from ..exceptions import RemoteError
from ..logs import get_logger
from ..models import EndpointFact, Remix
from ..request_pool import wait_for
from .isolation import isolated

logger = get_logger(__name__)

PRICED_WITHIN = timedelta(days=7)
"""How long after its end a remix waits for a price."""
PRICE_LIFETIME = timedelta(days=1)
ASK_EVERY = 3600
"""Seconds before fal is asked again for a price that it did not give."""
CURRENCY = "USD"


def calculate_costs() -> None:
    """Set the cost of finished remixes whose price is known."""
    remixes = Remix.objects.uncalculated(timezone.now() - PRICED_WITHIN, ROWS_PER_QUERY)
    if not remixes:
        return
    ids = {remix.endpoint_id for remix in remixes}
    _ask_for_prices(ids - _fresh_prices(ids).keys())
    prices = _fresh_prices(ids)
    for remix in remixes:
        if price := prices.get(remix.endpoint_id):
            with isolated(remix):
                remix.set_calculated_cost(price)


def _fresh_prices(endpoint_ids: set[str]) -> dict[str, Decimal]:
    since = timezone.now() - PRICE_LIFETIME
    noted = {one: EndpointFact.objects.unit_price_of(one) for one in endpoint_ids}
    return {
        one: price.amount
        for one, price in noted.items()
        if price and price.currency == CURRENCY and price.at > since
    }


def _ask_for_prices(endpoint_ids: set[str]) -> None:
    due = [one for one in endpoint_ids if cache.add(f"sora_remix.price.{one}", True, ASK_EVERY)]
    if not due:
        return
    try:
        prices = wait_for(fal.prices(sorted(due)))
    except RemoteError as error:
        logger.warning("Could not read fal's prices: %s", error)
        return
    for endpoint_id, price in prices.items():
        with isolated(f"The price of {endpoint_id}"):
            facts = EndpointFact.objects
            facts.note_price(endpoint_id, price.amount, price.unit, price.currency)
