"""fal's platform API: the list of requests, and what the API key may do.

https://docs.fal.ai/platform-apis/v1/models/requests/by-endpoint
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import httpx
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from fal_client.auth import MissingCredentialsError

from ..conf import conf
from ..endpoints import SORA_2
from ..exceptions import TryLater
from .answers import exchange, is_id, remote_call
from .credentials import Credentials, credentials
from .queue import ASK_SECONDS
from .transport import MIB, BoundedClient

PAGES = 20
PER_PAGE = 100
LIST_BYTES = 32 * MIB
"""Size limit of all pages of a list together. Requests are listed with their payloads."""
MAX_CURSOR = 2000
"""Characters of the cursor for the next page."""
REQUESTS, PRICING = "models/requests/by-endpoint", "models/pricing"


class KeyStatus(Enum):
    """What fal lets the API key do."""

    GOOD = "good"
    """It may send requests and read the list of them."""
    LIMITED = "limited"
    """It may not read the list of requests."""
    REFUSED = "refused"
    MISSING = "missing"


@dataclass(frozen=True)
class SentRequest:
    """A request that fal received."""

    request_id: str
    sent_at: datetime
    arguments: Mapping[str, Any]


class UnknownToFal(TryLater):
    """fal doesn't know an endpoint."""


async def sent_requests(endpoint_id: str, since: datetime) -> list[SentRequest]:
    """List the requests that an endpoint has received since an aware time.

    The list lags and may omit requests that are still running, so a missing request proves
    nothing. Raise `TryLater` if fal can't be reached.
    """
    async with remote_call(ASK_SECONDS):
        parameters = {
            "endpoint_id": endpoint_id,
            "start": since.isoformat(),
            "expand": "payloads",
            "limit": str(PER_PAGE),
        }
        entries = await fetch_list(REQUESTS, parameters, under="items")
        return [request for entry in entries if (request := _read(entry))]


async def fetch_list(
    path: str,
    parameters: Mapping[str, Any],
    *,
    under: str,
    number: type = float,
    key: Credentials | None = None,
    must_end: bool = False,
) -> list[Mapping[str, Any]]:
    """Return the objects under this name from all pages of a list, with numbers of this type.

    `key` is used in place of the site's. A list of more than `PAGES` is cut off, unless it
    `must_end`: then raise `TryLater`. Raise `UnknownToFal` for a 404 and `TryLater` for any other
    unusable answer. Call it within `remote_call`, which limits its time and converts other errors.
    """
    found: list[Mapping[str, Any]] = []
    cursor: dict[str, str] = {}
    size = 0
    async with _client() as client:
        for _page in range(PAGES):
            response = await _get(client, path, {**parameters, **cursor}, key)
            page = _page_in(response, number)
            size += len(response.content)
            if not isinstance(entries := page.get(under), list) or size > LIST_BYTES:
                raise TryLater(exchange(response))
            found += [entry for entry in entries if isinstance(entry, Mapping)]
            if not page.get("has_more"):
                break
            cursor = {"cursor": str(page.get("next_cursor"))[:MAX_CURSOR]}
        else:
            if must_end:
                raise TryLater(gettext("fal's list has no end."))
    return found


async def fetch_object(
    path: str, parameters: Mapping[str, Any], *, number: type = float, key: Credentials
) -> Mapping[str, Any]:
    """Return the object that fal answers, with numbers of this type; errors as in `fetch_list`."""
    async with _client() as client:
        return _page_in(await _get(client, path, parameters, key), number)


def _page_in(response: httpx.Response, number: type) -> Mapping[str, Any]:
    if response.status_code == httpx.codes.NOT_FOUND:
        raise UnknownToFal(exchange(response))
    if not response.is_success:
        raise TryLater(exchange(response))
    page = json.loads(response.content, parse_float=number)
    if not isinstance(page, Mapping):
        raise TryLater(exchange(response))
    return page


def _read(entry: Mapping[str, Any]) -> SentRequest | None:
    """Return a listed request, or None if it has no payload to recognise it by."""
    request_id, sent_at = entry.get("request_id"), _moment(entry.get("sent_at"))
    arguments = entry.get("json_input")
    if not is_id(request_id) or sent_at is None or not isinstance(arguments, Mapping):
        return None
    return SentRequest(request_id, sent_at, arguments)


def _moment(text: object) -> datetime | None:
    """Parse a time. fal's times are UTC if they have no offset."""
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
        if moment and moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment and moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


async def check_key() -> KeyStatus:
    """Ask fal what the key may do, free of charge. Raise `TryLater` if fal can't be reached."""
    if not await _credentials():
        return KeyStatus.MISSING
    # Any endpoint will do: for one that no longer exists, a valid key gets a 404.
    if await _may_call(REQUESTS, {"limit": "1"}):
        return KeyStatus.GOOD
    return KeyStatus.LIMITED if await _may_call(PRICING, {}) else KeyStatus.REFUSED


async def _credentials() -> Credentials | None:
    """Return the key, or None if there is no valid one."""
    try:
        return await credentials()
    except (MissingCredentialsError, httpx.HTTPError, OSError):
        return None


async def _may_call(path: str, more: Mapping[str, str]) -> bool:
    """Tell whether the key may make this call."""
    async with remote_call(ASK_SECONDS), _client() as client:
        response = await _get(client, path, {"endpoint_id": SORA_2.endpoint_id, **more})
    if response.status_code in (401, 403):
        return False
    if response.is_success or response.status_code == httpx.codes.NOT_FOUND:
        return True
    raise TryLater(exchange(response))


async def _get(
    client: httpx.AsyncClient,
    path: str,
    parameters: Mapping[str, Any],
    key: Credentials | None = None,
) -> httpx.Response:
    """Send a GET request, with this key, or else the site's if there is one."""
    url = f"{conf.SORA_REMIX_FAL_API_URL}/{path}"
    return await client.get(url, params=parameters, auth=key or await _credentials())


def _client() -> httpx.AsyncClient:
    """Return a client for a few calls. Commands call it in threads, each with its own loop."""
    return BoundedClient(LIST_BYTES, timeout=ASK_SECONDS)
