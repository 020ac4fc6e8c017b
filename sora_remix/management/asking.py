"""What the commands ask fal about the records of endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .. import fal
from ..clock import today
from ..endpoints import Endpoint
from ..exceptions import TryLater
from ..request_pool import wait_for

MOST_SHOWN = 2000
"""Characters of a line that a command writes."""


@dataclass(frozen=True)
class Answers:
    """What fal says of endpoints, by their ids there."""

    models: Mapping[str, fal.Model]
    prices: Mapping[str, fal.UnitPrice]
    no_prices: str = ""
    """Why there are no prices, if fal did not tell them."""

    def lives(self, record: Endpoint) -> bool:
        """Tell whether fal has the endpoint of a record, and means to keep it."""
        model = self.models.get(record.endpoint_id)
        return model is not None and model.is_active

    def drift(self, record: Endpoint) -> list[fal.Finding]:
        """List in what fal differs from a record."""
        model, price = self.models.get(record.endpoint_id), self.prices.get(record.endpoint_id)
        return fal.drift(record, model, price, today=today())


def ask(records: Iterable[Endpoint]) -> Answers:
    """Ask fal about the endpoints of these records; raise `TryLater` when it does not answer."""
    ids = [record.endpoint_id for record in records]
    models = wait_for(fal.models(ids))
    try:
        return Answers(models, wait_for(fal.prices(ids)))
    except TryLater as error:
        return Answers(models, {}, no_prices=str(error))


def check_key() -> fal.Key:
    """Ask fal what the key is good for; raise `TryLater` when it does not answer."""
    return wait_for(fal.check_key())


def presentable(text: object) -> str:
    """Return foreign text as one line that a terminal can show, without the key."""
    return fal.clean(text, MOST_SHOWN)
