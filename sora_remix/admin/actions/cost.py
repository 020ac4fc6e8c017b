"""The cost of requesting selected remixes again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from ...clock import today
from ...endpoints import get_endpoint
from ...models import Remix
from ...services import plan_again
from ..formatting import money


def price(remix: Remix) -> tuple[Decimal | None, bool]:
    """Return the present price, None if it is unknown, and whether it is firm."""
    endpoint = get_endpoint(remix.endpoint)
    clip = plan_again(endpoint, remix).clip
    return endpoint.estimate(clip, remix.options), endpoint.price.is_firm


def most_cost(remix: Remix) -> Decimal | None:
    """Return the largest possible cost, None if it has no limit."""
    endpoint = get_endpoint(remix.endpoint)
    return endpoint.most_cost(plan_again(endpoint, remix).clip, remix.options)


class ActionCost:
    """The total that a person agrees to pay."""

    def __init__(self, remixes: Sequence[Remix]) -> None:
        prices = [price(remix) for remix in remixes]
        amounts = [amount for amount, _ in prices if amount is not None]
        is_firm = all(is_firm for _, is_firm in prices)
        endpoints = map(get_endpoint, {remix.endpoint for remix in remixes})
        self.unknown = len(prices) - len(amounts)
        self.needed = _sum_known(
            most_cost(remix) if amount is None else amount
            for remix, (amount, _) in zip(remixes, prices, strict=True)
        )
        """What they may cost at most, None if that has no limit."""
        self.total = money.total(amounts, unknown=self.unknown, is_firm=is_firm)
        self.terms = f"{len(prices)} {sum(amounts, Decimal(0))} {self.unknown}"
        """The cost as the page sends it back when it is confirmed."""
        self.retired = [one for one in endpoints if one.is_retired(today())]
        """Endpoints that their provider has switched off."""


def _sum_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    found = list(amounts)
    known = [amount for amount in found if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(found) else None
