"""Counts beside the rows of a list."""

from __future__ import annotations

from django.db.models import Count, Model, OuterRef, Subquery
from django.db.models.functions import Coalesce


def count_of(model: type[Model], field: str) -> Coalesce:
    """Count the rows that point here by this field, for the rows shown and no others."""
    pointing = model._default_manager.order_by().filter(**{field: OuterRef("pk")})
    counted = pointing.values(field).annotate(_many=Count("pk")).values("_many")
    return Coalesce(Subquery(counted), 0)
