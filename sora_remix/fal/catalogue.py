"""Read fal's catalogue of endpoints: their status, input schema and unit price.

https://fal.ai/docs/platform-apis/v1/models · https://fal.ai/docs/platform-apis/v1/models/pricing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .answers import remote_call
from .cleaning import clean
from .platform import PRICING, UnknownToFal, fetch_list

MODELS = "models"
AT_ONCE = 50
"""Number of endpoints that one call may name."""
LIST_SECONDS = 60
"""Time limit for all calls about the requested endpoints."""
MOST = Decimal(10) ** 8
"""A unit never costs this much. Higher numbers are ignored."""
PLACES = 12
"""Decimal places that a price is rounded to. fal may send more than the column holds."""
MAX_ENDPOINT_ID, MAX_UNIT, MAX_CURRENCY, MAX_STATUS = 200, 100, 10, 50
"""Characters that are kept of fal's texts."""


@dataclass(frozen=True)
class ListedEndpoint:
    """An endpoint that fal lists."""

    endpoint_id: str
    status: str
    """`active`, `deprecated`, or a status that is new to this app."""
    schema: Mapping[str, Any] | None
    """Its OpenAPI document, or None if fal sent none."""

    @property
    def is_active(self) -> bool:
        return self.status == "active"

    @property
    def is_deprecated(self) -> bool:
        return self.status == "deprecated"


@dataclass(frozen=True)
class UnitPrice:
    """fal's flat price of one unit, without tiers."""

    amount: Decimal
    unit: str
    currency: str


async def listed_endpoints(endpoint_ids: Iterable[str]) -> dict[str, ListedEndpoint]:
    """Return those of the endpoints that fal lists, by id. No key is needed.

    Raise `TryLater` if fal can't be reached.
    """
    async with remote_call(LIST_SECONDS):
        asked = {"expand": "openapi-3.0", "limit": str(AT_ONCE)}
        entries = await _entries(MODELS, endpoint_ids, asked, under="models")
        found = [model for entry in entries if (model := _model(entry))]
        return {model.endpoint_id: model for model in found}


async def prices(endpoint_ids: Iterable[str]) -> dict[str, UnitPrice]:
    """Return the known unit prices of the endpoints, by id.

    Raise `TryLater` if fal can't be reached or refuses the key.
    """
    async with remote_call(LIST_SECONDS):
        entries = await _entries(PRICING, endpoint_ids, {}, under="prices")
        found = {_endpoint_id(entry): _price(entry) for entry in entries}
        return {endpoint_id: price for endpoint_id, price in found.items() if price}


async def _entries(
    path: str, endpoint_ids: Iterable[str], asked: Mapping[str, str], *, under: str
) -> list[Mapping[str, Any]]:
    """Return fal's entries about the endpoints, asking about `AT_ONCE` at a time."""
    ids = list(dict.fromkeys(endpoint_ids))
    found: list[Mapping[str, Any]] = []
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        entries = await _listed(path, {**asked, "endpoint_id": part}, under)
        if entries is None and len(part) > 1:  # fal doesn't say which one it doesn't know
            for one in part:
                found += await _listed(path, {**asked, "endpoint_id": one}, under) or ()
        found += entries or ()
    return found


async def _listed(
    path: str, parameters: Mapping[str, Any], under: str
) -> list[Mapping[str, Any]] | None:
    """Return the entries of all pages, or None if fal doesn't know an endpoint."""
    try:
        return await fetch_list(path, parameters, under=under, number=Decimal)
    except UnknownToFal:
        return None


def _model(entry: Mapping[str, Any]) -> ListedEndpoint | None:
    """Return a listed endpoint. An entry without metadata doesn't count as listed."""
    metadata, document = entry.get("metadata"), entry.get("openapi")
    if not isinstance(metadata, Mapping):
        return None
    is_document = isinstance(document, Mapping) and "paths" in document
    return ListedEndpoint(
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
