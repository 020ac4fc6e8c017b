"""What a draft would make and cost, before anybody pays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from ..endpoints import Endpoint
from ..models import Video
from . import display, words

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Line:
    """One video of the draft."""

    video: Video
    refusal: str | _StrPromise | None
    amount: Decimal | None

    @property
    def link(self) -> SafeString:
        return display.titled(self.video)

    @property
    def seconds(self) -> str:
        return words.seconds(self.video.duration)

    @property
    def cost(self) -> str:
        return gettext("cost unknown") if self.amount is None else words.dollars(self.amount)


class Offer:
    """The videos of a draft with what an endpoint makes of them."""

    def __init__(self, videos: Iterable[Video], endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        lines = [Line(one, endpoint.refusal(one), endpoint.estimate(one)) for one in videos]
        self.accepted = [line for line in lines if not line.refusal]
        self.refused = [line for line in lines if line.refusal]

    @property
    def lines(self) -> list[Line]:
        return self.accepted + self.refused

    @cached_property
    def amounts(self) -> list[Decimal]:
        return [line.amount for line in self.accepted if line.amount is not None]

    @property
    def unknown(self) -> int:
        """Count the videos whose cost nobody knows before they are made."""
        return len(self.accepted) - len(self.amounts)

    @property
    def total(self) -> str:
        """Show what all of it costs; an unknown cost is never 0."""
        is_firm = self.endpoint.price.is_firm
        return words.total(self.amounts, unknown=self.unknown, is_firm=is_firm)

    @property
    def order(self) -> str:
        """Say what is ordered and for how much, on the button."""
        many = len(self.accepted)
        if not self.amounts:
            message = ngettext(
                "Remix %(many)d video (%(cost)s)", "Remix %(many)d videos (%(cost)s)", many
            )
        else:
            message = ngettext(
                "Remix %(many)d video for %(cost)s", "Remix %(many)d videos for %(cost)s", many
            )
        return message % {"many": many, "cost": self.total}

    @property
    def terms(self) -> str:
        """Return what an editor agrees to, to be compared when they confirm."""
        amount = sum(self.amounts, Decimal(0))
        return f"{self.endpoint.key} {len(self.accepted)} {amount} {self.unknown}"

    @property
    def refusals(self) -> list[tuple[str, int]]:
        """Return each reason with the number of its videos."""
        return Counter(str(line.refusal) for line in self.refused).most_common()
