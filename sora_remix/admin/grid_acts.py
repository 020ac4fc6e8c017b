"""What is done to the cells that were selected in the grid of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from ..models import Remix, RemixBatch, Video
from . import compare, display, live, review
from .act_pages import show
from .decide import BUTTONS
from .grid import Grid
from .params import keys
from .permissions import APPROVE, REMIX, allows, may, require
from .plan import Plan

if TYPE_CHECKING:
    from .batches import RemixBatchAdmin
    from .remixes import RemixAdmin
    from .videos import VideoAdmin

PAGE = "p"
"""Name of the parameter with the page of the grid."""
FURTHER = "further"
COMPARE = "compare"


def grid_of(request: HttpRequest, model_admin: RemixBatchAdmin, batch: RemixBatch) -> Any:
    """Return what the page of a batch needs for its grid, if this user may see remixes."""
    remix_admin, video_admin = _remix_admin(model_admin), _video_admin(model_admin)
    if not batch.confirmed_at or not remix_admin.has_view_permission(request):
        return {}
    may_remix = allows(video_admin, request, REMIX)
    may_compare = video_admin.has_view_permission(request)
    acts = [act for act in BUTTONS if may(request, *act.permissions)]
    filters = urlencode({"_changelist_filters": urlencode({"batch__id__exact": batch.pk})})
    return {
        "grid": Grid(batch, request.GET.get(PAGE)),
        "live": live.page(batch.pk),
        "acts": acts,
        "may_remix": may_remix,
        "may_compare": may_compare,
        "may_select": bool(acts) or may_compare,
        "review_url": review.url(batch=batch.pk) if allows(video_admin, request, APPROVE) else "",
        "selected": gettext("%(many)s selected"),
        "cells_url": f"{display.cells_url(batch)}?{filters}",
    }


@require_POST
def act_on_cells(request: HttpRequest, pk: int, *, model_admin: RemixBatchAdmin) -> HttpResponse:
    """Show what an act would do to the selected cells, or remix their results further."""
    remix_admin = _remix_admin(model_admin)
    asked = request.POST.get("act", "")
    act = next((act for act in BUTTONS if act.name == asked), None)
    require(remix_admin, request, *(act.permissions if act else ()))
    if not act:
        require(_video_admin(model_admin), request, *(() if asked == COMPARE else (REMIX,)))
    batch = get_object_or_404(model_admin.get_queryset(request), pk=pk)
    chosen = keys(request.POST.getlist("cell"), name="cell")
    rows = remix_admin.get_queryset(request).filter(batch=batch, pk__in=chosen)
    remixes = list(rows.select_related("source", "result").order_by("pk"))
    if not remixes:
        messages.warning(request, _("Nothing was done: select at least one remix."))
        return _back(request, batch)
    if act:
        return show(request, Plan(act, remixes), remix_admin)
    if asked == COMPARE:
        url = compare.choose(request, remixes)
        return HttpResponseRedirect(url) if url else _back(request, batch)
    if asked == FURTHER:
        return _remix_further(request, batch, remixes)
    return _back(request, batch)


def _remix_further(
    request: HttpRequest, batch: RemixBatch, remixes: Sequence[Remix]
) -> HttpResponse:
    """Keep the results as the selection of a new draft and show what it would cost."""
    results = [remix.result_id for remix in remixes if remix.result_id]
    if not results:
        messages.warning(request, _("Nothing was done: none of the selected remixes has a video."))
        return _back(request, batch)
    if lacking := len(remixes) - len(results):
        message = ngettext(
            "%(many)d remix was left out: it has no video.",
            "%(many)d remixes were left out: they have no video.",
            lacking,
        )
        messages.warning(request, message % {"many": lacking})
    draft = RemixBatch.objects.start(results, by=request.user)
    return HttpResponseRedirect(display.confirm_url(draft))


def _back(request: HttpRequest, batch: RemixBatch) -> HttpResponse:
    page = urlencode({PAGE: request.POST.get(PAGE, "1")})
    return HttpResponseRedirect(f"{display.change_url(batch)}?{page}#sora-remix-grid")


def _video_admin(model_admin: RemixBatchAdmin) -> VideoAdmin:
    return cast("VideoAdmin", model_admin.admin_site.get_model_admin(Video))


def _remix_admin(model_admin: RemixBatchAdmin) -> RemixAdmin:
    return cast("RemixAdmin", model_admin.admin_site.get_model_admin(Remix))
