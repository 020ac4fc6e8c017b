"""How far the remixes made from videos are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Count, QuerySet
from django.utils.translation import gettext

from ...models import Remix, Video


def describe_states(remixes: QuerySet[Remix], videos: Collection[Video]) -> dict[int, str]:
    """Return by the primary key of each video how many of its remixes are in which state."""
    plain = remixes.order_by().prefetch_related(None).select_related(None)
    counted = plain.filter(source__in=[video.pk for video in videos])
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for pk, status, many in counted.values_list("source", "status").annotate(many=Count("pk")):
        found[pk][status] = many
    return {pk: _describe(many) for pk, many in found.items()}


def _describe(many: dict[str, int]) -> str:
    states = [
        gettext("%(many)d %(status)s") % {"many": many[status.value], "status": status.label}
        for status in Remix.Status
        if status.value in many
    ]
    return ", ".join(states)
