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

from ...models import Remix, RemixBatch, Video
from ..actions.base import ActionPreview
from ..actions.buttons import BUTTONS
from ..actions.views import show_preview
from ..compare import views as compare
from ..links import Links
from ..params import parse_pks
from ..permissions import APPROVE, REMIX, can_view, has_perms, require_perms
from ..progress import status
from ..visibility import filter_viewable, find_model_admin, find_viewable_rows, get_rows
from .grid import ResultGrid

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


PAGE = "p"
"""Name of the parameter with the page of the grid."""
FURTHER = "further"
COMPARE = "compare"


def grid_of(request: HttpRequest, model_admin: ModelAdmin[RemixBatch], batch: RemixBatch) -> Any:
    """Return what the page of a batch needs for its grid, if this user may see remixes."""
    site = model_admin.admin_site
    if not batch.confirmed_at or not can_view(find_model_admin(site, Remix), request):
        return {}
    video_admin, links = find_model_admin(site, Video), Links(site)
    remixes = get_rows(site, request, Remix)
    may_remix = can_view(video_admin, request, REMIX)
    may_compare = can_view(video_admin, request)
    may_review = can_view(video_admin, request, APPROVE)
    actions = [action for action in BUTTONS if has_perms(request, *action.permissions)]
    filters = urlencode({"_changelist_filters": urlencode({"batch__id__exact": batch.pk})})
    return {
        "grid": ResultGrid(remixes.filter(batch=batch), links, request.GET.get(PAGE)),
        "links": links,
        "live": status.page_of_batch(links, batch.pk, remixes),
        "actions": actions,
        "may_remix": may_remix,
        "may_compare": may_compare,
        "may_select": bool(actions) or may_compare,
        "review_url": links.review_url(batch=batch.pk) if may_review else "",
        "selected": gettext("%(many)s selected"),
        "cells_url": f"{links.cells_url(batch)}?{filters}",
    }


@require_POST
def action_on_cells(
    request: HttpRequest, pk: int, *, model_admin: ModelAdmin[RemixBatch]
) -> HttpResponse:
    """Show what an action would do to the selected cells, or remix their results further."""
    site = model_admin.admin_site
    remix_admin, links = find_model_admin(site, Remix), Links(site)
    asked = request.POST.get("action", "")
    action = next((action for action in BUTTONS if action.name == asked), None)
    require_perms(remix_admin, request, *(action.permissions if action else ()))
    if not action:
        require_perms(
            find_model_admin(site, Video), request, *(() if asked == COMPARE else (REMIX,))
        )
    batch = get_object_or_404(model_admin.get_queryset(request), pk=pk)
    chosen = parse_pks(request.POST.getlist("cell"), name="cell")
    cells = get_rows(site, request, Remix).filter(batch=batch, pk__in=chosen)
    found = cells.select_related("source", "result").order_by("pk")
    remixes = filter_viewable(cast("ModelAdmin[Remix]", remix_admin), request, found)
    if not remixes:
        messages.warning(request, _("Nothing was done: select at least one remix."))
        return _back(request, batch, links)
    if action:
        return show_preview(
            request, ActionPreview(action, remixes), cast("ModelAdmin[Remix]", remix_admin)
        )
    if asked == COMPARE:
        url = compare.choose(request, remixes, links)
        return HttpResponseRedirect(url) if url else _back(request, batch, links)
    if asked == FURTHER:
        return _remix_further(request, batch, remixes, model_admin)
    return _back(request, batch, links)


def _remix_further(
    request: HttpRequest,
    batch: RemixBatch,
    remixes: Sequence[Remix],
    model_admin: ModelAdmin[RemixBatch],
) -> HttpResponse:
    """Keep the results as the selection of a new draft and show what it would cost."""
    site = model_admin.admin_site
    links = Links(site)
    made = [remix.result_id for remix in remixes if remix.result_id]
    results = [
        video.pk for video in find_viewable_rows(site, request, Video.objects.filter(pk__in=made))
    ]
    if not made:
        messages.warning(request, _("Nothing was done: none of the selected remixes has a video."))
        return _back(request, batch, links)
    if hidden := len(made) - len(results):
        messages.warning(request, _hidden(hidden))
        if not results:
            return _back(request, batch, links)
    if lacking := len(remixes) - len(made):
        message = ngettext(
            "%(many)d remix was left out: it has no video.",
            "%(many)d remixes were left out: they have no video.",
            lacking,
        )
        messages.warning(request, message % {"many": lacking})
    draft = RemixBatch.objects.start(results, by=request.user)
    return HttpResponseRedirect(links.confirm_url(draft))


def _hidden(many: int) -> str:
    message = ngettext(
        "%(many)d remix was left out: you may not view its video.",
        "%(many)d remixes were left out: you may not view their videos.",
        many,
    )
    return message % {"many": many}


def _back(request: HttpRequest, batch: RemixBatch, links: Links) -> HttpResponse:
    page = urlencode({PAGE: request.POST.get(PAGE, "1")})
    return HttpResponseRedirect(f"{links.change_url(batch)}?{page}#sora-remix-grid")
