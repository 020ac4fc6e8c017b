"""Whether a remix is charged, and what is best known about its cost.

Each rule exists twice, as a function of one remix and as an expression in queries. Tests prove that
they agree.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, auto
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Left
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from .status import Status

if TYPE_CHECKING:
    from .columns import RemixColumns

NEVER_SENT = (Status.QUEUED, Status.CANCELLED)
"""States in which nothing is charged."""
MAYBE_SENT = (Status.SUBMITTING, Status.UNCONFIRMED)
"""States in which it is unknown whether fal has it."""
GIVEN_UP = "given_up"
CHARGED_CODES = frozenset(
    {
        "result_missing",
        "result_refused",
        "result_not_storable",
        "result_expired",
        "not_a_video",
    }
)
"""Errors after fal had finished."""
FREE_CODES = frozenset(
    {
        "generation_timeout",
        "request_timeout",
        "startup_timeout",
        "internal_server_error",
        "internal_error",
        "downstream_service_unavailable",
        "client_cancelled",
        "source_unreachable",
    }
)
"""fal doesn't bill 5xx responses and requests that never started (https://docs.fal.ai/errors)."""
FREE_PREFIXES = ("http_5", "runner_")


class Charge(Enum):
    """Whether a remix was charged."""

    NOTHING = auto()
    """It was never accepted, or it ended before fal worked on it."""
    POSSIBLE = auto()
    """It is unknown whether fal has worked on it."""
    CHARGED = auto()
    """fal has worked on it, or will."""


class CostBasis(models.TextChoices):
    """What the best known cost of a remix is."""

    BILLED = "billed", _("billed")
    """fal's billing events."""
    CALCULATED = "calculated", _("calculated")
    """fal's units times its list price."""
    ESTIMATED = "estimated", _("estimated")
    """The estimate of a remix that was charged, or may have been."""
    UNKNOWN = "unknown", _("unknown")
    """It was charged, or may have been, and has no estimate."""
    FREE = "free", _("free")
    """Nothing was charged."""


def charge(remix: RemixColumns) -> Charge:
    """Tell whether a remix was charged."""
    known = known_cost(remix)
    if known is not None:
        return Charge.CHARGED if known > 0 else Charge.NOTHING
    if remix.status in NEVER_SENT:
        return Charge.NOTHING
    if remix.status in MAYBE_SENT:
        return Charge.POSSIBLE
    return _charge_of_failure(remix) if remix.status == Status.FAILED else Charge.CHARGED


def _charge_of_failure(remix: RemixColumns) -> Charge:
    code = remix.error_code
    if not remix.request_id:
        return Charge.POSSIBLE if code == GIVEN_UP else Charge.NOTHING
    if code in CHARGED_CODES:
        return Charge.CHARGED
    is_free = code in FREE_CODES or code.startswith(FREE_PREFIXES)
    return Charge.NOTHING if is_free else Charge.POSSIBLE


def known_cost(remix: RemixColumns) -> Decimal | None:
    """Return the billed cost, else the calculated one, else None."""
    return remix.calculated_cost if remix.billed_cost is None else remix.billed_cost


def cost_to_count(remix: RemixColumns) -> Decimal:
    """Return what counts in budgets now: the known cost, or what is reserved until it is known."""
    known = known_cost(remix)
    if known is not None:
        return known
    is_over = remix.status in (Status.FAILED, Status.CANCELLED)
    if is_over and charge(remix) == Charge.NOTHING:
        return Decimal(0)
    return remix.reserved_cost or Decimal(0)


def cost_basis(remix: RemixColumns) -> CostBasis:
    """Tell what the best known cost of a remix is."""
    if remix.billed_cost is not None:
        return CostBasis.BILLED
    if remix.calculated_cost is not None:
        return CostBasis.CALCULATED
    if charge(remix) == Charge.NOTHING:
        return CostBasis.FREE
    return CostBasis.UNKNOWN if remix.estimated_cost is None else CostBasis.ESTIMATED


def best_known_cost(remix: RemixColumns) -> Decimal | None:
    """Return the best known cost of a remix in US dollars; None if it is unknown.

    It is the billed cost, else the calculated one, else the estimate of a remix that was charged
    or may have been. It is 0 if nothing was charged.
    """
    match cost_basis(remix):
        case CostBasis.BILLED:
            return remix.billed_cost
        case CostBasis.CALCULATED:
            return remix.calculated_cost
        case CostBasis.FREE:
            return Decimal(0)
    return remix.estimated_cost


def _starts_with(prefix: str) -> Q:
    """Compare exactly; `LIKE` ignores case in SQLite."""
    return Q(Exact(Left(F("error_code"), len(prefix)), Value(prefix)))


_HAS_FREE_CODE = reduce(or_, map(_starts_with, FREE_PREFIXES), Q(error_code__in=sorted(FREE_CODES)))
_FREE_FAILURE = Q(status=Status.FAILED) & (
    (Q(request_id__isnull=True) & ~Q(error_code=GIVEN_UP))
    | (Q(request_id__isnull=False) & _HAS_FREE_CODE)
)

COST_BASIS = Case(
    When(billed_cost__isnull=False, then=Value(CostBasis.BILLED)),
    When(calculated_cost__isnull=False, then=Value(CostBasis.CALCULATED)),
    When(Q(status__in=NEVER_SENT) | _FREE_FAILURE, then=Value(CostBasis.FREE)),
    When(estimated_cost__isnull=True, then=Value(CostBasis.UNKNOWN)),
    default=Value(CostBasis.ESTIMATED),
    output_field=models.CharField(),
)
"""`cost_basis()` as an expression in queries of remixes."""
BEST_KNOWN_COST = Case(
    When(billed_cost__isnull=False, then=F("billed_cost")),
    When(calculated_cost__isnull=False, then=F("calculated_cost")),
    When(Q(status__in=NEVER_SENT) | _FREE_FAILURE, then=Value(Decimal(0))),
    default=F("estimated_cost"),
    output_field=models.DecimalField(max_digits=14, decimal_places=6),
)
"""`best_known_cost()` as an expression in queries of remixes."""
