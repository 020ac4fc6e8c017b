"""What some remixes cost together: exact sums, made by the database.

Amounts are added in whole millionths of a dollar, because SQLite adds decimals as floating-point
numbers. They are rounded once, when they are shown.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from decimal import Decimal
from operator import add, sub
from typing import Any, Self

from django.db.models import Aggregate, BigIntegerField, Case, Count, F, Func, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from ...models import Approval, Remix
from ...models.charges import BEST_KNOWN_COST, COST_BASIS, CostBasis
from ...models.status import Status

PLACES = -6
"""The exponent of a millionth."""
BASIS = "_basis"
BEST = "_best"
SPENT = "_spent"


@dataclass(frozen=True)
class SpendSums:
    """The number of some remixes, and what they cost in millionths of a dollar.

    A sum without a known amount is 0: its count tells.
    """

    remixes: int = 0
    estimated: int = 0
    estimated_count: int = 0
    calculated: int = 0
    calculated_count: int = 0
    billed: int = 0
    billed_count: int = 0
    best_calculated: int = 0
    """The part of the best known cost that is calculated; what is billed is all part of it."""
    best_calculated_count: int = 0
    best_estimated: int = 0
    best_estimated_count: int = 0
    unknown_count: int = 0
    failed: int = 0
    """The best known cost of failed remixes."""
    failed_count: int = 0
    failed_unknown_count: int = 0
    approved_count: int = 0
    """Results that are approved."""

    def __add__(self, other: Self) -> Self:
        return type(self)(*map(add, astuple(self), astuple(other)))

    def __sub__(self, other: Self) -> Self:
        return type(self)(*map(sub, astuple(self), astuple(other)))

    @property
    def best(self) -> int:
        """The best known cost in millionths; without remixes of unknown cost."""
        return self.billed + self.best_calculated + self.best_estimated


def to_dollars(millionths: int) -> Decimal:
    """Return an amount in dollars, exactly."""
    return Decimal(millionths).scaleb(PLACES)


class Millionths(Func):
    """Express dollars in whole millionths."""

    template = "(%(expressions)s * 1000000)"
    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Round the product, which is a floating-point number in SQLite."""
        template = "CAST(ROUND(%(expressions)s * 1000000) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **context)


def _total(amount: str, condition: Q | None = None) -> Sum:
    return Sum(Millionths(amount), filter=condition)


def _count(condition: Q) -> Count:
    return Count("pk", filter=condition)


_IS_FAILED = Q(status=Status.FAILED)
_IS_BEST_CALCULATED = Q(**{BASIS: CostBasis.CALCULATED})
_IS_BEST_ESTIMATED = Q(**{BASIS: CostBasis.ESTIMATED})
_IS_UNKNOWN = Q(**{BASIS: CostBasis.UNKNOWN})

RULES: dict[str, Case] = {BASIS: COST_BASIS, BEST: BEST_KNOWN_COST}
MEASURES: dict[str, Aggregate] = {
    "remixes": Count("pk"),
    "estimated": _total("estimated_cost"),
    "estimated_count": Count("estimated_cost"),
    "calculated": _total("calculated_cost"),
    "calculated_count": Count("calculated_cost"),
    "billed": _total("billed_cost"),
    "billed_count": Count("billed_cost"),
    "best_calculated": _total("calculated_cost", _IS_BEST_CALCULATED),
    "best_calculated_count": _count(_IS_BEST_CALCULATED),
    "best_estimated": _total("estimated_cost", _IS_BEST_ESTIMATED),
    "best_estimated_count": _count(_IS_BEST_ESTIMATED),
    "unknown_count": _count(_IS_UNKNOWN),
    "failed": _total(BEST, _IS_FAILED),
    "failed_count": _count(_IS_FAILED),
    "failed_unknown_count": _count(_IS_FAILED & _IS_UNKNOWN),
    "approved_count": _count(Q(result__approval=Approval.APPROVED)),
}
"""How the database makes each column of `SpendSums`, in this order."""


def group_by(remixes: QuerySet[Remix], key: F | Func) -> QuerySet[Any, Any]:
    """Return a key and the measures of each group of remixes, as tuples; `SPENT` sorts them."""
    grouped = remixes.order_by().alias(**RULES).annotate(_key=key).values("_key")
    grouped = grouped.annotate(**MEASURES, **{SPENT: Coalesce(_total(BEST), 0)})
    return grouped.values_list("_key", *MEASURES)


def read_sums(measures: tuple[Any, ...]) -> SpendSums:
    """Return measures as sums; the database returns NULL for the sum of nothing."""
    return SpendSums(*(int(one or 0) for one in measures))


def total_of(remixes: QuerySet[Remix]) -> SpendSums:
    """Return the sums of all these remixes."""
    found = remixes.order_by().annotate(**RULES).aggregate(**MEASURES)
    return read_sums(tuple(found[name] for name in MEASURES))
