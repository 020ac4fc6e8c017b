"""How amounts in US dollars are written."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext, override

CENT = Decimal("0.01")


def dollars(amount: Decimal) -> str:
    """Format an amount in the active language: in cents, or to four places below one cent."""
    step = CENT if amount >= CENT else Decimal("0.0001")
    rounded = amount.quantize(step, ROUND_HALF_UP)
    return exact_dollars(rounded if rounded else amount)


def exact_dollars(amount: Decimal) -> str:
    """Format an amount in the active language: exactly, but at most to a millionth."""
    amount = round(amount, 6)  # `number_format` cuts off
    places = next(n for n in range(2, 7) if round(amount, n) == amount)
    return gettext("$%(amount)s") % {"amount": number_format(amount, places, force_grouping=True)}


def english_dollars(amount: Decimal) -> str:
    """Format an exact amount for commands, whose output is English."""
    with override("en"):
        return exact_dollars(amount)
