"""Find out what remixes really cost: what fal counted, times what it says that a unit costs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.core.cache import cache
from django.utils import timezone

from .. import fal
from ..exceptions import RemoteError
from ..flight import wait_for
from ..logs import get_logger
from ..models import EndpointFact, Remix
from .isolation import isolated

logger = get_logger(__name__)

BILLED_FOR = timedelta(days=7)
"""How long after its end a remix waits for a price."""
PRICE_LIVES = timedelta(days=1)
ASKED_EVERY = 3600
"""Seconds between two questions for prices that fal does not tell."""
CURRENCY = "USD"
AT_ONCE = 500


def settle_bills() -> None:
    """Note what finished remixes cost, as far as fal's prices are known."""
    remixes = Remix.objects.unbilled(timezone.now() - BILLED_FOR, AT_ONCE)
    if not remixes:
        return
    ids = {remix.endpoint_id for remix in remixes}
    _ask_for_prices(ids - _fresh_prices(ids).keys())
    prices = _fresh_prices(ids)
    for remix in remixes:
        if price := prices.get(remix.endpoint_id):
            with isolated(remix):
                remix.bill(price)


def _fresh_prices(endpoint_ids: set[str]) -> dict[str, Decimal]:
    since = timezone.now() - PRICE_LIVES
    noted = {one: EndpointFact.objects.unit_price_of(one) for one in endpoint_ids}
    return {
        one: price.amount
        for one, price in noted.items()
        if price and price.currency == CURRENCY and price.at > since
    }


def _ask_for_prices(endpoint_ids: set[str]) -> None:
    due = [one for one in endpoint_ids if cache.add(f"sora_remix.price.{one}", True, ASKED_EVERY)]
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
