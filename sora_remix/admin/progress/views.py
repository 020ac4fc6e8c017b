"""How far remixes are, told to pages that are open: small answers, often asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Count, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from ...models import Remix
from .. import notices
from ..params import parse_pk, parse_pk_ranges
from .status import OVER, counted, started_at

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


Status = Remix.Status
CODES: tuple[str, ...] = tuple(Status.values)
"""A status is told by its place here."""
MOST = 2000
"""Remixes that one answer tells about."""
FEW = 20
"""The log lines of more remixes than that are not told."""


@require_safe
def progress(request: HttpRequest, *, model_admin: ModelAdmin[Remix]) -> HttpResponseBase:
    """Tell how far these remixes are, or those of a batch; 304 while nothing has changed."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    batch = parse_pk(chosen := request.GET.get("batch", ""))
    if chosen and batch is None:
        raise BadRequest("`batch` must be a primary key.")
    pks = parse_pk_ranges(request.GET.get("remixes", ""), name="remixes", most=MOST)
    said = notices.get_notices(request, model_admin.admin_site, on_list=False)
    rows = _rows(model_admin.get_queryset(request), batch, pks)
    answer = {"notices": notices.hash_notices(said), **_answer(rows)}
    body = json.dumps(answer, separators=(",", ":"), ensure_ascii=False)
    etag = quote_etag(hashlib.sha256(body.encode()).hexdigest()[:32])
    fresh = HttpResponse(body, content_type="application/json", headers={"ETag": etag})
    response = get_conditional_response(request, etag, None, fresh) or fresh
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _rows(found: QuerySet[Remix], batch: int | None, pks: Sequence[int]) -> list[dict[str, Any]]:
    """Read all that an answer needs in one query."""
    rows = found.prefetch_related(None).order_by("pk")
    if batch is not None:
        own = rows.order_by().filter(batch=batch).values("batch")
        over = own.filter(status__in=OVER).annotate(_n=Count("pk")).values("_n")
        many = own.annotate(_n=Count("pk")).values("_n")
        rows = rows.annotate(over=Coalesce(Subquery(over), 0), many=Coalesce(Subquery(many), 0))
    rows = rows.filter(pk__in=pks) if pks or batch is None else rows.filter(batch=batch)
    names = ["pk", "status", "queue_position", "submitted_at", "completed_at"]
    names += ["progress_log"] if 0 < len(pks) <= FEW else []
    return list(rows.values(*names, *(("over", "many") if batch is not None else ()))[:MOST])


def _answer(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Tell a remix in a few bytes: its key, its status, its place, its start, its log."""
    starts = [row["submitted_at"] for row in rows if _is_running(row)]
    since = int(min(starts).timestamp()) if starts else 0
    legend = [[status.value, str(status.label)] for status in Status]
    answer: dict[str, Any] = {"legend": legend, "since": since}
    if rows and "many" in rows[0]:
        over, many = rows[0]["over"], rows[0]["many"]
        answer["batch"] = [over, many, counted(over, many)]
    return answer | {"remixes": [_told(row, since) for row in rows]}


def _told(row: dict[str, Any], since: int) -> list[Any]:
    start = int(row["submitted_at"].timestamp()) - since if _is_running(row) else None
    told = [row["pk"], CODES.index(row["status"]), row["queue_position"], start]
    told += [row["progress_log"]] if row.get("progress_log") else []
    while told[-1] is None:
        told.pop()
    return told


def _is_running(row: dict[str, Any]) -> bool:
    return started_at(row["status"], row["submitted_at"], row["completed_at"]) is not None
