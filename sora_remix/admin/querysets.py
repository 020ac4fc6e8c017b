"""Conditions and counts that querysets of the admin share."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Count, F, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from ..decoding.containers import EXTENSIONS
from ..endpoints import Endpoint, Source
from ..endpoints.measure import ASPECT, SECONDS, Measure, Span
from ..endpoints.plan import FITTABLE, UNDER, longest_clip
from ..endpoints.source import NOT_AT_PROVIDER
from ..endpoints.values import Number

NAMED = r"[^/]\.[^./]+$"
"""A file name with an extension."""
RATIO_LOOKUPS = {one.lookup_name: one for one in (GreaterThanOrEqual, LessThanOrEqual)}


def count_of(model: type[Model], field: str, *only: Q) -> Coalesce:
    """Count the rows that point here by this field, for the rows shown and no others."""
    pointing = model._default_manager.order_by().filter(*only, **{field: OuterRef("pk")})
    counted = pointing.values(field).annotate(_many=Count("pk")).values("_many")
    return Coalesce(Subquery(counted), 0)


def first_pk(pointing: QuerySet[Any]) -> Subquery:
    """Return the primary key of any of these rows, which depend on the row shown.

    It is looked up for the rows shown and no others. PostgreSQL makes a table of all rows for
    `Exists`, which took a third of a second with 100,000.
    """
    return Subquery(pointing.values("pk")[:1])


def remixable(endpoints: Iterable[Endpoint]) -> Q:
    """Keep the videos that at least one endpoint takes: its `fitting_refusal` of them is None."""
    return reduce(
        or_,
        (one(endpoint.source) for endpoint in endpoints for one in (_accepted, _fitted)),
        Q(pk__in=[]),
    )


def _accepted(source: Source) -> Q:
    kind = _is_at_provider() if source.kind == "sora_id" else _has_file(source)
    return reduce(and_, map(_within, source.spans()), kind)


def _fitted(source: Source) -> Q:
    """Keep the files that can be fitted: those with a picture that are not too short."""
    if source.kind != "url":
        return Q(pk__in=[])
    name = reduce(or_, (Q(file__iendswith=extension) for extension in FITTABLE))
    is_unread = Q(container="", file__regex=NAMED) & name
    is_read = Q(container__in=EXTENSIONS) & ~Q(video_codec="") & ~Q(file="")
    is_complete = Q(is_cut_off=False) & _is_long_enough(source)
    return (is_read | is_unread) & (is_complete | _has_enough_left(source))


def _has_enough_left(source: Source) -> Q:
    """Keep the files that lack their end, and of which enough is left."""
    least = max(Decimal(source.min_seconds or 0).quantize(UNDER, ROUND_CEILING), UNDER)
    return Q(is_cut_off=True, duration__gte=least + UNDER)


def _is_long_enough(source: Source) -> Q:
    """Keep the videos that are not too short; one of unknown length is cut if that helps."""
    is_limited_above = longest_clip(source) is not None
    if source.min_seconds is None and not is_limited_above:
        return Q()
    is_long = _is_known(SECONDS) & Q(duration__gte=source.min_seconds or 0)
    return is_long | Q(duration=None) if is_limited_above else is_long


def _is_at_provider() -> Q:
    return reduce(and_, (~Q(**{fact: value}) for fact, value, _refusal in NOT_AT_PROVIDER))


def _has_file(source: Source) -> Q:
    """Keep the files of the right kind; until it has been read, the name decides."""
    accepted = source.extensions or EXTENSIONS.values()
    kinds = [kind for kind, extension in EXTENSIONS.items() if extension in accepted]
    is_accepted = Q(container__in=kinds) & ~Q(video_codec="") & ~Q(file="")
    is_coded = _has_codec(source) & _has_pixels(source) & Q(is_cut_off=False)
    return (is_accepted | (Q(container="") & _has_name(source))) & is_coded


def _has_codec(source: Source) -> Q:
    return Q(video_codec__in=["", *source.codecs]) if source.codecs else Q()


def _has_pixels(source: Source) -> Q:
    formats = source.pixel_formats
    return Q(pixel_format__in=["", *formats]) if formats else Q()


def _has_name(source: Source) -> Q:
    if not source.extensions:
        return Q(file__regex=NAMED)
    return reduce(or_, (Q(file__iendswith=extension) for extension in source.extensions))


def _within(span: Span) -> Q:
    limits = [_holds(span.measure, lookup, limit) for lookup, limit in span.limits()]
    if not limits:
        return Q()
    if span.measure.unknown:
        return reduce(and_, limits, _is_known(span.measure))
    # An empty Q keeps all, but in a disjunction Django leaves it out.
    return reduce(and_, limits) | _is_unknown(span.measure)


def _holds(measure: Measure, lookup: str, limit: Number) -> Q:
    if measure is not ASPECT:
        return Q(**{f"{fact}__{lookup}": limit for fact in measure.facts})
    # In whole numbers: a database may round a quotient.
    across, down = Decimal(limit).as_integer_ratio()
    return Q(RATIO_LOOKUPS[lookup](F("width") * down, F("height") * across))


def _is_known(measure: Measure) -> Q:
    return reduce(and_, (Q(**{f"{fact}__gt": 0}) for fact in measure.facts))


def _is_unknown(measure: Measure) -> Q:
    return reduce(or_, (Q(**{fact: value}) for fact in measure.facts for value in (None, 0)))
