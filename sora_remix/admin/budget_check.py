"""What is left of the budgets that apply, on pages on which money is spent."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation import gettext

from ..dollars import dollars
from ..models import Budget, BudgetLeft
from .permissions import EXCEED, has_perms

FIELD = "_exceed_budget"
"""Name of the checkbox with which somebody exceeds a budget."""


def wants_to_exceed(request: HttpRequest) -> bool:
    """Tell whether this user has ticked the box, and may do that."""
    return FIELD in request.POST and has_perms(request, EXCEED)


class BudgetLine:
    """What is left of one budget."""

    def __init__(self, left: BudgetLeft, needed: Decimal | None) -> None:
        self._left = left
        self.is_exceeded = needed is not None and needed > left.left

    @property
    def text(self) -> str:
        message = gettext("%(left)s is left of this budget: %(budget)s. %(renewal)s")
        left = self._left
        values = {"left": dollars(left.left), "budget": left.budget, "renewal": left.renewal}
        return message % values


class BudgetCheck:
    """Compare what a page would spend with what is left; `needed` is None if unknown."""

    field = FIELD

    def __init__(self, request: HttpRequest, needed: Decimal | None) -> None:
        self.lines = [BudgetLine(one, needed) for one in Budget.objects.left_for(request.user)]
        self.is_exceeded = any(line.is_exceeded for line in self.lines)
        self.is_unlimited = bool(self.lines) and needed is None
        self.may_exceed = self.is_exceeded and has_perms(request, EXCEED)
        self.is_ticked = wants_to_exceed(request)
