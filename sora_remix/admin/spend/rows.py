"""The rows of the page about spend, and how their amounts are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext, ngettext

from ...dollars import dollars
from .sums import SpendSums, to_dollars

NOTHING = SpendSums()


@dataclass(frozen=True)
class AmountCell:
    """An amount, and of how many remixes it is known."""

    amount: str
    note: str = ""


@dataclass(frozen=True)
class SpendRow:
    """What the remixes of one group cost."""

    label: str
    sums: SpendSums
    url: str = ""
    """A page that shows more of them."""
    day: date | None = None
    """The first day, if the group is a period."""

    @property
    def amounts(self) -> list[AmountCell]:
        """Return the estimated, calculated and billed cost, each with what lacks one."""
        sums = self.sums
        return [
            _known(sums.estimated, sums.estimated_count, sums.remixes),
            _known(sums.calculated, sums.calculated_count, sums.remixes),
            _known(sums.billed, sums.billed_count, sums.remixes),
        ]

    @property
    def best(self) -> AmountCell:
        """Return the best known cost, and how many remixes it leaves out."""
        sums = self.sums
        known = sums.remixes - sums.unknown_count
        amount = dollars(to_dollars(sums.best)) if known or not sums.remixes else gettext("unknown")
        return AmountCell(amount, _unknown(sums.unknown_count) if known else "")

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Return what the best known cost is made of, as CSS classes and texts."""
        sums = self.sums
        parts = (
            ("billed", gettext("%(amount)s billed"), sums.billed, sums.billed_count),
            (
                "calculated",
                gettext("%(amount)s calculated"),
                sums.best_calculated,
                sums.best_calculated_count,
            ),
            (
                "estimated",
                gettext("%(amount)s estimated"),
                sums.best_estimated,
                sums.best_estimated_count,
            ),
        )
        return [
            (name, text % {"amount": dollars(to_dollars(amount))})
            for name, text, amount, count in parts
            if count
        ]

    @property
    def failures(self) -> AmountCell:
        """Return what failed remixes cost, and how many there are."""
        sums = self.sums
        if not sums.failed_count:
            return AmountCell("–")
        known = sums.failed_count - sums.failed_unknown_count
        amount = dollars(to_dollars(sums.failed)) if known else gettext("unknown")
        message = ngettext("%(count)d failed", "%(count)d failed", sums.failed_count)
        notes = [message % {"count": sums.failed_count}]
        if known and sums.failed_unknown_count:
            notes.append(_unknown(sums.failed_unknown_count))
        return AmountCell(amount, ", ".join(notes))

    @property
    def per_approved(self) -> AmountCell:
        """Return what an approved video cost on average, with all that led to it."""
        sums = self.sums
        if not sums.approved_count:
            return AmountCell("–")
        if sums.unknown_count == sums.remixes:
            return AmountCell(gettext("unknown"))
        amount = dollars(to_dollars(sums.best) / sums.approved_count)
        if sums.unknown_count:
            amount = gettext("at least %(amount)s") % {"amount": amount}
        message = ngettext("%(count)d approved", "%(count)d approved", sums.approved_count)
        return AmountCell(amount, message % {"count": sums.approved_count})


@dataclass(frozen=True)
class SpendTable:
    """The rows of a page, and the sums of all remixes that were asked for."""

    rows: Sequence[SpendRow]
    total: SpendSums
    left_out_count: int = 0
    """Groups that are not shown."""
    left_out: SpendSums = NOTHING

    @property
    def all_rows(self) -> list[SpendRow]:
        """Return the rows with one for all groups that are not shown."""
        if not self.left_out_count:
            return [*self.rows]
        message = ngettext("%(count)d other", "%(count)d others", self.left_out_count)
        others = SpendRow(message % {"count": self.left_out_count}, self.left_out)
        return [*self.rows, others]

    @property
    def total_row(self) -> SpendRow:
        """Return the last row."""
        return SpendRow(gettext("Total"), self.total)


def _known(millionths: int, count: int, remixes: int) -> AmountCell:
    """Write a sum; one of which no part is known is not 0."""
    if not count:
        return AmountCell(gettext("unknown") if remixes else "–")
    if count == remixes:
        return AmountCell(dollars(to_dollars(millionths)))
    note = gettext("for %(count)d of %(remixes)d") % {"count": count, "remixes": remixes}
    return AmountCell(dollars(to_dollars(millionths)), note)


def _unknown(count: int) -> str:
    if not count:
        return ""
    message = ngettext("+ %(count)d of unknown cost", "+ %(count)d of unknown cost", count)
    return message % {"count": count}
