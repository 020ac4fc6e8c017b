"""What fal billed: its billing events and the account's balance. Both need a key of admin scope.

https://fal.ai/docs/platform-apis/v1/models/billing-events
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from ..exceptions import TryLater
from ..logs import get_logger
from .answers import is_id, remote_call
from .catalogue import PLACES
from .cleaning import clean
from .credentials import Credentials, admin_credentials
from .platform import fetch_list, fetch_object

logger = get_logger(__name__)


EVENTS, ACCOUNT = "models/billing-events", "account/billing"
IDS_PER_CALL = 50
"""Number of request ids that one call may name."""
MAX_QUERY = 4000
"""Characters of the ids in a URL. Servers refuse longer lines than 8,000 or so."""
LONGEST_WINDOW = timedelta(days=89)
"""The longest period that one call asks about. fal's limit is 90 days, by its own clock."""
SEARCHED_BACK = 4 * LONGEST_WINDOW
"""Earlier events are not searched, to limit the number of calls."""
EVENTS_PER_PAGE = 1000
BILLING_SECONDS = 60
"""Time limit for all calls about some request ids."""
MOST_DOLLARS = Decimal(10) ** 8
"""No event is as large as this. One that says so can't be read."""
CURRENCY = "USD"
MAX_CURRENCY_CODE = 10

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Balance:
    """The money left in the account; negative if it is overdrawn."""

    amount: Decimal
    currency: str


async def charges(
    request_ids: Iterable[str], since: datetime
) -> dict[str, tuple[Decimal, ...] | None]:
    """Return the dollars of each billing event since an aware time, by request id.

    A credit is negative. An id without events is missing: what it costs is not known yet. None
    means that an event of it can't be read, so that its sum is unknown. Raise `TryLater` if fal
    can't be reached, refuses the key, or doesn't send everything.
    """
    asked = list(dict.fromkeys(filter(is_id, request_ids)))
    async with remote_call(BILLING_SECONDS):
        key = admin_credentials()
        entries: list[Entry] = []
        for ids in _groups(asked):
            for start, end in _windows(since):
                entries += await _events(ids, start, end, key)
        return _read_events(entries, asked)


async def balance() -> Balance:
    """Return the money left in the account.

    Raise `TryLater` if fal can't be reached, refuses the key, or doesn't say it.
    """
    async with remote_call(BILLING_SECONDS):
        parameters = {"expand": "credits"}
        key = admin_credentials()
        account = await fetch_object(ACCOUNT, parameters, number=Decimal, key=key)
    found = account.get("credits")
    amount = _dollars(found.get("current_balance")) if isinstance(found, Mapping) else None
    if amount is None or not isinstance(found, Mapping):
        raise TryLater(f"fal sent no balance: {clean(account)}")
    return Balance(amount, clean(found.get("currency") or CURRENCY, MAX_CURRENCY_CODE))


async def _events(
    ids: Iterable[str], start: datetime, end: datetime | None, key: Credentials
) -> list[Entry]:
    parameters = {
        "request_id": ",".join(ids),
        "start": start.isoformat(),
        "limit": str(EVENTS_PER_PAGE),
        **({"end": end.isoformat()} if end else {}),
    }
    return await fetch_list(
        EVENTS, parameters, under="billing_events", number=Decimal, key=key, must_end=True
    )


def _groups(ids: Iterable[str]) -> Iterator[list[str]]:
    """Split ids into groups that fit into one call."""
    group: list[str] = []
    length = 0
    for one in ids:
        more = len(quote(f"{one},", safe=""))
        if group and (len(group) == IDS_PER_CALL or length + more > MAX_QUERY):
            yield group
            group, length = [], 0
        group.append(one)
        length += more
    if group:
        yield group


def _windows(since: datetime) -> Iterator[tuple[datetime, datetime | None]]:
    """Split the time since then into periods that fal accepts; the last one ends now."""
    now = datetime.now(UTC)
    start = max(since, now - SEARCHED_BACK)
    while (end := start + LONGEST_WINDOW) < now:
        yield start, end
        start = end
    yield start, None


def _read_events(
    entries: Iterable[Entry], asked: Iterable[str]
) -> dict[str, tuple[Decimal, ...] | None]:
    """Return the dollars by request id; an entry that is listed twice counts once.

    A list that grows while its pages are read repeats entries. Two charges differ in their times.
    """
    wanted = set(asked)
    by_id: dict[str, dict[str, Decimal | None]] = defaultdict(dict)
    for entry in entries:
        request_id = entry.get("request_id")
        if not isinstance(request_id, str) or request_id not in wanted:
            continue
        found, said = by_id[request_id], repr(sorted(entry.items()))
        if said in found:
            logger.warning("fal lists a billing event of %s twice. It counts once", request_id)
        found[said] = _cost(entry)
    return {request_id: _known([*found.values()]) for request_id, found in by_id.items()}


def _known(amounts: Sequence[Decimal | None]) -> tuple[Decimal, ...] | None:
    """Return the amounts, or None if one of them or their sum can't be read."""
    found = tuple(amount for amount in amounts if amount is not None)
    is_complete = len(found) == len(amounts)
    return found if is_complete and abs(sum(found, Decimal(0))) < MOST_DOLLARS else None


def _cost(entry: Entry) -> Decimal | None:
    """Return what an event costs. `cost_estimate_nano_usd` is an estimate and does not count."""
    currency = entry.get("currency", CURRENCY)
    return _dollars(entry.get("cost_total")) if currency == CURRENCY else None


def _dollars(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    amount = Decimal(value)
    return round(amount, PLACES) if abs(amount) < MOST_DOLLARS else None
