"""Counts beside the rows of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import Count, F, Model, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from ..decoding.containers import EXTENSIONS
from ..endpoints import Endpoint, Source


def count_of(model: type[Model], field: str, *only: Q) -> Coalesce:
    """Count the rows that point here by this field, for the rows shown and no others."""
    pointing = model._default_manager.order_by().filter(*only, **{field: OuterRef("pk")})
    counted = pointing.values(field).annotate(_many=Count("pk")).values("_many")
    return Coalesce(Subquery(counted), 0)


NO_SHAPE = Q(width=None) | Q(width=0) | Q(height=None) | Q(height=0)


def remixable(endpoints: Iterable[Endpoint]) -> Q:
    """Keep the videos against which at least one `Endpoint.refusal` says nothing."""
    return reduce(or_, (_taken(endpoint.source) for endpoint in endpoints), Q(pk__in=[]))


def _taken(source: Source) -> Q:
    kind = _has_file(source)
    if source.kind == "sora_id":
        kind = ~Q(sora_id="") & Q(is_deleted_at_provider=False)
    return kind & _length(source) & _size(source) & _shape(source) & _speed(source)


def _has_file(source: Source) -> Q:
    """Keep the files of the right kind; while that was not read, its name decides."""
    taken = source.extensions or EXTENSIONS.values()
    kinds = [kind for kind, extension in EXTENSIONS.items() if extension in taken]
    is_taken = Q(container__in=kinds) & ~Q(video_codec="") & ~Q(file="")
    return is_taken | (Q(container="") & _is_called(source))


def _is_called(source: Source) -> Q:
    if not source.extensions:
        return Q(file__regex=r"[^/]\.[^./]+$")
    return reduce(or_, (Q(file__iendswith=extension) for extension in source.extensions))


def _length(source: Source) -> Q:
    limits = {
        "duration__gte": source.min_seconds,
        "duration__lte": source.max_seconds,
        "duration__lt": source.below_seconds,
    }
    return _all_of(limits)


def _size(source: Source) -> Q:
    limits = {"size__lte": source.max_bytes, "size__lt": source.below_bytes}
    return _or_unknown(_all_of(limits), Q(size=None))


def _speed(source: Source) -> Q:
    limits = {"fps__gte": source.min_fps, "fps__lte": source.max_fps}
    return _or_unknown(_all_of(limits), Q(fps=None))


def _shape(source: Source) -> Q:
    limits = {
        "width__gte": source.min_side,
        "height__gte": source.min_side,
        "width__lte": source.max_side,
        "height__lte": source.max_side,
    }
    fits = _all_of(limits)
    for limit, lookup in (
        (source.min_aspect, GreaterThanOrEqual),
        (source.max_aspect, LessThanOrEqual),
    ):
        if limit is not None:
            # In whole numbers: a database may round a quotient.
            across, down = Decimal(limit).as_integer_ratio()
            fits &= Q(lookup(F("width") * down, F("height") * across))
    return _or_unknown(fits, NO_SHAPE)


def _all_of(limits: Mapping[str, object]) -> Q:
    return Q(**{lookup: limit for lookup, limit in limits.items() if limit is not None})


def _or_unknown(fits: Q, unknown: Q) -> Q:
    # An empty Q keeps all, but in a disjunction Django leaves it out.
    return fits | unknown if fits else fits
