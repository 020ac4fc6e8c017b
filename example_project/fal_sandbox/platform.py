"""The platform API's description and prices of endpoints."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from .endpoints import Endpoint
from .faults import Call
from .openapi import document
from .protocol import refuse_key
from .queries import (
    InvalidQuery,
    platform_error,
    read_expand,
    read_ids,
    read_limit,
    require_ids,
)
from .sandbox import SANDBOX, Sandbox

JSON = dict[str, Any]
Answer = Callable[[Sandbox, web.Request], web.Response]
UPDATED_AT = "2026-11-01T00:00:00.000Z"


def add_routes(app: web.Application) -> None:
    """Add the routes under `/v1/models`."""
    app.router.add_get("/v1/models", models)
    app.router.add_get("/v1/models/pricing", pricing)


async def models(http: web.Request) -> web.StreamResponse:
    """Describe the requested endpoints, or all. The key may be missing, but not invalid."""
    return await _answer(http, "models", _models, needs_key=False)


async def pricing(http: web.Request) -> web.StreamResponse:
    """Return the unit price of each endpoint."""
    return await _answer(http, "pricing", _pricing, needs_key=True)


async def _answer(
    http: web.Request, kind: str, answer: Answer, *, needs_key: bool
) -> web.StreamResponse:
    sandbox = http.app[SANDBOX]

    def work() -> web.Response:
        if (needs_key or "Authorization" in http.headers) and refuse_key(sandbox, http):
            return platform_error(401, "authorization_error", "Authentication is required.")
        try:
            return answer(sandbox, http)
        except InvalidQuery as error:
            return platform_error(400, "validation_error", str(error))

    return await sandbox.answer(Call(http, kind, http.path_qs, work))


def _models(sandbox: Sandbox, http: web.Request) -> web.Response:
    ids, limit, start = read_ids(http), read_limit(http), _read_cursor(http)
    status, with_document = http.query.get("status"), read_expand(http, "openapi-3.0")
    if status not in (None, "active", "deprecated"):
        raise InvalidQuery("status is active or deprecated")
    found = [
        endpoint
        for endpoint in sandbox.catalogue.living().values()
        if (not ids or endpoint.id in ids) and status in (None, endpoint.status)
    ]
    has_more = len(found) > start + limit
    page = [_describe(one, with_document) for one in found[start : start + limit]]
    next_cursor = str(start + limit) if has_more else None
    return web.json_response({"models": page, "next_cursor": next_cursor, "has_more": has_more})


def _pricing(sandbox: Sandbox, http: web.Request) -> web.Response:
    ids, living = require_ids(http), sandbox.catalogue.living()
    if unknown := [one for one in ids if one not in living]:
        return platform_error(404, "not_found", f"Endpoints not found: {', '.join(unknown)}")
    prices = [_price(living[one]) for one in ids]
    return web.json_response({"prices": prices, "next_cursor": None, "has_more": False})


def _price(endpoint: Endpoint) -> JSON:
    return {
        "endpoint_id": endpoint.id,
        "unit_price": endpoint.unit_price,
        "unit": endpoint.unit,
        "currency": "USD",
    }


def _describe(endpoint: Endpoint, with_document: bool) -> JSON:
    metadata = {
        "display_name": endpoint.title,
        "category": "video-to-video",
        "description": f"{endpoint.title}, as the sandbox plays it.",
        "status": endpoint.status,
        "tags": ["video-to-video"],
        "updated_at": UPDATED_AT,
        "is_favorited": None,
        "thumbnail_url": "https://fal.media/thumbnail.webp",
        "model_url": f"https://fal.run/{endpoint.id}",
        "date": UPDATED_AT,
        "highlighted": False,
        "pinned": False,
        "license_type": "commercial",
        "group": {"key": endpoint.app.rpartition("/")[2], "label": endpoint.title},
        "kind": "inference",
        "duration_estimate": endpoint.minutes,
    }
    entry: JSON = {"endpoint_id": endpoint.id, "metadata": metadata}
    return entry | {"openapi": document(endpoint)} if with_document else entry


def _read_cursor(http: web.Request) -> int:
    cursor = http.query.get("cursor", "") or "0"
    if not cursor.isdecimal():
        raise InvalidQuery("cursor is not one of ours")
    return int(cursor)
