"""What an action would do to a selection, before anybody decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString

from ...clock import today
from ...endpoints import Endpoint, get_endpoint
from ...models import Remix
from ..formatting import html, money
from .base import RemixAction
from .paid import price

if TYPE_CHECKING:
    from ...endpoints.option import Text

SHOWN = 100
"""Remixes that are listed one by one; the totals are over all."""


@dataclass(frozen=True)
class PreviewLine:
    """One remix of the selection."""

    remix: Remix
    action: RemixAction
    refusal: Text | None

    @property
    def state(self) -> SafeString:
        return html.state(self.remix)

    @property
    def effect(self) -> Text:
        return self.action.effect(self.remix)


class ActionPreview:
    """The remixes of a selection with what an action makes of them."""

    def __init__(self, action: RemixAction, remixes: Iterable[Remix]) -> None:
        self.action = action
        lines = [PreviewLine(remix, action, action.refusal(remix)) for remix in remixes]
        self.allowed = [line for line in lines if not line.refusal]
        self.refused = [line for line in lines if line.refusal]
        prices = [price(line.remix) for line in self.allowed] if action.is_paid else []
        self.amounts = [amount for amount, _ in prices if amount is not None]
        self.unknown = len(prices) - len(self.amounts)
        self.is_firm = all(is_firm for _, is_firm in prices)

    @property
    def pks(self) -> str:
        """Name the selection in one field: a form may not have thousands of them."""
        return ",".join(str(line.remix.pk) for line in self.allowed + self.refused)

    @property
    def total(self) -> str:
        return money.total(self.amounts, unknown=self.unknown, is_firm=self.is_firm)

    @property
    def button_label(self) -> str:
        """Say on the button what is done, and for how much."""
        return str(self.action.button_label % {"many": len(self.allowed), "cost": self.total})

    @property
    def terms(self) -> str:
        """Return what is agreed to be paid, to be compared when it is confirmed."""
        if not self.action.is_paid:
            return ""
        return f"{len(self.allowed)} {sum(self.amounts, Decimal(0))} {self.unknown}"

    @property
    def retired(self) -> list[Endpoint]:
        """Return the endpoints of new requests that their provider has switched off."""
        if not self.action.is_paid:
            return []
        endpoints = [get_endpoint(key) for key in {line.remix.endpoint for line in self.allowed}]
        return [one for one in endpoints if one.is_retired(today())]

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Return each reason against it with the number of its remixes."""
        return Counter(str(line.refusal) for line in self.refused).most_common()
