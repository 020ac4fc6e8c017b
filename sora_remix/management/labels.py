"""Describe endpoint records, and the hold of the account, for the shell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal

from ..clock import local
from ..dollars import english_dollars
from ..endpoints import Endpoint, Price
from ..models import Hold

UNITS = {
    "per_run": "per run",
    "per_source_second": "per second of the source",
    "per_output_second": "per second of the result",
}


def price_label(price: Price) -> str:
    """Return the cost of a run, from the lowest rate to the highest."""
    tables = {unit: getattr(price, name).values() for name, unit in UNITS.items()}
    parts = [f"{_span(rates)} {unit}" for unit, rates in tables.items() if rates]
    if not parts:
        return "unknown"
    least = f", at least {english_dollars(price.floor)}" if price.floor is not None else ""
    return f"{'' if price.is_firm else 'about '}{' + '.join(parts)}{least}"


def availability(record: Endpoint, retired: Mapping[str, datetime], today: date) -> str:
    """Tell whether an endpoint is available, by its record and by what fal has reported."""
    if record.is_retired(today):
        return f"switched off on {record.ends_on}"
    if gone := retired.get(record.endpoint_id):
        return f"deprecated by fal since {local(gone).date()}"
    return f"available until {record.ends_on}" if record.ends_on else "available"


def hold_label(hold: Hold) -> str:
    """Tell since when and why nothing is sent to fal."""
    reason = f": {hold.reason}" if hold.reason else "."
    return f"Since {local(hold.since):%Y-%m-%d %H:%M}, nothing is sent to fal ({hold.code}){reason}"


def _span(rates: Collection[Decimal]) -> str:
    return " to ".join(dict.fromkeys(map(english_dollars, (min(rates), max(rates)))))
