"""The page that confirms an action, and where it is asked for: menu of a list, URL of a row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from ...database import own_transactions
from ...models import Remix
from ..budget_check import BudgetCheck
from ..links import Links
from ..pages import is_too_many, keep_filters, list_url, render_page
from ..permissions import require_perms
from ..visibility import filter_viewable, get_row_or_404
from .base import ActionPreview, ActionResult, AdminAction
from .remix import RemixAction

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

SHOWN = 100
"""Rows that are listed one by one; the totals are over all."""


def changelist_action(action: AdminAction[Any], permission: str) -> Any:
    """Make the changelist's action that shows what this one would do to the selected rows."""

    @admin.action(permissions=[permission], description=action.list_label)
    def ask(
        model_admin: ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        if is_too_many(request, queryset):
            return None
        rows = filter_viewable(model_admin, request, action.prepare(queryset))
        return show_preview(request, ActionPreview(action, rows), model_admin)

    return ask


def action_path(
    model_admin: ModelAdmin[Any],
    action: AdminAction[Any],
    view: Callable[..., HttpResponse],
    prefix: str = "",
) -> URLPattern:
    """Return the URL at which a view confirms an action."""
    own = partial(view, model_admin=model_admin, action=action)
    wrapped = own_transactions(model_admin.admin_site.admin_view(own))
    route = f"{prefix}{action.name.replace('_', '-')}/"
    return path(route, wrapped, name=_url_name(model_admin, action))


def confirm_for_one(
    request: HttpRequest, pk: int, *, model_admin: ModelAdmin[Remix], action: RemixAction
) -> HttpResponse:
    """Show what an action would do to one remix; do it when that is confirmed."""
    require_perms(model_admin, request, *action.permissions)
    remix = get_row_or_404(model_admin, request, pk, "source")
    preview = ActionPreview(action, [remix])
    if preview.allowed and not preview.is_confirmed(request):
        return show_preview(request, preview, model_admin, one=remix)
    result = action.run(model_admin, request, preview)
    _show_messages(request, result)
    url = Links(model_admin.admin_site).change_url(result.requested or remix)
    return HttpResponseRedirect(url)


def confirm_for_many(
    request: HttpRequest, *, model_admin: ModelAdmin[Any], action: AdminAction[Any]
) -> HttpResponse:
    """Do to a selection what its page has shown, or show it again if that has changed."""
    require_perms(model_admin, request, *action.permissions)
    if request.method == "POST":
        outcome = action.confirm(model_admin, request)
        if isinstance(outcome, ActionPreview):
            return show_preview(request, outcome, model_admin)
        _show_messages(request, outcome)
    return HttpResponseRedirect(list_url(model_admin, request))


def show_preview(
    request: HttpRequest,
    preview: ActionPreview[Any],
    model_admin: ModelAdmin[Any],
    one: Remix | None = None,
) -> HttpResponse:
    """Show what an action would do, and the button that does it."""
    links, action = Links(model_admin.admin_site), preview.action
    title = _("%(action)s: %(remix)s") if one else action.title
    url = links.page_url(_url_name(model_admin, action), *([one.pk] if one else []))
    context = {
        "preview": preview,
        "action": action,
        "title": title % {"action": action.label, "remix": one},
        "remix": one,
        "budgets": BudgetCheck(request, preview.cost.needed) if preview.cost else None,
        "has_changed": "_terms" in request.POST,
        "selection": action.selection(preview),
        "facts": action.facts(preview.rows) if preview.allowed else [],
        "allowed": preview.allowed[:SHOWN],
        "refused": preview.refused[:SHOWN],
        "action_url": keep_filters(model_admin, request, url),
        "back_url": links.change_url(one) if one else list_url(model_admin, request),
    }
    return render_page(request, model_admin, "action.html", context)


def _url_name(model_admin: ModelAdmin[Any], action: AdminAction[Any]) -> str:
    return f"sora_remix_{model_admin.opts.model_name}_{action.name}"


def _show_messages(request: HttpRequest, result: ActionResult) -> None:
    for message in result.done:
        messages.success(request, message)
    for message in result.unchanged:
        messages.warning(request, message)
