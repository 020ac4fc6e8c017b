"""What a run costs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .option import UNSET
from .values import Amount, Amounts, Day, Names, Number

MILLIONTH = Decimal("0.000001")
TABLES = ("per_source_second", "per_output_second", "per_run")


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a run costs, in US dollars.

    Each table gives an amount for a key: the values of the options in `by`, joined by "|". The
    amount under "" is for every key that the table does not have.
    """

    by: Names = ()
    per_source_second: Amounts = field(default_factory=dict)
    per_output_second: Amounts = field(default_factory=dict)
    per_run: Amounts = field(default_factory=dict)
    min_source_as_output: bool = False
    """True when at least as many seconds are charged for the source as for the result."""
    floor: Amount | None = None
    """No run costs less."""
    duration_option: str = ""
    """Option that sets how long the result is; 0, "auto" and unset: as long as the source."""
    duration_cuts: bool = False
    """True when that option only shortens: the result is never longer than the source."""
    as_of: Day | None = None
    url: str = ""
    unit_price: Amount | None = None
    """fal's flat price of a unit, as its platform API had it when this was checked."""
    is_firm: bool = True
    """False when sources disagree: the app then says "about"."""

    def estimate(
        self, seconds: Number | None, options: Mapping[str, Any], *, cut_at: Number | None = None
    ) -> Decimal | None:
        """Estimate the cost for a source of this length, which is cut at `cut_at` seconds.

        Return None, never 0, when a needed rate or length is unknown.
        """
        return self._total(self._rates(options), seconds, options, cut_at)

    def most(
        self, seconds: Number | None, options: Mapping[str, Any], *, cut_at: Number | None = None
    ) -> Decimal | None:
        """Return the largest cost for a source of at most this length.

        An unknown rate is the largest of its table. Return None where no length is known.
        """
        rates = {
            name: max(getattr(self, name).values()) if rate is None else rate
            for name, rate in self._rates(options).items()
        }
        return self._total(rates, seconds, options, cut_at)

    def rates(self) -> Iterator[tuple[Decimal, Decimal]]:
        """Yield the cost of a second and of a run, for each key that has all its rates."""
        tables = {name: table for name in TABLES if (table := getattr(self, name))}
        for key in dict.fromkeys(key for table in tables.values() for key in table):
            rates = {name: table.get(key, table.get("")) for name, table in tables.items()}
            if None not in rates.values():
                per_run = rates.pop("per_run", Decimal())
                yield sum(rates.values(), Decimal()), per_run

    def figures(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the rates for these complete options, as JSON values."""
        rates = self._rates(options).items()
        figures: dict[str, Any] = {name: f"{rate:f}" for name, rate in rates if rate is not None}
        if self.min_source_as_output:
            figures["min_source_as_output"] = True
        if self.floor is not None:
            figures["floor"] = f"{self.floor:f}"
        as_of = self.as_of and self.as_of.isoformat()
        return {**figures, "currency": "USD", "as_of": as_of, "is_firm": self.is_firm}

    def output_seconds(
        self, seconds: Number | None, options: Mapping[str, Any], *, cut_at: Number | None = None
    ) -> Number | None:
        """Return the length of the result in seconds, None when unknown."""
        wanted = options.get(self.duration_option, UNSET)
        if wanted in (UNSET, None, 0, "", "auto"):
            return shorter(seconds, cut_at)
        chosen = _read_seconds(wanted)
        if not self.duration_cuts or chosen is None:
            return chosen
        return shorter(shorter(seconds, cut_at), chosen)

    def _rates(self, options: Mapping[str, Any]) -> dict[str, Decimal | None]:
        """Return the rate of each table, None where it has none for these options."""
        key = "|".join(key_text(options.get(name, "")) for name in self.by)
        tables = {name: getattr(self, name) for name in TABLES}
        return {name: table.get(key, table.get("")) for name, table in tables.items() if table}

    def _total(
        self,
        rates: Mapping[str, Decimal | None],
        seconds: Number | None,
        options: Mapping[str, Any],
        cut_at: Number | None,
    ) -> Decimal | None:
        output = self.output_seconds(seconds, options, cut_at=cut_at)
        source = self._source_seconds(shorter(seconds, cut_at), output)
        times = {"per_source_second": source, "per_output_second": output, "per_run": 1}
        parts = [_product(rate, times[name]) for name, rate in rates.items()]
        known = [part for part in parts if part is not None]
        if not known or len(known) < len(parts):
            return None
        return max(sum(known, Decimal()), self.floor or Decimal()).quantize(MILLIONTH)

    def _source_seconds(self, source: Number | None, output: Number | None) -> Number | None:
        if not self.min_source_as_output:
            return source
        return None if source is None or output is None else max(source, output)


def shorter(seconds: Number | None, limit: Number | None) -> Number | None:
    """Shorten a length to a limit; an unknown length stays unknown."""
    return seconds if seconds is None or limit is None else min(seconds, limit)


def key_text(value: object) -> str:
    """Format the value of an option as in the key of a rate."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _product(rate: Decimal | None, times: Number | None) -> Decimal | None:
    return None if rate is None or times is None else rate * times


def _read_seconds(value: object) -> Decimal | None:
    """Read 5, "5" and "5s"."""
    length = re.fullmatch(r"(\d+(?:\.\d+)?)s?", str(value))
    return Decimal(length[1]) if length else None
