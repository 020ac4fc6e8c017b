"""Costs as text, and whether a remix was charged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ...dollars import dollars, exact_dollars
from ...endpoints import Price
from ...models import Remix
from ...models.charges import Charge, charge

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Status = Remix.Status


CHARGES: dict[Charge, _StrPromise] = {
    Charge.NOTHING: _("Nothing was charged."),
    Charge.POSSIBLE: _("It may have been charged."),
    Charge.CHARGED: _("It was charged."),
}


def about(amount: Decimal | None, written: Callable[[Decimal], str] = dollars) -> str:
    """Format an uncertain amount; an unknown one is never 0."""
    if amount is None:
        return gettext("cost unknown")
    return gettext("about %(amount)s") % {"amount": written(amount)}


def price(amount: Decimal | None, is_firm: bool) -> str:
    """Format the estimated cost of a remix."""
    return about(amount) if amount is None or not is_firm else dollars(amount)


def total(amounts: Sequence[Decimal], *, unknown: int, is_firm: bool) -> str:
    """Format the estimated cost of several remixes; an unknown cost is never 0."""
    if not amounts:
        return gettext("cost unknown")
    shown = price(sum(amounts, Decimal(0)), is_firm)
    if not unknown:
        return shown
    message = ngettext(
        "%(amount)s + %(count)d of unknown cost", "%(amount)s + %(count)d of unknown cost", unknown
    )
    return message % {"amount": shown, "count": unknown}


def rate(price: Price) -> str:
    """Format the lowest rate of an endpoint, to compare it with others."""
    rates = {(per_second, per_run) for per_second, per_run in price.rates()}
    if not rates:
        return gettext("cost unknown")
    per_second, per_run = min(rates)
    parts = []
    if per_run:
        parts.append(gettext("%(amount)s per video") % {"amount": exact_dollars(per_run)})
    if per_second or not parts:
        parts.append(gettext("%(amount)s per second") % {"amount": exact_dollars(per_second)})
    shown = " + ".join(parts)
    if not price.is_firm:
        shown = gettext("about %(amount)s") % {"amount": shown}
    return gettext("from %(amount)s") % {"amount": shown} if len(rates) > 1 else shown


def cost(remix: Remix, written: Callable[[Decimal], str] = dollars) -> str:
    """Format what is best known about the cost of a remix, and say what it is."""
    if remix.billed_cost is not None:
        return gettext("%(amount)s billed") % {"amount": written(remix.billed_cost)}
    if remix.calculated_cost is not None:
        return gettext("%(amount)s calculated") % {"amount": written(remix.calculated_cost)}
    if remix.status in (Status.FAILED, Status.CANCELLED) and charge(remix) == Charge.NOTHING:
        return gettext("nothing")
    return about(remix.estimated_cost, written)
