"""Counts beside the rows of a list."""

from __future__ import annotations

from django.db.models import Count, Model, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce


def count_of(model: type[Model], field: str, *only: Q) -> Coalesce:
    """Count the rows that point here by this field, for the rows shown and no others."""
    pointing = model._default_manager.order_by().filter(*only, **{field: OuterRef("pk")})
    counted = pointing.values(field).annotate(_many=Count("pk")).values("_many")
    return Coalesce(Subquery(counted), 0)
