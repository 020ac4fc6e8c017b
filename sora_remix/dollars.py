"""How amounts in US dollars are written."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext, override


def dollars(amount: Decimal) -> str:
    """Format an amount in the active language: exactly, but at most to a millionth."""
    amount = round(amount, 6)  # `number_format` cuts off
    places = next(n for n in range(2, 7) if round(amount, n) == amount)
    return gettext("$%(amount)s") % {"amount": number_format(amount, places, force_grouping=True)}


def english_dollars(amount: Decimal) -> str:
    """Format an amount for commands, whose output is English."""
    with override("en"):
        return dollars(amount)
