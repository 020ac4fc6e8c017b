"""The platform API's word on endpoints: whether fal lists them, what they take and cost.

https://fal.ai/docs/platform-apis/v1/models · https://fal.ai/docs/platform-apis/v1/models/pricing
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from ..exceptions import TryLater
from .answers import exchange, told
from .platform import PRICING, fetch

MODELS = "models"
AT_ONCE = 50
"""Endpoints that one call may name."""
PAGES = 20
MOST = Decimal(10) ** 8
"""No unit costs so much: what says so is no price."""


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
    asked = {"expand": "openapi-3.0", "limit": str(AT_ONCE)}
    entries = await _entries(MODELS, endpoint_ids, asked, under="models")
    found = [model for entry in entries if (model := _model(entry))]
    return {model.endpoint_id: model for model in found}


async def prices(endpoint_ids: Iterable[str]) -> dict[str, UnitPrice]:
    """Return the unit prices of those of these endpoints that fal has one for, by id.

    Raise `TryLater` when fal can't be asked, or not with this key.
    """
    entries = await _entries(PRICING, endpoint_ids, {}, under="prices")
    return {str(entry.get("endpoint_id")): price for entry in entries if (price := _price(entry))}


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
    found: list[Mapping[str, Any]] = []
    cursor: dict[str, str] = {}
    for _page in range(PAGES):
        response = await fetch(path, {**parameters, **cursor})
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        page = _page_in(response)
        if not isinstance(entries := page.get(under), list):
            raise TryLater(exchange(response))
        found += [entry for entry in entries if isinstance(entry, Mapping)]
        if not page.get("has_more"):
            break
        cursor = {"cursor": str(page.get("next_cursor"))}
    return found


def _page_in(response: httpx.Response) -> dict[str, Any]:
    if not response.is_success:
        raise TryLater(exchange(response))
    try:
        page = json.loads(response.text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise TryLater(told(error)) from error
    if not isinstance(page, dict):
        raise TryLater(exchange(response))
    return page


def _model(entry: Mapping[str, Any]) -> Model | None:
    """Return a listed endpoint; one of which fal says nothing but its name is not listed."""
    metadata, document = entry.get("metadata"), entry.get("openapi")
    if not isinstance(metadata, Mapping):
        return None
    is_document = isinstance(document, Mapping) and "paths" in document
    return Model(
        endpoint_id=str(entry.get("endpoint_id")),
        status=str(metadata.get("status")),
        schema=document if is_document else None,
    )


def _price(entry: Mapping[str, Any]) -> UnitPrice | None:
    amount = entry.get("unit_price")
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal) or not 0 <= amount < MOST:
        return None
    unit, currency = str(entry.get("unit", "")), str(entry.get("currency", ""))
    return UnitPrice(Decimal(amount), unit, currency)
