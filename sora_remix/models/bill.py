"""When fal's bill for a remix is read, and why a bill was not expected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .status import Status

EXPECTED_WITHIN = Decimal("1.5")
"""A bill of more than this times the estimate is flagged."""
PAUSES = (
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=2),
    timedelta(days=4),
    timedelta(days=6),
)
"""How long to wait for a bill, first after the end of a remix: for 13 days in all."""
UNANSWERED_PAUSE = timedelta(hours=1)
"""How long to wait after fal gave no answer at all."""
CORRECTED_WITHIN = timedelta(days=3)
"""How long after a complete bill it is read once more, for credits and further charges."""


class BillFlag(models.TextChoices):
    """Why a bill was not expected, the most serious reason first."""

    REPEATED = "repeated", _("Billed more than once")
    """Under several billing events or request ids, and not returned since."""
    WITHOUT_RESULT = "without_result", _("Billed without a result")
    """It failed or was cancelled."""
    EXCESSIVE = "excessive", _("Billed far above the estimate")
    """More than one and a half times the estimate."""


def choose_bill_flag(charges: Sequence[Decimal], status: str, estimate: Decimal | None) -> str:
    """Return why these charges, in dollars, were not expected; empty if they were.

    Credits are negative. What they return doesn't count.
    """
    billed = sum(charges, Decimal(0))
    if billed <= 0:
        return ""
    if billed > max(charges):
        return BillFlag.REPEATED
    if status in (Status.FAILED, Status.CANCELLED):
        return BillFlag.WITHOUT_RESULT
    if estimate is not None and billed > EXPECTED_WITHIN * estimate:
        return BillFlag.EXCESSIVE
    return ""


def unbilled() -> dict[str, Any]:
    """Return the columns that have a bill read from the start."""
    return {"bill_due_at": timezone.now() + PAUSES[0], "bills_asked": 0, "billed_at": None}


def bill_missing(asked: int) -> dict[str, Any]:
    """Return the columns that have a bill read again after it was not found this many times."""
    asked += 1
    due_at = timezone.now() + PAUSES[asked] if asked < len(PAUSES) else None
    return {"bill_due_at": due_at, "bills_asked": asked}


def bill_complete(*, is_first: bool) -> dict[str, Any]:
    """Return the columns of a complete bill, which is read once more."""
    now = timezone.now()
    if is_first:
        return {"bill_due_at": now + CORRECTED_WITHIN, "billed_at": now}
    return {"bill_due_at": None}
