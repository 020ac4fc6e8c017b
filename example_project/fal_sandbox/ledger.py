"""What the sandbox charges, by its own units and prices, and the events by which it says so."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from .fal_queue import Request
from .outcomes import Outcome
from .queries import zulu
from .rules import Rules

JSON = dict[str, Any]
NANO = Decimal("0.000000001")
FIRST_BALANCE = Decimal(1000)
BILL_FAULTS = {
    "free",
    "charge_failure",
    "factor",
    "discount",
    "twice",
    "credit",
    "late",
    "lose",
    "doubled",
}
"""What a rule on `bill` can do to the charge of a request: nothing is charged; a failure is (for
`units`); `factor` times the units; `percent` off; a second charge, or a credit of a `part`, after
`seconds`; its events are listed after `seconds`, never, or twice."""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One billing event; a credit has a negative number of units."""

    request_id: str
    endpoint_id: str
    at: datetime
    units: Decimal
    unit_price: Decimal
    percent_discount: Decimal | None = None
    listed_at: datetime | None
    """From when on it is listed; None: never."""
    copies: int = 1
    """How many times it is listed."""

    @property
    def subtotal(self) -> Decimal:
        return (self.units * self.unit_price).quantize(NANO)

    @property
    def discount(self) -> Decimal:
        return (self.subtotal * (self.percent_discount or 0) / 100).quantize(NANO)

    @property
    def total(self) -> Decimal:
        """What is charged, in dollars."""
        return self.subtotal - self.discount

    def as_json(self) -> JSON:
        """Return fal's billing event."""
        percent = self.percent_discount
        return {
            "request_id": self.request_id,
            "endpoint_id": self.endpoint_id,
            "timestamp": zulu(self.at.isoformat(timespec="microseconds")),
            "output_units": float(self.units),
            "unit_price": float(self.unit_price),
            "percent_discount": percent if percent is None else float(percent),
            "cost_subtotal": float(self.subtotal),
            "cost_discount": float(self.discount),
            "cost_total": float(self.total),
            "cost_estimate_nano_usd": int(self.subtotal / NANO),
        }

    @classmethod
    def from_json(cls, body: JSON) -> "Charge":
        """Read a charge that a test adds; `listed_at` is `at` unless it is given."""
        percent, listed_at = body.get("percent_discount"), body.get("listed_at", body["at"])
        return cls(
            request_id=body["request_id"],
            endpoint_id=body["endpoint_id"],
            at=datetime.fromisoformat(body["at"]),
            units=Decimal(str(body["units"])),
            unit_price=Decimal(str(body["unit_price"])),
            percent_discount=None if percent is None else Decimal(str(percent)),
            listed_at=datetime.fromisoformat(listed_at) if listed_at else None,
            copies=int(body.get("copies", 1)),
        )


class Ledger:
    """All charges, and the balance that they leave."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.clear()

    def clear(self) -> None:
        """Forget all charges."""
        self.charges: list[Charge] = []
        self.funds, self.currency = FIRST_BALANCE, "USD"
        self._now: datetime | None = None

    @property
    def now(self) -> datetime:
        """The time, unless a test has set another one."""
        return self._now or datetime.now(UTC)

    def set_clock(self, now: datetime | None) -> None:
        """Let it be this time until the next call; None: the real time."""
        self._now = now

    @property
    def total(self) -> Decimal:
        """What all requests have been charged, whether it is listed or not."""
        return total_of(self.charges)

    @property
    def listed(self) -> list[Charge]:
        """The charges that are listed by now, newest first."""
        seen = [one for one in self.charges if one.listed_at and one.listed_at <= self.now]
        return sorted(seen, key=lambda one: (one.at, one.request_id), reverse=True)

    @property
    def balance(self) -> Decimal:
        """What is left of the account's money."""
        return self.funds - self.total

    def charge(self, request: Request, outcome: Outcome) -> None:
        """Charge a request that has ended: for its units, and for a failure only by a rule."""
        faults = self._rules.take_all("bill", f"{request.id} {request.prompt}")
        units = _units(outcome, faults)
        if not units:
            return
        now = self.now
        percent = faults.get("discount", {}).get("percent")
        first = Charge(
            request_id=request.id,
            endpoint_id=request.endpoint.id,
            at=now,
            units=units,
            unit_price=Decimal(str(request.endpoint.unit_price)),
            percent_discount=None if percent is None else Decimal(str(percent)),
            listed_at=now,
            copies=2 if "doubled" in faults else 1,
        )
        self.charges += [_listed(one, faults) for one in (first, *_followers(first, faults))]


def total_of(charges: Iterable[Charge]) -> Decimal:
    """Return what these charges add up to."""
    return sum((one.total for one in charges), Decimal(0))


def _units(outcome: Outcome, faults: JSON) -> Decimal:
    units = Decimal(outcome.headers.get("x-fal-billable-units", "0"))
    if outcome.error and "charge_failure" in faults:
        units = Decimal(str(faults["charge_failure"].get("units", 1)))
    if "free" in faults:
        return Decimal(0)
    return units * Decimal(str(faults.get("factor", {}).get("factor", 1)))


def _followers(first: Charge, faults: JSON) -> list[Charge]:
    """Return the second charge and the credit that rules ask for."""
    found = []
    if (twice := faults.get("twice")) is not None:
        found.append(replace(first, at=_after(first, twice)))
    if (credit := faults.get("credit")) is not None:
        units = -first.units * Decimal(str(credit.get("part", 1)))
        found.append(replace(first, at=_after(first, credit), units=units))
    return [replace(one, listed_at=one.at) for one in found]


def _after(first: Charge, parameters: JSON) -> datetime:
    return first.at + timedelta(seconds=float(parameters.get("seconds", 0.001)))


def _listed(charge: Charge, faults: JSON) -> Charge:
    if "lose" in faults:
        return replace(charge, listed_at=None)
    if charge.listed_at and (late := faults.get("late")) is not None:
        seconds = float(late.get("seconds", 60))
        return replace(charge, listed_at=charge.listed_at + timedelta(seconds=seconds))
    return charge
