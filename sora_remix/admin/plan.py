"""What an act would do to a selection, before anybody decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString

from ..clock import today
from ..endpoints import Endpoint, get_endpoint
from ..models import Remix
from . import display, words
from .acts import Act
from .paid_acts import price

if TYPE_CHECKING:
    from .acts import Text

SHOWN = 100
"""Remixes that are listed one by one; the totals are over all."""


@dataclass(frozen=True)
class Line:
    """One remix of the selection."""

    remix: Remix
    act: Act
    refusal: Text | None

    @property
    def state(self) -> SafeString:
        return display.state(self.remix)

    @property
    def effect(self) -> Text:
        return self.act.effect(self.remix)


class Plan:
    """The remixes of a selection with what an act makes of them."""

    def __init__(self, act: Act, remixes: Iterable[Remix]) -> None:
        self.act = act
        lines = [Line(remix, act, act.refusal(remix)) for remix in remixes]
        self.allowed = [line for line in lines if not line.refusal]
        self.refused = [line for line in lines if line.refusal]
        prices = [price(line.remix) for line in self.allowed] if act.is_paid else []
        self.amounts = [amount for amount, _ in prices if amount is not None]
        self.unknown = len(prices) - len(self.amounts)
        self.is_firm = all(is_firm for _, is_firm in prices)

    @property
    def pks(self) -> str:
        """Name the selection in one field: a form may not have thousands of them."""
        return ",".join(str(line.remix.pk) for line in self.allowed + self.refused)

    @property
    def total(self) -> str:
        return words.total(self.amounts, unknown=self.unknown, is_firm=self.is_firm)

    @property
    def order(self) -> str:
        """Say on the button what is done, and for how much."""
        return str(self.act.order % {"many": len(self.allowed), "cost": self.total})

    @property
    def terms(self) -> str:
        """Return what is agreed to be paid, to be compared when it is confirmed."""
        if not self.act.is_paid:
            return ""
        return f"{len(self.allowed)} {sum(self.amounts, Decimal(0))} {self.unknown}"

    @property
    def retired(self) -> list[Endpoint]:
        """Return the endpoints of new requests that their provider has switched off."""
        if not self.act.is_paid:
            return []
        endpoints = [get_endpoint(key) for key in {line.remix.endpoint for line in self.allowed}]
        return [one for one in endpoints if one.is_retired(today())]

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Return each reason against it with the number of its remixes."""
        return Counter(str(line.refusal) for line in self.refused).most_common()
