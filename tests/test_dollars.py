"""Amounts are written in cents, or exactly, as in the reader's language."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import translation

from sora_remix.dollars import dollars, english_dollars, exact_dollars


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("0.4", "$0.40"),
        ("0.126", "$0.126"),
        ("1234.5", "$1,234.50"),
        ("0.123456", "$0.123456"),
        ("0.0000215", "$0.000022"),
    ],
)
def test_exact_amount_has_at_least_two_decimal_places_and_at_most_six(
    amount: str, text: str
) -> None:
    assert exact_dollars(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("0.4", "$0.40"),
        ("1.270458", "$1.27"),
        ("0.825", "$0.83"),
        ("1234.5", "$1,234.50"),
        ("0.00994", "$0.0099"),
        ("0.0005", "$0.0005"),
        ("0.0000215", "$0.000022"),
    ],
)
def test_amount_has_cents_or_four_places_below_one_cent_and_is_never_rounded_to_0(
    amount: str, text: str
) -> None:
    assert dollars(Decimal(amount)) == text


def test_the_output_of_commands_is_english_in_every_language() -> None:
    with translation.override("de"):
        assert english_dollars(Decimal("1234.5")) == "$1,234.50"
        assert dollars(Decimal("1234.5")) == "1.234,50\N{NO-BREAK SPACE}$"
