"""The grid of a batch's results, and what is done to its selected cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views import View

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
from .grid import COMPARE, FURTHER, ResultGrid

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    from ...endpoints.option import Text


PAGE = "p"
"""Query parameter with the page of the grid."""
HIDDEN_RESULT = ngettext_lazy(
    "%(many)d remix was left out, because you don't have permission to view its video.",
    "%(many)d remixes were left out, because you don't have permission to view their videos.",
    "many",
)
NO_RESULT = ngettext_lazy(
    "%(many)d remix was left out, because it has no video.",
    "%(many)d remixes were left out, because they have no video.",
    "many",
)


def get_grid_context(
    request: HttpRequest, model_admin: ModelAdmin[RemixBatch], batch: RemixBatch
) -> Any:
    """Return the context of the grid; nothing for users who may not view remixes."""
    site = model_admin.admin_site
    if not batch.confirmed_at or not can_view(find_model_admin(site, Remix), request):
        return {}
    video_admin, links = find_model_admin(site, Video), Links(site)
    remixes = get_rows(site, request, Remix)
    may_compare = can_view(video_admin, request)
    may_remix = can_view(video_admin, request, REMIX)
    review_url = links.review_url(batch=batch.pk)
    actions = [action for action in BUTTONS if has_perms(request, *action.permissions)]
    filters = urlencode({"_changelist_filters": urlencode({"batch__id__exact": batch.pk})})
    return {
        "grid": ResultGrid(remixes.filter(batch=batch), links, request.GET.get(PAGE)),
        "links": links,
        "live": status.page_of_batch(links, batch.pk, remixes),
        "actions": actions,
        "may_remix": may_remix,
        "start_url": links.start_url() if may_remix else "",
        "may_compare": may_compare,
        "may_select": bool(actions) or may_compare,
        "review_url": review_url if can_view(video_admin, request, APPROVE) else "",
        "selected": gettext("%(many)s selected"),
        "cells_url": f"{links.cells_url(batch)}?{filters}",
    }


class CellsView(View):
    """Show what an action would do to the selected cells, compare them, or remix them further."""

    http_method_names = ["post"]
    model_admin: ModelAdmin[RemixBatch] = None  # type: ignore[assignment]  # given to `as_view`

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked, site = request.POST.get("action", ""), self.model_admin.admin_site
        action = next((action for action in BUTTONS if action.name == asked), None)
        remix_admin = cast("ModelAdmin[Remix]", find_model_admin(site, Remix))
        require_perms(remix_admin, request, *(action.permissions if action else ()))
        if not action:
            needed = () if asked == COMPARE else (REMIX,)
            require_perms(find_model_admin(site, Video), request, *needed)
        self.batch = get_object_or_404(self.model_admin.get_queryset(request), pk=pk)
        if not (remixes := self._find_selected(remix_admin)):
            return self._go_back(_("Nothing was done. Select at least one remix."))
        if action:
            return show_preview(request, ActionPreview(action, remixes), remix_admin)
        if asked == COMPARE and (url := compare.choose(request, remixes, Links(site))):
            return HttpResponseRedirect(url)
        return self._remix_further(remixes) if asked == FURTHER else self._go_back()

    def _find_selected(self, remix_admin: ModelAdmin[Remix]) -> list[Remix]:
        pks = parse_pks(self.request.POST.getlist("cell"), name="cell")
        cells = remix_admin.get_queryset(self.request).filter(batch=self.batch, pk__in=pks)
        found = cells.select_related("source", "result", "clip").order_by("pk")
        return filter_viewable(remix_admin, self.request, found)

    def _remix_further(self, remixes: Sequence[Remix]) -> HttpResponse:
        """Save the results as a new draft and show what it would cost."""
        made = [remix.result_id for remix in remixes if remix.result_id]
        if not made:
            return self._go_back(
                _("Nothing was done, because none of the selected remixes has a video.")
            )
        site = self.model_admin.admin_site
        results = find_viewable_rows(site, self.request, Video.objects.filter(pk__in=made))
        for message, many in (
            (HIDDEN_RESULT, len(made) - len(results)),
            (NO_RESULT, len(remixes) - len(made) if results else 0),
        ):
            if many:
                messages.warning(self.request, message % {"many": many})
        if not results:
            return self._go_back()
        draft = RemixBatch.objects.start([video.pk for video in results], by=self.request.user)
        return HttpResponseRedirect(Links(site).confirm_url(draft))

    def _go_back(self, warning: Text = "") -> HttpResponse:
        if warning:
            messages.warning(self.request, warning)
        url = Links(self.model_admin.admin_site).change_url(self.batch)
        page = urlencode({PAGE: self.request.POST.get(PAGE, "1")})
        return HttpResponseRedirect(f"{url}?{page}#sora-remix-grid")
