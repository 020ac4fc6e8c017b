"""What each endpoint would make of this selection, and for how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from ..formatting import money, text
from .endpoints import EndpointChoice

if TYPE_CHECKING:
    from ...endpoints import Endpoint
    from ...endpoints.option import Text

MOST_SHOWN = 6
"""So many endpoints are shown at once."""
SHOWN_OF_MORE = 4
"""If there are more, so many are shown, and the others folded."""


@dataclass(frozen=True)
class Offer:
    """An endpoint with the cost of this selection."""

    choice: EndpointChoice
    options: Mapping[str, Any]
    durations: Mapping[Decimal | None, int]
    """Remixes of the videos that it takes, by the length of the clip that it is sent."""

    @property
    def endpoint(self) -> Endpoint:
        return self.choice.endpoint

    @cached_property
    def cost(self) -> str:
        """Show the cost of all remixes; an unknown cost is never 0."""
        if not self.durations:
            return gettext("nothing")
        known, unknown = [], 0
        for length, count in self.durations.items():
            if (amount := self.endpoint.estimate_length(length, self.options)) is None:
                unknown += count
            else:
                known.append(amount * count)
        return money.total(known, unknown=unknown, is_firm=self.endpoint.price.is_firm)

    @property
    def taken(self) -> str:
        """Say how many of the videos it takes."""
        counts = {"accepted": self.choice.accepted, "all": len(self.choice.planned)}
        return gettext("Takes %(accepted)d of %(all)d") % counts

    @property
    def sound(self) -> Text:
        return self.endpoint.sound_note(self.options)

    @property
    def usual_time(self) -> str:
        return text.usual_time(self.endpoint.typical_seconds)


def offer(
    choice: EndpointChoice,
    options: Mapping[str, Any],
    counts: Iterable[int],
) -> Offer:
    """Price an endpoint with these options, for so many remixes of each video."""
    durations: Counter[Decimal | None] = Counter()
    for one, count in zip(choice.planned, counts, strict=True):
        if not one.refusal and count:
            durations[one.plan.clip.duration] += count
    return Offer(choice, choice.endpoint.complete(options), durations)


def folded(offers: Sequence[Offer]) -> tuple[Sequence[Offer], Sequence[Offer]]:
    """Return the offers that are shown at once, and those that are folded."""
    shown = len(offers) if len(offers) <= MOST_SHOWN else SHOWN_OF_MORE
    return offers[:shown], offers[shown:]
