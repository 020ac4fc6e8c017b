"""The page between a decision about remixes and its doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from ..conf import conf
from ..models import Remix
from . import display
from .acting import carry_out
from .acts import Act
from .links import Links
from .params import keys
from .permissions import require
from .plan import SHOWN, Plan
from .rows import permitted, row_or_404

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    from .remixes import RemixAdmin


def act_on_one(request: HttpRequest, pk: int, *, model_admin: RemixAdmin, act: Act) -> HttpResponse:
    """Show what an act would do to one remix; do it when that is confirmed."""
    require(model_admin, request, *act.permissions)
    remix = row_or_404(model_admin, request, pk, "source")
    plan = Plan(act, [remix])
    if plan.allowed and not _is_confirmed(request, plan):
        return show(request, plan, model_admin, one=remix)
    again = carry_out(model_admin, request, plan)
    links = Links(model_admin.admin_site)
    return HttpResponseRedirect(links.change_url(again[0] if again else remix))


def act_on_many(request: HttpRequest, *, model_admin: RemixAdmin, act: Act) -> HttpResponse:
    """Do to a selection what its page has shown, or show it anew if that has changed."""
    require(model_admin, request, *act.permissions)
    if request.method == "POST":
        plan = Plan(act, _selected(model_admin, request))
        if plan.allowed and not _is_confirmed(request, plan):
            return show(request, plan, model_admin)
        carry_out(model_admin, request, plan)
    return HttpResponseRedirect(list_url(model_admin, request))


def show(
    request: HttpRequest, plan: Plan, model_admin: RemixAdmin, one: Remix | None = None
) -> HttpResponse:
    """Show what an act would do, and the button that does it."""
    links = Links(model_admin.admin_site)
    context = {
        "plan": plan,
        "act": plan.act,
        "has_changed": "_terms" in request.POST,
        "allowed": plan.allowed[:SHOWN],
        "refused": plan.refused[:SHOWN],
        "links": links,
        "act_url": filtered(model_admin, request, links.act_url(plan.act.name, one)),
        "back_url": links.change_url(one) if one else list_url(model_admin, request),
    }
    title = _("%(act)s: %(remix)s") if one else _("%(act)s: selected remixes")
    return page(
        request,
        model_admin,
        "act.html",
        {"title": title % {"act": plan.act.label, "remix": one}, "remix": one, **context},
    )


def page(
    request: HttpRequest, model_admin: RemixAdmin, template: str, context: dict[str, Any]
) -> HttpResponse:
    """Render a page of the remixes that is none of Django's own."""
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "model_admin": model_admin,
        "opts": model_admin.opts,
        "media": Media(css={"all": display.STYLESHEETS}, js=display.SCRIPTS),
        "list_url": list_url(model_admin, request),
        **context,
    }
    return TemplateResponse(request, f"admin/sora_remix/remix/{template}", context)


def _selected(model_admin: RemixAdmin, request: HttpRequest) -> list[Remix]:
    """Return the remixes that the page has named, in its order."""
    sent = request.POST.get("remixes", "").split(",")
    named = keys(sent, name="remixes", most=conf.SORA_REMIX_MAX_BATCH)
    rows = model_admin.get_queryset(request).select_related("source")
    found = rows.in_bulk(named)
    in_order = (found[pk] for pk in named if pk in found)
    return permitted(model_admin, request, in_order)


def list_url(model_admin: ModelAdmin[Any], request: HttpRequest) -> str:
    """Return the URL of the list that a page belongs to, filtered as it was."""
    url = Links(model_admin.admin_site).changelist_url(model_admin.model)
    return filtered(model_admin, request, url)


def filtered(model_admin: ModelAdmin[Any], request: HttpRequest, url: str) -> str:
    """Keep the filters of the list through the pages that lead back to it."""
    filters = model_admin.get_preserved_filters(request)
    return add_preserved_filters({"opts": model_admin.opts, "preserved_filters": filters}, url)


def _is_confirmed(request: HttpRequest, plan: Plan) -> bool:
    """Tell whether what is agreed to be paid is what it costs now."""
    return request.method == "POST" and request.POST.get("_terms") == plan.terms
