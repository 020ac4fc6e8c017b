"""Budgets, and what counts in them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sora_remix import services
from sora_remix.models import Budget, BudgetPeriod, Remix
from tests.factories import make_video

COST = Decimal("0.4")
"""Of four seconds of Sora 2."""


def make_budget(amount: Decimal | float | str, **values: Any) -> Budget:
    """Make a budget, of the site for each month unless said otherwise."""
    return Budget.objects.create(amount=Decimal(str(amount)), **values)


def request(count: int = 1, **values: Any) -> list[Remix]:
    """Request remixes of a new video for 0.40 dollars each."""
    prompts = [f"noir {number}" for number in range(count)]
    return services.request_remixes([make_video()], prompts, **values)


def used(budget: Budget) -> Decimal:
    """Return what is used of a budget in all its periods."""
    millionths = BudgetPeriod.objects.filter(budget=budget).values_list(
        "used_millionths", flat=True
    )
    return Decimal(sum(millionths)) / 10**6


def assert_counters_are_right() -> None:
    """Each counter is the sum of the counted costs of the remixes linked to it."""
    for period in BudgetPeriod.objects.all():
        linked = Remix.objects.filter(reservation__periods=period)
        costs = linked.values_list("counted_cost", flat=True)
        assert period.used == sum(costs, Decimal(0))
