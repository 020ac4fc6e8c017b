"""The platform API: which requests fal has had, and who may ask for that.

https://docs.fal.ai/platform-apis/v1/models/requests/by-endpoint
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import httpx
from django.utils.dateparse import parse_datetime
from fal_client.auth import MissingCredentialsError

from ..conf import conf
from ..endpoints import SORA_2
from ..exceptions import TryLater
from .answers import authorization, exchange, told
from .queue import ASK_SECONDS

PAGES = 20
PER_PAGE = 100
REQUESTS, PRICING = "models/requests/by-endpoint", "models/pricing"


class Key(Enum):
    """What fal says of the key."""

    GOOD = "good"
    """It may send requests and read the list of them."""
    LIMITED = "limited"
    """It may not read the list of requests."""
    REFUSED = "refused"
    MISSING = "missing"


@dataclass(frozen=True)
class SentRequest:
    """A request that fal has had."""

    request_id: str
    sent_at: datetime
    arguments: Mapping[str, Any]


async def sent_requests(endpoint_id: str, since: datetime) -> list[SentRequest]:
    """List what was sent to an endpoint since then, as far as fal lists it already.

    The list lags and may leave out what still runs: that a request is missing proves nothing.
    Raise `TryLater` when fal can't be asked.
    """
    parameters: dict[str, str] = {
        "endpoint_id": endpoint_id,
        "start": since.isoformat(),
        "expand": "payloads",
        "limit": str(PER_PAGE),
    }
    found: list[SentRequest] = []
    try:
        async with asyncio.timeout(ASK_SECONDS), httpx.AsyncClient() as client:
            for _page in range(PAGES):
                body = await _page_of(client, parameters)
                found += [one for item in body["items"] if (one := _read(item))]
                if not body.get("has_more"):
                    break
                parameters["cursor"] = str(body["next_cursor"])
    except (MissingCredentialsError, httpx.HTTPError, TimeoutError) as error:
        raise TryLater(told(error)) from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise TryLater(told(error)) from error
    return found


async def _page_of(client: httpx.AsyncClient, parameters: Mapping[str, str]) -> dict[str, Any]:
    url = f"{conf.SORA_REMIX_FAL_API_URL}/models/requests/by-endpoint"
    headers = {"Authorization": await authorization()}
    response = await client.get(url, params=parameters, headers=headers)
    if not response.is_success:
        raise TryLater(exchange(response))
    body: dict[str, Any] = response.json()
    return body


def _read(item: Mapping[str, Any]) -> SentRequest | None:
    """Return a listed request; one whose payload is not kept can't be recognised."""
    sent_at = parse_datetime(item["sent_at"])
    arguments = item.get("json_input")
    if sent_at is None or not isinstance(arguments, Mapping):
        return None
    return SentRequest(str(item["request_id"]), sent_at, arguments)


async def check_key() -> Key:
    """Ask fal what the key is good for, which is free; raise `TryLater` when it can't be asked."""
    if not await _credentials():
        return Key.MISSING
    # What is asked about does not matter: for an endpoint that is gone, a good key gets a 404.
    if await _is_let_in(REQUESTS, {"limit": "1"}):
        return Key.GOOD
    return Key.LIMITED if await _is_let_in(PRICING, {}) else Key.REFUSED


async def hide_key(text: str) -> str:
    """Return the text without the key, should it stand there: servers may repeat what they get."""
    key = (await _credentials()).removeprefix("Key ")
    return text.replace(key, "…") if key else text


async def fetch(path: str, parameters: Mapping[str, Any]) -> httpx.Response:
    """Make one call of the platform API, with the key if there is one.

    Raise `TryLater` when no answer comes.
    """
    url = f"{conf.SORA_REMIX_FAL_API_URL}/{path}"
    value = await _credentials()
    headers = {"Authorization": value} if value else {}
    try:
        async with (
            asyncio.timeout(ASK_SECONDS),
            httpx.AsyncClient(headers=headers, timeout=ASK_SECONDS) as client,
        ):
            response = await client.get(url, params=parameters)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # TimeoutError is an OSError
        raise TryLater(told(error)) from error
    return response


async def _credentials() -> str:
    """Return the value of the header; empty when there is no key that could be sent."""
    try:
        return await authorization()
    except (MissingCredentialsError, httpx.HTTPError, OSError):
        return ""


async def _is_let_in(path: str, more: Mapping[str, str]) -> bool:
    """Tell whether the key may make this call."""
    response = await fetch(path, {"endpoint_id": SORA_2.endpoint_id, **more})
    if response.status_code in (401, 403):
        return False
    if response.is_success or response.status_code == httpx.codes.NOT_FOUND:
        return True
    raise TryLater(exchange(response))
