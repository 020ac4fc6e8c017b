"""The platform API's billing events and balance, which need a key of admin scope."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from .faults import Call
from .ledger import Charge
from .protocol import refuse_key
from .queries import InvalidQuery, platform_error, read_expand, read_ids, read_limit, read_time
from .sandbox import SANDBOX, Sandbox

JSON = dict[str, Any]
Answer = Callable[[Sandbox, web.Request], JSON]
MOST_ROWS = 10_000
LONGEST_WINDOW = timedelta(days=90)


def add_routes(app: web.Application) -> None:
    """Add the routes; they would look like the queue's."""
    app.router.add_get("/v1/models/billing-events", events)
    app.router.add_get("/v1/account/billing", account)


async def events(http: web.Request) -> web.StreamResponse:
    """List billing events, newest first."""
    return await _answer(http, "billing", _events)


async def account(http: web.Request) -> web.StreamResponse:
    """Say whose account it is and, if asked, what is left in it."""
    return await _answer(http, "balance", _account)


async def _answer(http: web.Request, kind: str, answer: Answer) -> web.StreamResponse:
    sandbox = http.app[SANDBOX]

    def work() -> web.Response:
        if not sandbox.is_admin(http):
            if refuse_key(sandbox, http):
                return platform_error(401, "authorization_error", "Authentication is required.")
            return platform_error(403, "authorization_error", "This needs a key of admin scope.")
        try:
            return web.json_response(answer(sandbox, http))
        except InvalidQuery as error:
            return platform_error(400, "validation_error", str(error))

    return await sandbox.answer(Call(http, kind, http.path_qs, work))


def _events(sandbox: Sandbox, http: web.Request) -> JSON:
    limit, place = read_limit(http, most=MOST_ROWS), _read_cursor(http)
    rows = [one for one in _wanted(sandbox, http) for _copy in range(one.copies)]
    has_more = len(rows) > place + limit
    return {
        "billing_events": [one.as_json() for one in rows[place : place + limit]],
        "next_cursor": str(place + limit) if has_more else None,
        "has_more": has_more,
    }


def _wanted(sandbox: Sandbox, http: web.Request) -> list[Charge]:
    start, end = _read_window(sandbox, http)
    requests, endpoints = set(read_ids(http, "request_id")), set(read_ids(http))
    return [
        one
        for one in sandbox.ledger.listed
        if start <= one.at < end
        and (not requests or one.request_id in requests)
        and (not endpoints or one.endpoint_id in endpoints)
    ]


def _read_window(sandbox: Sandbox, http: web.Request) -> tuple[datetime, datetime]:
    now = sandbox.ledger.now
    start = read_time(http.query.get("start"), now - timedelta(hours=24))
    end = read_time(http.query.get("end"), now + timedelta(seconds=1))
    if not start < end <= start + LONGEST_WINDOW:
        raise InvalidQuery("start must be before end, by at most 90 days")
    return start, end


def _read_cursor(http: web.Request) -> int:
    cursor = http.query.get("cursor", "") or "0"
    if not cursor.isdecimal():
        raise InvalidQuery("cursor is not one of ours")
    return int(cursor)


def _account(sandbox: Sandbox, http: web.Request) -> JSON:
    found: JSON = {"username": "sandbox"}
    if read_expand(http, "credits"):
        balance, currency = float(sandbox.ledger.balance), sandbox.ledger.currency
        found["credits"] = {"current_balance": balance, "currency": currency}
    return found
