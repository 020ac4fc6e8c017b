"""What a draft would make and cost, before anybody pays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from ..endpoints import Endpoint
from ..models import Video
from . import display, words

if TYPE_CHECKING:
    from ..endpoints.option import Text


@dataclass(frozen=True)
class Line:
    """One video of the draft."""

    video: Video
    refusal: Text | None
    amount: Decimal | None = None
    is_firm: bool = True
    warnings: Sequence[Text] = ()

    @property
    def link(self) -> SafeString:
        return display.titled(self.video)

    @property
    def seconds(self) -> str:
        return words.seconds(self.video.duration)

    @property
    def cost(self) -> str:
        return words.price(self.amount, self.is_firm)


class Bill:
    """The videos of a draft with what an endpoint makes of them, with these options."""

    def __init__(
        self,
        videos: Iterable[Video],
        endpoint: Endpoint,
        options: Mapping[str, Any] = {},
    ) -> None:
        self.endpoint = endpoint
        self.options = endpoint.complete(options)
        lines = [self._line(video) for video in videos]
        self.accepted = [line for line in lines if not line.refusal]
        self.refused = [line for line in lines if line.refusal]

    def _line(self, video: Video) -> Line:
        if refusal := self.endpoint.refusal(video):
            return Line(video, refusal)
        return Line(
            video,
            None,
            self.endpoint.estimate(video, self.options),
            self.endpoint.price.is_firm,
            self.endpoint.warnings(video, self.options),
        )

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
    def terms(self) -> list[Any]:
        """Return what is ordered and for how much, and the options that decide about it."""
        price = self.endpoint.price
        names = filter(None, (*price.by, price.duration_option))
        chosen = {name: self.options.get(name) for name in names}
        amount = str(sum(self.amounts, Decimal(0)))
        return [self.endpoint.key, chosen, len(self.accepted), amount, self.unknown]

    @property
    def sound(self) -> Text:
        return self.endpoint.sound(self.options)

    @property
    def usual_time(self) -> str:
        return words.usual_time(self.endpoint.typical_seconds)

    @property
    def warnings(self) -> list[tuple[str, int]]:
        """Return each warning with the number of its videos."""
        return _counted(warning for line in self.accepted for warning in line.warnings)

    @property
    def refusals(self) -> list[tuple[str, int]]:
        """Return each reason with the number of its videos."""
        return _counted(str(line.refusal) for line in self.refused)


def _counted(texts: Iterable[Text]) -> list[tuple[str, int]]:
    return Counter(str(text) for text in texts).most_common()
