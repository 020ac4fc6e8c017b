"""How much of what a video is: its length, size, sides, shape and speed, with words for editors."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from .clip import Clip, aspect, long_side, short_side

if TYPE_CHECKING:
    from .option import Text

Number = Decimal | int

AT_LEAST = _("at least %(limit)s")
AT_MOST = _("at most %(limit)s")
UNDER = _("under %(limit)s")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One thing that can be measured of a video, and how it is spoken of."""

    of: Callable[[Clip], Number | None]
    """Return its value for a video, None when unknown."""
    unit: Text
    refusal: Text
    statement: Text
    places: int = 0
    """To so many decimal places a figure is shown; a limit is shown as it is."""
    per_unit: int = 1

    def words(self, value: Number) -> str:
        """Return a limit with its unit."""
        number = Decimal(value) / self.per_unit
        return str(self.unit % {"number": number_format(number.normalize())})

    def figure(self, value: Number, rounding: str) -> str:
        """Return a value with its unit, rounded away from the limit that it breaks."""
        number = Decimal(value) / self.per_unit
        place = Decimal(1).scaleb(-self.places)
        return self.words(number.quantize(place, rounding) * self.per_unit)


@dataclass(frozen=True, kw_only=True)
class Span:
    """From where to where a measure may go; `below` is a limit that is itself too much."""

    measure: Measure
    least: Number | None = None
    most: Number | None = None
    below: Number | None = None

    def refusal(self, clip: Clip) -> Text | None:
        """Say why this video can't be taken, if it can't; an unknown value is no reason."""
        if (value := self.measure.of(clip)) is None:
            return None
        for bound, limit, breaks, rounding in self._limits():
            if breaks(value, limit):
                return self.measure.refusal % {
                    "figure": self.measure.figure(value, rounding),
                    "bound": bound % {"limit": self.measure.words(limit)},
                }
        return None

    def bounds(self) -> str:
        """Return the limits in words; empty when there is none."""
        limits = self._limits()
        return ", ".join(
            bound % {"limit": self.measure.words(limit)} for bound, limit, *_ in limits
        )

    def statement(self) -> Text | None:
        """Say what is taken, if not all is."""
        bounds = self.bounds()
        return self.measure.statement % {"bounds": bounds} if bounds else None

    def _limits(self) -> Iterator[tuple[Text, Number, Callable[[Number, Number], bool], str]]:
        if self.least is not None:
            yield AT_LEAST, self.least, operator.lt, ROUND_FLOOR
        if self.most is not None:
            yield AT_MOST, self.most, operator.gt, ROUND_CEILING
        if self.below is not None:
            yield UNDER, self.below, operator.ge, ROUND_CEILING


SECONDS = Measure(
    of=lambda clip: clip.duration,
    unit=_("%(number)s s"),
    refusal=_("It is %(figure)s long, but the endpoint accepts %(bound)s."),
    statement=_("Length: %(bounds)s"),
    places=3,
)
# A megabyte is read as 10⁶ bytes, the smaller reading, where the provider does not say.
BYTES = Measure(
    of=lambda clip: clip.size,
    unit=_("%(number)s MB"),
    refusal=_("Its size is %(figure)s, but the endpoint accepts %(bound)s."),
    statement=_("Size: %(bounds)s"),
    places=1,
    per_unit=1_000_000,
)
SHORT_SIDE = Measure(
    of=short_side,
    unit=_("%(number)s px"),
    refusal=_("Its shorter side is %(figure)s, but the endpoint accepts %(bound)s."),
    statement=_("Shorter side: %(bounds)s"),
)
LONG_SIDE = Measure(
    of=long_side,
    unit=_("%(number)s px"),
    refusal=_("Its longer side is %(figure)s, but the endpoint accepts %(bound)s."),
    statement=_("Longer side: %(bounds)s"),
)
ASPECT = Measure(
    of=aspect,
    unit=_("%(number)s : 1"),
    refusal=_("Its aspect ratio is %(figure)s, but the endpoint accepts %(bound)s."),
    statement=_("Aspect ratio: %(bounds)s"),
    places=2,
)
FPS = Measure(
    of=lambda clip: clip.fps,
    unit=_("%(number)s frames per second"),
    refusal=_("It has %(figure)s, but the endpoint accepts %(bound)s."),
    statement=_("Frame rate: %(bounds)s"),
    places=3,
)
