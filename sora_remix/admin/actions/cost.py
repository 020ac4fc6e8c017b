"""What selected remixes cost when they are requested again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ...clock import today
from ...endpoints import Endpoint, get_endpoint
from ...models import Remix
from ..formatting import money


def price(remix: Remix) -> tuple[Decimal | None, bool]:
    """Return what it would cost now, as far as that is known, and whether that is certain."""
    endpoint = get_endpoint(remix.endpoint)
    return endpoint.estimate(remix.source, remix.options), endpoint.price.is_firm


@dataclass(frozen=True)
class ActionCost:
    """The total that a person agrees to pay."""

    many: int
    amounts: Sequence[Decimal]
    is_firm: bool
    retired: Sequence[Endpoint]
    """Endpoints that their provider has switched off."""

    @classmethod
    def of(cls, remixes: Sequence[Remix]) -> ActionCost:
        """Add up the present prices of remixes."""
        prices = [price(remix) for remix in remixes]
        endpoints = map(get_endpoint, {remix.endpoint for remix in remixes})
        return cls(
            len(prices),
            [amount for amount, _ in prices if amount is not None],
            all(is_firm for _, is_firm in prices),
            [one for one in endpoints if one.is_retired(today())],
        )

    @property
    def unknown(self) -> int:
        return self.many - len(self.amounts)

    @property
    def total(self) -> str:
        return money.total(self.amounts, unknown=self.unknown, is_firm=self.is_firm)

    @property
    def terms(self) -> str:
        """Return the cost as the page sends it back when it is confirmed."""
        return f"{self.many} {sum(self.amounts, Decimal(0))} {self.unknown}"
