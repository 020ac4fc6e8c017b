"""The platform API's word on endpoints: whether fal lists them, what they take and cost.

https://fal.ai/docs/platform-apis/v1/models · https://fal.ai/docs/platform-apis/v1/models/pricing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .answers import asking
from .cleaning import clean
from .platform import PRICING, UnknownToFal, listed

MODELS = "models"
AT_ONCE = 50
"""Endpoints that one call may name."""
LIST_SECONDS = 60
"""How long fal may take to answer about all endpoints that are asked about."""
MOST = Decimal(10) ** 8
"""No unit costs so much: what says so is no price."""
PLACES = 12
"""Decimals that a price is rounded to: fal may name one that is too long to be written."""
MAX_ENDPOINT_ID, MAX_UNIT, MAX_CURRENCY, MAX_STATUS = 200, 100, 10, 50
"""Characters that are kept of fal's words."""


@dataclass(frozen=True)
class Model:
    """An endpoint that fal lists."""

    endpoint_id: str
    status: str
    """`active`, `deprecated`, or a word that fal has not used yet."""
    schema: Mapping[str, Any] | None
    """Its OpenAPI document, None when fal gave none."""

    @property
    def is_active(self) -> bool:
        return self.status == "active"

    @property
    def is_deprecated(self) -> bool:
        return self.status == "deprecated"


@dataclass(frozen=True)
class UnitPrice:
    """What one unit costs, whatever a unit is: one flat number, without tiers."""

    amount: Decimal
    unit: str
    currency: str


async def models(endpoint_ids: Iterable[str]) -> dict[str, Model]:
    """Return those of these endpoints that fal lists, by id; a key is not needed.

    Raise `TryLater` when fal can't be asked.
    """
    async with asking(LIST_SECONDS):
        asked = {"expand": "openapi-3.0", "limit": str(AT_ONCE)}
        entries = await _entries(MODELS, endpoint_ids, asked, under="models")
        found = [model for entry in entries if (model := _model(entry))]
        return {model.endpoint_id: model for model in found}


async def prices(endpoint_ids: Iterable[str]) -> dict[str, UnitPrice]:
    """Return the unit prices of those of these endpoints that fal has one for, by id.

    Raise `TryLater` when fal can't be asked, or not with this key.
    """
    async with asking(LIST_SECONDS):
        entries = await _entries(PRICING, endpoint_ids, {}, under="prices")
        found = {_endpoint_id(entry): _price(entry) for entry in entries}
        return {endpoint_id: price for endpoint_id, price in found.items() if price}


async def _entries(
    path: str, endpoint_ids: Iterable[str], asked: Mapping[str, str], *, under: str
) -> list[Mapping[str, Any]]:
    """Return what fal has about these endpoints, many of which it is asked about at once."""
    ids = list(dict.fromkeys(endpoint_ids))
    found: list[Mapping[str, Any]] = []
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        entries = await _listed(path, {**asked, "endpoint_id": part}, under)
        if entries is None and len(part) > 1:  # fal does not know one of them, and says no more
            for one in part:
                found += await _listed(path, {**asked, "endpoint_id": one}, under) or ()
        found += entries or ()
    return found


async def _listed(
    path: str, parameters: Mapping[str, Any], under: str
) -> list[Mapping[str, Any]] | None:
    """Return all pages of an answer; None when fal does not know what it was asked about."""
    try:
        return await listed(path, parameters, under=under, number=Decimal)
    except UnknownToFal:
        return None


def _model(entry: Mapping[str, Any]) -> Model | None:
    """Return a listed endpoint; one of which fal says nothing but its name is not listed."""
    metadata, document = entry.get("metadata"), entry.get("openapi")
    if not isinstance(metadata, Mapping):
        return None
    is_document = isinstance(document, Mapping) and "paths" in document
    return Model(
        endpoint_id=_endpoint_id(entry),
        status=clean(metadata.get("status"), MAX_STATUS),
        schema=document if is_document else None,
    )


def _price(entry: Mapping[str, Any]) -> UnitPrice | None:
    amount = entry.get("unit_price")
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal) or not 0 <= amount < MOST:
        return None
    price = round(Decimal(amount), PLACES)
    if amount and not price:
        return None
    unit, currency = entry.get("unit", ""), entry.get("currency", "")
    return UnitPrice(price, clean(unit, MAX_UNIT), clean(currency, MAX_CURRENCY))


def _endpoint_id(entry: Mapping[str, Any]) -> str:
    return clean(entry.get("endpoint_id"), MAX_ENDPOINT_ID)
