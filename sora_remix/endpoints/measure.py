"""Limits of length, size, sides, shape and speed, with texts for editors.

Each limit is described once: refusals are made of it, and so is the condition by which the
database finds the videos that an endpoint accepts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cached_property
from typing import NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from .clip import Picture
from .codecs import codec_names
from .values import Number, Text


class Comparison(NamedTuple):
    """How a value is compared with a limit."""

    holds: Callable[[Number, Number], bool]
    bound: Text
    rounding: str
    """How a value that breaks the limit is rounded: away from it."""


COMPARISONS = {
    "gte": Comparison(operator.ge, _("at least %(limit)s"), ROUND_FLOOR),
    "lte": Comparison(operator.le, _("at most %(limit)s"), ROUND_CEILING),
    "lt": Comparison(operator.lt, _("under %(limit)s"), ROUND_CEILING),
}
"""By the names that Django's lookups have."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One thing that can be measured of a video, and its texts."""

    facts: tuple[str, ...]
    """Attributes of a video; their value is unknown when one of them is None or 0."""
    combine: Callable[..., Number] = lambda value: value
    """Calculates the value from these facts."""
    unit: Text
    refusal: Text
    unknown: Text = ""
    """The refusal of a video whose value is unknown; empty: such a video is accepted."""
    statement: Text
    places: int = 0
    """Decimal places of a value; a limit is shown as it is."""
    per_unit: int = 1

    def of(self, picture: Picture) -> Number | None:
        """Return the value for a video, None when unknown."""
        values = [getattr(picture, name) for name in self.facts]
        return self.combine(*values) if all(values) else None

    def with_unit(self, value: Number) -> str:
        """Format a limit with its unit."""
        number = Decimal(value) / self.per_unit
        return str(self.unit % {"number": number_format(number.normalize())})

    def rounded(self, value: Number, rounding: str) -> str:
        """Format a value with its unit."""
        number = Decimal(value) / self.per_unit
        place = Decimal(1).scaleb(-self.places)
        return self.with_unit(number.quantize(place, rounding) * self.per_unit)


@dataclass(frozen=True, kw_only=True)
class Span:
    """The limits of a measure; `below` is a limit that is itself too much."""

    measure: Measure
    least: Number | None = None
    most: Number | None = None
    below: Number | None = None

    def limits(self) -> Iterator[tuple[str, Number]]:
        """Yield the limits, each with the name of its comparison."""
        for name, limit in (("gte", self.least), ("lte", self.most), ("lt", self.below)):
            if limit is not None:
                yield name, limit

    @cached_property
    def _checks(self) -> tuple[tuple[str, Callable[[Number, Number], bool], Number], ...]:
        return tuple((name, COMPARISONS[name].holds, limit) for name, limit in self.limits())

    def refusal(self, picture: Picture) -> Text | None:
        """Say why this video can't be accepted, if it can't."""
        if (value := self.measure.of(picture)) is None:
            bounds = self.bounds() if self.measure.unknown else ""
            return self.measure.unknown % {"bounds": bounds} if bounds else None
        for name, holds, limit in self._checks:
            if not holds(value, limit):
                return self.measure.refusal % {
                    "figure": self.measure.rounded(value, COMPARISONS[name].rounding),
                    "bound": self._bound(name, limit),
                }
        return None

    def bounds(self) -> str:
        """Name the limits; return an empty text when there are none."""
        return ", ".join(self._bound(name, limit) for name, limit in self.limits())

    def statement(self) -> Text | None:
        """State what is accepted, if not everything is."""
        bounds = self.bounds()
        return self.measure.statement % {"bounds": bounds} if bounds else None

    def _bound(self, name: str, limit: Number) -> str:
        return str(COMPARISONS[name].bound % {"limit": self.measure.with_unit(limit)})


def first_refusal(spans: Iterable[Span], picture: Picture) -> Text | None:
    """Say which of these limits a video breaks first, if it breaks one."""
    for span in spans:
        if refusal := span.refusal(picture):
            return refusal
    return None


def statements(
    extensions: Iterable[str], spans: Iterable[Span], *, codecs: Iterable[str] = ()
) -> list[Text]:
    """State which kinds of files are accepted, and within which limits."""
    files = [_("Files: %(names)s") % {"names": file_types(extensions)}] if extensions else []
    coded = [_("Codecs: %(names)s") % {"names": codec_names(codecs)}] if codecs else []
    return [*files, *coded, *(text for span in spans if (text := span.statement()))]


def file_types(extensions: Iterable[str]) -> str:
    """Name kinds of files by their extensions."""
    return ", ".join(extension[1:].upper() for extension in extensions)


def _quotient(width: int, height: int) -> Decimal:
    return Decimal(width) / height


SECONDS = Measure(
    facts=("duration",),
    unit=_("%(number)s s"),
    refusal=_("It is %(figure)s long, but the model accepts %(bound)s."),
    unknown=_("Its length is unknown. The model accepts %(bounds)s."),
    statement=_("Length: %(bounds)s"),
    places=3,
)
# A megabyte is read as 10⁶ bytes, the smaller reading, where the provider does not say.
BYTES = Measure(
    facts=("size",),
    unit=_("%(number)s MB"),
    refusal=_("Its size is %(figure)s, but the model accepts %(bound)s."),
    statement=_("Size: %(bounds)s"),
    places=1,
    per_unit=1_000_000,
)
SHORT_SIDE = Measure(
    facts=("width", "height"),
    combine=min,
    unit=_("%(number)s px"),
    refusal=_("Its shorter side is %(figure)s, but the model accepts %(bound)s."),
    statement=_("Shorter side: %(bounds)s"),
)
LONG_SIDE = Measure(
    facts=("width", "height"),
    combine=max,
    unit=_("%(number)s px"),
    refusal=_("Its longer side is %(figure)s, but the model accepts %(bound)s."),
    statement=_("Longer side: %(bounds)s"),
)
ASPECT = Measure(
    facts=("width", "height"),
    combine=_quotient,
    unit=_("%(number)s : 1"),
    refusal=_("Its aspect ratio is %(figure)s, but the model accepts %(bound)s."),
    statement=_("Aspect ratio: %(bounds)s"),
    places=2,
)
FPS = Measure(
    facts=("fps",),
    unit=_("%(number)s frames per second"),
    refusal=_("It has %(figure)s, but the model accepts %(bound)s."),
    statement=_("Frame rate: %(bounds)s"),
    places=3,
)
