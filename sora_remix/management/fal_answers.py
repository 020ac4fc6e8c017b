"""Ask fal about endpoints and the API key, for the commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .. import fal
from ..clock import today
from ..endpoints import Endpoint
from ..exceptions import TryLater
from ..request_pool import wait_for

MOST_SHOWN = 2000
"""Characters of one line of output."""


@dataclass(frozen=True)
class FalAnswers:
    """fal's answers about endpoints, by fal's endpoint ids."""

    models: Mapping[str, fal.ListedEndpoint]
    prices: Mapping[str, fal.UnitPrice]
    no_prices: str = ""
    """Why there are no prices; empty if there are."""

    def is_available(self, record: Endpoint) -> bool:
        """Tell whether fal offers the endpoint and does not call it deprecated."""
        model = self.models.get(record.endpoint_id)
        return model is not None and model.is_active

    def drift(self, record: Endpoint) -> list[fal.Finding]:
        """List the differences between fal and a record."""
        model, price = self.models.get(record.endpoint_id), self.prices.get(record.endpoint_id)
        return fal.drift(record, model, price, today=today())


def ask(records: Iterable[Endpoint]) -> FalAnswers:
    """Ask fal about the endpoints of these records. Raise `TryLater` if it doesn't answer."""
    ids = [record.endpoint_id for record in records]
    models = wait_for(fal.listed_endpoints(ids))
    try:
        return FalAnswers(models, wait_for(fal.prices(ids)))
    except TryLater as error:
        return FalAnswers(models, {}, no_prices=str(error))


def key_status() -> fal.KeyStatus:
    """Ask fal what the API key may do. Raise `TryLater` if it doesn't answer."""
    return wait_for(fal.check_key())


def presentable(text: object) -> str:
    """Return foreign text as one line that is safe for a terminal, without the key."""
    return fal.clean(text, MOST_SHOWN)
