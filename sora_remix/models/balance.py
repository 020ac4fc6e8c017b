"""The balance of the site's account at fal."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager
from .fields import ExactCharField

MILLIONTH = Decimal("0.000001")


class AccountBalanceQuerySet(models.QuerySet["AccountBalance"]):
    """The only row, changed by compare-and-set."""

    def current(self) -> AccountBalance | None:
        """Return the balance as last read, or None if it never was."""
        return self.filter(pk=1, read_at__isnull=False).first()

    def start_reading(self, every: timedelta) -> bool:
        """Return whether to ask fal now: no worker has asked for this long."""
        now = timezone.now()
        _row, is_new = self.get_or_create(pk=1, defaults={"asked_at": now})
        return is_new or bool(self.filter(pk=1, asked_at__lte=now - every).update(asked_at=now))

    def note(self, amount: Decimal, currency: str) -> None:
        """Store what fal said."""
        self.filter(pk=1).update(
            amount=amount.quantize(MILLIONTH), currency=currency, read_at=timezone.now()
        )


class AccountBalance(models.Model):
    """The money left in the site's account at fal; negative if it is overdrawn."""

    amount = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    currency = ExactCharField(max_length=10, blank=True)
    """As fal says it, such as USD."""
    read_at = models.DateTimeField(null=True)
    """When fal said it; null if it never did."""
    asked_at = models.DateTimeField()
    """When a worker last asked."""

    objects = PrimaryManager.from_queryset(AccountBalanceQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("account balance")
        verbose_name_plural = _("account balances")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
