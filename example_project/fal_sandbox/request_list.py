"""The platform API's list of requests, which fal sorts by their end."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from .fal_queue import Request
from .faults import Call
from .protocol import refuse_key
from .queries import (
    InvalidQuery,
    platform_error,
    read_expand,
    read_limit,
    read_time,
    require_ids,
    zulu,
)
from .sandbox import SANDBOX, Sandbox

JSON = dict[str, Any]
Place = tuple[str, str]
PATH = "/v1/models/requests/by-endpoint"


@dataclass(frozen=True)
class Query:
    """What is asked for; times are UTC texts, which sort as times do."""

    endpoints: set[str]
    start: str
    end: str
    limit: int
    after: Place | None
    with_payloads: bool


@dataclass(frozen=True)
class Row:
    """A request as the list sees it: with its end only once the lag is over."""

    request: Request
    ended_at: str

    @property
    def place(self) -> Place:
        """Where it stands; the newest is the greatest."""
        return self.ended_at or self.request.accepted_at, self.request.id

    def as_json(self, *, with_payloads: bool) -> JSON:
        """Return fal's item; what is not known yet is left out."""
        request = self.request
        item: JSON = {
            "request_id": request.id,
            "endpoint_id": request.endpoint.id,
            "started_at": zulu(request.started_at or request.accepted_at),
            "sent_at": zulu(request.accepted_at),
        }
        if self.ended_at and request.outcome:
            item["ended_at"] = zulu(self.ended_at)
            item["status_code"] = request.outcome.http_status
            item["duration"] = request.inference_time
        if with_payloads:
            item["json_input"] = request.input
        return item


def add_routes(app: web.Application) -> None:
    """Add the route; it would look like a result of the queue's."""
    app.router.add_get(PATH, by_endpoint)


async def by_endpoint(http: web.Request) -> web.StreamResponse:
    """List the requests of some endpoints, newest first."""
    sandbox = http.app[SANDBOX]

    def work() -> web.Response:
        if refuse_key(sandbox, http):
            return platform_error(401, "authorization_error", "Authentication is required.")
        try:
            query = _read_query(http)
        except InvalidQuery as error:
            return platform_error(400, "validation_error", str(error))
        return web.json_response(_answer(sandbox, query, f"https://{http.host}"))

    return await sandbox.answer(Call(http, "list", http.path_qs, work))


def _answer(sandbox: Sandbox, query: Query, base_url: str) -> JSON:
    rows = sorted(_rows(sandbox, query, base_url), key=lambda row: row.place, reverse=True)
    page = rows[: query.limit]
    has_more = len(rows) > len(page)
    return {
        "items": [row.as_json(with_payloads=query.with_payloads) for row in page],
        "next_cursor": _cursor(page[-1].place) if has_more else None,
        "has_more": has_more,
    }


def _rows(sandbox: Sandbox, query: Query, base_url: str) -> list[Row]:
    lag = timedelta(seconds=sandbox.queue.timing.list_lag_seconds)
    seen_until = (datetime.now(UTC) - lag).isoformat(timespec="microseconds")
    rows = []
    for request in sandbox.find_all(base_url, query.start):
        if request.endpoint.id not in query.endpoints:
            continue
        is_seen = request.ended_at and request.ended_at <= seen_until
        row = Row(request, request.ended_at if is_seen else "")
        if row.ended_at or sandbox.list_running:
            rows.append(row)
    return [row for row in rows if _is_within(row, query)]


def _is_within(row: Row, query: Query) -> bool:
    is_later = query.after is None or row.place < query.after
    return is_later and query.start <= row.place[0] < query.end


def _read_query(http: web.Request) -> Query:
    given = http.query
    now = datetime.now(UTC)
    return Query(
        set(require_ids(http)),
        start=_time(given.get("start"), now - timedelta(hours=24)),
        end=_time(given.get("end"), now + timedelta(seconds=1)),
        limit=read_limit(http),
        after=_place(given["cursor"]) if given.get("cursor") else None,
        with_payloads=read_expand(http, "payloads"),
    )


def _time(text: str | None, default: datetime) -> str:
    return read_time(text, default).isoformat(timespec="microseconds")


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(cursor: str) -> Place:
    try:
        time, request_id = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, TypeError):
        raise InvalidQuery("cursor is not one of ours") from None
    return str(time), str(request_id)
