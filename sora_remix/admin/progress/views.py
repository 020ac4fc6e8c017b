"""The progress of remixes as JSON, which open pages ask for again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Count, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from ...models import Remix, refusals
from ..formatting import clips
from ..notices.texts import get_notices, hash_notices
from ..params import parse_pk, parse_pk_ranges
from .status import OVER, counted, position, started_at

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


MOST = 2000
"""Remixes in one response."""
FEW = 20
"""A response about more remixes leaves out their logs."""


@require_safe
@cache_control(private=True, no_cache=True)
@conditional_page
def progress(request: HttpRequest, *, model_admin: ModelAdmin[Remix]) -> HttpResponseBase:
    """Return the progress of these remixes or of a batch; 304 while nothing has changed."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    batch = parse_pk(chosen := request.GET.get("batch", ""))
    if chosen and batch is None:
        raise BadRequest("`batch` must be a primary key.")
    pks = parse_pk_ranges(request.GET.get("remixes", ""), name="remixes", most=MOST)
    shown = get_notices(request, model_admin.admin_site, on_list=False)
    rows = _rows(model_admin.get_queryset(request), batch, pks)
    return JsonResponse(
        {
            "notices": hash_notices(shown),
            "batch": _batch(rows),
            "remixes": [_remix(row) for row in rows],
        }
    )


def _rows(found: QuerySet[Remix], batch: int | None, pks: Sequence[int]) -> list[dict[str, Any]]:
    """Read everything in one query."""
    rows = found.prefetch_related(None).order_by("pk")
    if batch is not None:
        own = rows.order_by().filter(batch=batch).values("batch")
        over = own.filter(status__in=OVER).annotate(_n=Count("pk")).values("_n")
        many = own.annotate(_n=Count("pk")).values("_n")
        rows = rows.annotate(over=Coalesce(Subquery(over), 0), many=Coalesce(Subquery(many), 0))
    rows = rows.filter(pk__in=pks) if pks or batch is None else rows.filter(batch=batch)
    names = ["pk", "status", "queue_position", "submitted_at", "completed_at"]
    names += ["recipe", "clip__file", "clip__seconds_done", "source__duration"]
    names += ["progress_log"] if 0 < len(pks) <= FEW else []
    names += ["cancel_requested_at", "over", "many"] if batch is not None else []
    return list(rows.values(*names)[:MOST])


def _batch(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the progress of the whole batch, which each of its rows has."""
    if not (rows and "many" in rows[0]):
        return None
    over, many = rows[0]["over"], rows[0]["many"]
    return {"finished": over, "total": many, "text": counted(over, many)}


def _remix(row: dict[str, Any]) -> dict[str, Any]:
    start = started_at(row["status"], row["submitted_at"], row["completed_at"])
    fitting = clips.progress(
        status=row["status"],
        recipe=row["recipe"],
        clip=row["clip__file"],
        done=row["clip__seconds_done"],
        source_length=row["source__duration"],
    )
    return {
        "id": row["pk"],
        "status": row["status"],
        "label": str(Remix.Status(row["status"]).label),
        "position": position(row["queue_position"]),
        "started_at": int(start.timestamp()) if start else None,
        **({"fitting": fitting} if fitting else {}),
        **({"log": row["progress_log"]} if "progress_log" in row else {}),
        **_allows(row),
    }


def _allows(row: dict[str, Any]) -> dict[str, str]:
    """Return what a grid may do to an unfinished remix; for a finished one it reads the page."""
    if "cancel_requested_at" not in row or row["status"] in OVER:
        return {}
    remix = Remix(status=row["status"], cancel_requested_at=row["cancel_requested_at"])
    return {"allows": "" if refusals.cancel(remix) else "cancel"}
