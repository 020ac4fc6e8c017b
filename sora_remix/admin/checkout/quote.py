"""The quote of a draft: how many remixes it makes, and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, ngettext

from ...dollars import exact_dollars
from ...endpoints import Plan
from ...models import Video
from ..formatting import money, text
from .endpoints import EndpointChoice
from .parts import PartFields, Parts

if TYPE_CHECKING:
    from ...endpoints.option import Text

AT_A_TIME = 2
"""What fal runs at once for a new account, more for one that has paid invoices
(https://fal.ai/docs/documentation/model-apis/concurrency-limits)."""


@dataclass(frozen=True)
class QuoteLine:
    """One video of the draft."""

    video: Video
    plan: Plan
    part: PartFields
    refusal: Text | None = None
    amount: Decimal | None = None
    most: Decimal | None = None
    """The same where it is known, else the largest possible cost."""
    is_firm: bool = True
    warnings: Sequence[Text] = ()
    remix_count: int = 0

    @property
    def seconds(self) -> str:
        return text.seconds(self.plan.clip.duration)

    @property
    def play_time(self) -> str:
        return text.play_time(self.plan.clip.duration)

    @property
    def changes(self) -> str:
        """Say in one line what is changed so that the video fits."""
        return ", ".join(map(str, self.plan.changes))

    @property
    def cost(self) -> str:
        return money.price(self.amount, self.is_firm)


class Quote:
    """Calculate what these videos cost at an endpoint, with these options.

    `counts` are the remixes of each video.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        choice: EndpointChoice,
        options: Mapping[str, Any],
        counts: Sequence[int],
        parts: Parts,
    ) -> None:
        self.endpoint = choice.endpoint
        self.options = self.endpoint.complete(options)
        self._estimates: dict[Decimal | None, Decimal | None] = {}
        self.accepted: list[QuoteLine] = []
        self.refused: list[QuoteLine] = []
        for video, (plan, refusal), count in zip(videos, choice.planned, counts, strict=True):
            part = PartFields.of(video, parts, refusal)
            if refusal:
                self.refused.append(QuoteLine(video, plan, part, refusal))
            else:
                self.accepted.append(self._line(video, plan, part, count))

    def _line(self, video: Video, plan: Plan, part: PartFields, count: int) -> QuoteLine:
        if (seconds := plan.clip.duration) not in self._estimates:
            self._estimates[seconds] = self.endpoint.estimate_length(seconds, self.options)
        warnings = self.endpoint.warnings(plan.clip, self.options)
        is_firm = self.endpoint.price.is_firm
        amount = most = self._estimates[seconds]
        if amount is None:
            most = self.endpoint.most_cost_of_length(seconds, self.options)
        return QuoteLine(video, plan, part, None, amount, most, is_firm, warnings, count)

    @property
    def lines(self) -> list[QuoteLine]:
        return self.accepted + self.refused

    @cached_property
    def is_possible(self) -> bool:
        """Whether a video is accepted, or would be if somebody allowed visible changes."""
        return bool(self.accepted) or any(not line.plan.refusal for line in self.refused)

    @cached_property
    def remix_count(self) -> int:
        return sum(line.remix_count for line in self.accepted)

    @cached_property
    def amounts(self) -> list[Decimal]:
        """List the cost of all remixes of each video, where it is known."""
        return [
            line.amount * line.remix_count
            for line in self.accepted
            if line.remix_count and line.amount is not None
        ]

    @property
    def needed(self) -> Decimal | None:
        """Return what the remixes may cost at most, None if that has no limit."""
        needed = Decimal(0)
        for line in self.accepted:
            if line.remix_count and line.most is None:
                return None
            needed += (line.most or 0) * line.remix_count
        return needed

    @cached_property
    def unknown_count(self) -> int:
        """Count the remixes whose cost is unknown."""
        return sum(line.remix_count for line in self.accepted if line.amount is None)

    @property
    def total(self) -> str:
        """Show the cost of all remixes; an unknown cost is never 0."""
        if not self.remix_count:
            return gettext("nothing")
        is_firm = self.endpoint.price.is_firm
        return money.total(self.amounts, unknown=self.unknown_count, is_firm=is_firm)

    @property
    def exact_total(self) -> str:
        """Show the known cost to a millionth of a dollar; empty where none is known."""
        return exact_dollars(sum(self.amounts, Decimal(0))) if self.amounts else ""

    @property
    def button_label(self) -> str:
        """Label the button with the number of remixes and their cost."""
        if self.amounts:
            message = ngettext(
                "Make %(many)d remix for %(cost)s",
                "Make %(many)d remixes for %(cost)s",
                self.remix_count,
            )
        else:
            message = ngettext(
                "Make %(many)d remix (%(cost)s)",
                "Make %(many)d remixes (%(cost)s)",
                self.remix_count,
            )
        return message % {"many": self.remix_count, "cost": self.total}

    @property
    def terms(self) -> list[Any]:
        """List the number of remixes, their cost, and the options and clips it depends on."""
        price = self.endpoint.price
        names = filter(None, (*price.by, price.duration_option))
        chosen = {name: self.options.get(name) for name in names}
        amount = str(sum(self.amounts, Decimal(0)))
        figures = [self.remix_count, amount, self.unknown_count]
        return [self.endpoint.key, chosen, *figures, self._recipes_digest]

    @property
    def _recipes_digest(self) -> str:
        """Return a hash of how the videos are fitted; empty when all are taken as they are."""
        recipes = {line.video.pk: line.plan.recipe_text for line in self.accepted}
        fitted = [f"{pk} {recipe}" for pk, recipe in recipes.items() if recipe]
        return sha256("\n".join(fitted).encode()).hexdigest()[:16] if fitted else ""

    @property
    def sound(self) -> Text:
        return self.endpoint.sound(self.options)

    @property
    def usual_time(self) -> str:
        return text.usual_time(self.endpoint.typical_seconds)

    @property
    def total_time(self) -> str:
        """Estimate how long all remixes take with a new account at fal."""
        time = self.short_time
        if self.remix_count <= AT_A_TIME:
            return time
        message = gettext("%(time)s if fal makes %(many)d at a time")
        return message % {"time": time, "many": AT_A_TIME}

    @property
    def short_time(self) -> str:
        """Estimate the same in a few words."""
        turns = -(-self.remix_count // AT_A_TIME)
        return text.usual_time(turns * self.endpoint.typical_seconds)

    @property
    def warnings(self) -> list[tuple[str, int]]:
        """List each warning with the number of its videos."""
        lines = [line for line in self.accepted if line.remix_count]
        return _counted(warning for line in lines for warning in line.warnings)

    @property
    def refusals(self) -> list[tuple[str, int]]:
        """List each refusal with the number of its videos."""
        return _counted(str(line.refusal) for line in self.refused)


def _counted(texts: Iterable[Text]) -> list[tuple[str, int]]:
    return Counter(str(text) for text in texts).most_common()
