"""Facts that fal reports about its endpoints, beside their records."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager
from .fields import ExactCharField

PLACES = Decimal("0.000001")


class NotedPrice(NamedTuple):
    """The list price of one unit, as fal reported it."""

    amount: Decimal
    unit: str
    currency: str
    at: datetime


class EndpointFactQuerySet(models.QuerySet["EndpointFact"]):
    def retired(self) -> dict[str, datetime]:
        """Return when fal was first found to have retired endpoints, by their id at fal."""
        gone = self.filter(retired_at__isnull=False)
        return {fact.endpoint_id: fact.retired_at for fact in gone if fact.retired_at}

    def note_retired(self, endpoint_id: str) -> None:
        """Record that fal has retired an endpoint; the first time is kept."""
        self.get_or_create(endpoint_id=endpoint_id)
        known = self.filter(endpoint_id=endpoint_id, retired_at__isnull=True)
        known.update(retired_at=timezone.now())

    def note_living(self, endpoint_id: str) -> None:
        """Record that fal offers the endpoint, even if it was retired before."""
        self.filter(endpoint_id=endpoint_id).update(retired_at=None)

    def note_price(self, endpoint_id: str, amount: Decimal, unit: str, currency: str) -> None:
        """Record the price of one unit; a price that the column can't hold counts as unknown."""
        fits = amount == amount.quantize(PLACES)
        self.update_or_create(
            endpoint_id=endpoint_id,
            defaults={
                "unit_price": amount if fits else None,
                "unit": unit[:100],
                "currency": currency[:10],
                "priced_at": timezone.now(),
            },
        )

    def unit_price_of(self, endpoint_id: str) -> NotedPrice | None:
        """Return the last known price of one unit, or None."""
        fact = self.filter(endpoint_id=endpoint_id).first()
        if fact is None or fact.unit_price is None or fact.priced_at is None:
            return None
        return NotedPrice(fact.unit_price, fact.unit, fact.currency, fact.priced_at)


class EndpointFact(models.Model):
    """What fal reported about one endpoint."""

    endpoint_id = ExactCharField(max_length=200, unique=True)
    """Its id at fal, which several records may share."""
    retired_at = models.DateTimeField(null=True)
    """When fal was first found to have retired it."""
    unit_price = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    unit = ExactCharField(max_length=100, blank=True)
    currency = ExactCharField(max_length=10, blank=True)
    priced_at = models.DateTimeField(null=True)

    objects = PrimaryManager.from_queryset(EndpointFactQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("endpoint status at fal")
        verbose_name_plural = _("endpoint statuses at fal")

    def __str__(self) -> str:
        return self.endpoint_id
