"""The platform API: which requests fal has had.

https://docs.fal.ai/platform-apis/v1/models/requests/by-endpoint
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from django.utils.dateparse import parse_datetime
from fal_client.auth import MissingCredentialsError

from ..conf import conf
from ..exceptions import TryLater
from .answers import authorization, exchange, told
from .queue import ASK_SECONDS

PAGES = 20
PER_PAGE = 100


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
