"""What a draft would make and cost, before anybody pays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, ngettext

from ...endpoints import Endpoint
from ...models import Video
from ..formatting import money, text

if TYPE_CHECKING:
    from ...endpoints.option import Text

AT_A_TIME = 2
"""What fal runs at once for a new account, more for one that has paid invoices
(https://fal.ai/docs/documentation/model-apis/concurrency-limits)."""


@dataclass(frozen=True)
class QuoteLine:
    """One video of the draft."""

    video: Video
    refusal: Text | None
    amount: Decimal | None = None
    is_firm: bool = True
    warnings: Sequence[Text] = ()
    many: int = 0
    """Remixes that are made of it."""

    @property
    def seconds(self) -> str:
        return text.seconds(self.video.duration)

    @property
    def cost(self) -> str:
        return money.price(self.amount, self.is_firm)


class Quote:
    """The videos of a draft with what an endpoint makes of them, with these options.

    `many` counts the remixes that are made of a video.
    """

    def __init__(
        self,
        videos: Iterable[Video],
        endpoint: Endpoint,
        options: Mapping[str, Any],
        many: Callable[[Video], int],
    ) -> None:
        self.endpoint = endpoint
        self._many_of = many
        self.options = endpoint.complete(options)
        lines = [self._line(video) for video in videos]
        self.accepted = [line for line in lines if not line.refusal]
        self.refused = [line for line in lines if line.refusal]

    def _line(self, video: Video) -> QuoteLine:
        if refusal := self.endpoint.refusal(video):
            return QuoteLine(video, refusal)
        return QuoteLine(
            video,
            None,
            self.endpoint.estimate(video, self.options),
            self.endpoint.price.is_firm,
            self.endpoint.warnings(video, self.options),
            self._many_of(video),
        )

    @property
    def lines(self) -> list[QuoteLine]:
        return self.accepted + self.refused

    @cached_property
    def many(self) -> int:
        """Count the remixes."""
        return sum(line.many for line in self.accepted)

    @cached_property
    def amounts(self) -> list[Decimal]:
        """Return what the remixes of each video cost together, where that is known."""
        return [
            line.amount * line.many
            for line in self.accepted
            if line.many and line.amount is not None
        ]

    @cached_property
    def unknown(self) -> int:
        """Count the remixes whose cost nobody knows before they are made."""
        return sum(line.many for line in self.accepted if line.amount is None)

    @property
    def total(self) -> str:
        """Show what all of it costs; an unknown cost is never 0."""
        if not self.many:
            return gettext("nothing")
        is_firm = self.endpoint.price.is_firm
        return money.total(self.amounts, unknown=self.unknown, is_firm=is_firm)

    @property
    def button_label(self) -> str:
        """Say what is ordered and for how much, on the button."""
        if self.amounts:
            message = ngettext(
                "Make %(many)d remix for %(cost)s",
                "Make %(many)d remixes for %(cost)s",
                self.many,
            )
        else:
            message = ngettext(
                "Make %(many)d remix (%(cost)s)", "Make %(many)d remixes (%(cost)s)", self.many
            )
        return message % {"many": self.many, "cost": self.total}

    @property
    def terms(self) -> list[Any]:
        """Return what is ordered and for how much, and the options that decide about it."""
        price = self.endpoint.price
        names = filter(None, (*price.by, price.duration_option))
        chosen = {name: self.options.get(name) for name in names}
        amount = str(sum(self.amounts, Decimal(0)))
        return [self.endpoint.key, chosen, self.many, amount, self.unknown]

    @property
    def sound(self) -> Text:
        return self.endpoint.sound(self.options)

    @property
    def usual_time(self) -> str:
        return text.usual_time(self.endpoint.typical_seconds)

    @property
    def whole_time(self) -> str:
        """Say how long all of it takes at a new account of fal."""
        turns = -(-self.many // AT_A_TIME)
        time = text.usual_time(turns * self.endpoint.typical_seconds)
        if turns < 2:
            return time
        message = gettext("%(time)s if fal makes %(many)d at a time")
        return message % {"time": time, "many": AT_A_TIME}

    @property
    def warnings(self) -> list[tuple[str, int]]:
        """Return each warning with the number of its videos."""
        lines = [line for line in self.accepted if line.many]
        return _counted(warning for line in lines for warning in line.warnings)

    @property
    def refusals(self) -> list[tuple[str, int]]:
        """Return each reason with the number of its videos."""
        return _counted(str(line.refusal) for line in self.refused)


def _counted(texts: Iterable[Text]) -> list[tuple[str, int]]:
    return Counter(str(text) for text in texts).most_common()
