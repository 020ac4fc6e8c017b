"""The page between a decision about remixes and its doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from ...conf import conf
from ...models import Remix
from ..links import Links
from ..pages import keep_filters, list_url, render_page
from ..params import keys
from ..permissions import require
from ..rows import permitted, row_or_404
from .base import RemixAction
from .preview import SHOWN, ActionPreview
from .run import run_action

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


def action_on_one(
    request: HttpRequest, pk: int, *, model_admin: ModelAdmin[Remix], action: RemixAction
) -> HttpResponse:
    """Show what an action would do to one remix; do it when that is confirmed."""
    require(model_admin, request, *action.permissions)
    remix = row_or_404(model_admin, request, pk, "source")
    preview = ActionPreview(action, [remix])
    if preview.allowed and not _is_confirmed(request, preview):
        return show(request, preview, model_admin, one=remix)
    again = run_action(model_admin, request, preview)
    links = Links(model_admin.admin_site)
    return HttpResponseRedirect(links.change_url(again[0] if again else remix))


def action_on_many(
    request: HttpRequest, *, model_admin: ModelAdmin[Remix], action: RemixAction
) -> HttpResponse:
    """Do to a selection what its page has shown, or show it anew if that has changed."""
    require(model_admin, request, *action.permissions)
    if request.method == "POST":
        preview = ActionPreview(action, _selected(model_admin, request))
        if preview.allowed and not _is_confirmed(request, preview):
            return show(request, preview, model_admin)
        run_action(model_admin, request, preview)
    return HttpResponseRedirect(list_url(model_admin, request))


def show(
    request: HttpRequest,
    preview: ActionPreview,
    model_admin: ModelAdmin[Remix],
    one: Remix | None = None,
) -> HttpResponse:
    """Show what an action would do, and the button that does it."""
    links = Links(model_admin.admin_site)
    context = {
        "preview": preview,
        "action": preview.action,
        "has_changed": "_terms" in request.POST,
        "allowed": preview.allowed[:SHOWN],
        "refused": preview.refused[:SHOWN],
        "action_url": keep_filters(model_admin, request, links.remix_url(preview.action.name, one)),
        "back_url": links.change_url(one) if one else list_url(model_admin, request),
    }
    title = _("%(action)s: %(remix)s") if one else _("%(action)s: selected remixes")
    return render_page(
        request,
        model_admin,
        "action.html",
        {"title": title % {"action": preview.action.label, "remix": one}, "remix": one, **context},
    )


def _selected(model_admin: ModelAdmin[Remix], request: HttpRequest) -> list[Remix]:
    """Return the remixes that the page has named, in its order."""
    sent = request.POST.get("remixes", "").split(",")
    named = keys(sent, name="remixes", most=conf.SORA_REMIX_MAX_BATCH)
    rows = model_admin.get_queryset(request).select_related("source")
    found = rows.in_bulk(named)
    in_order = (found[pk] for pk in named if pk in found)
    return permitted(model_admin, request, in_order)


def _is_confirmed(request: HttpRequest, preview: ActionPreview) -> bool:
    """Tell whether what is agreed to be paid is what it costs now."""
    return request.method == "POST" and request.POST.get("_terms") == preview.terms
