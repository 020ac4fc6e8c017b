"""Whether a remix was charged, and what is best known about its cost."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, auto

from .columns import RemixColumns
from .status import Status

CHARGED_CODES = {
    "result_missing",
    "result_refused",
    "result_not_storable",
    "result_expired",
    "not_a_video",
}
FREE_CODES = {
    "generation_timeout",
    "request_timeout",
    "startup_timeout",
    "internal_server_error",
    "internal_error",
    "downstream_service_unavailable",
    "client_cancelled",
    "source_unreachable",
}
"""fal doesn't bill 5xx responses and requests that never started (https://docs.fal.ai/errors)."""
FREE_PREFIXES = ("http_5", "runner_")


class Charge(Enum):
    """Whether a remix was charged."""

    NOTHING = auto()
    POSSIBLE = auto()
    CHARGED = auto()


def charge(remix: RemixColumns) -> Charge:
    """Tell whether a remix was charged."""
    known = known_cost(remix)
    if known is not None:
        return Charge.CHARGED if known else Charge.NOTHING
    match remix.status:
        case Status.QUEUED | Status.CANCELLED:
            return Charge.NOTHING
        case Status.SUBMITTING | Status.UNCONFIRMED:
            return Charge.POSSIBLE
        case Status.FAILED:
            return _charge_of_failure(remix)
        case _:
            return Charge.CHARGED


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


def _charge_of_failure(remix: RemixColumns) -> Charge:
    code = remix.error_code
    if not remix.request_id:
        return Charge.POSSIBLE if code == "given_up" else Charge.NOTHING
    if code in CHARGED_CODES:
        return Charge.CHARGED
    if code in FREE_CODES or code.startswith(FREE_PREFIXES):
        return Charge.NOTHING
    return Charge.POSSIBLE
