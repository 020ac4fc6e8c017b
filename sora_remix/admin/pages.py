"""What the app's own pages in the admin have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.db.models import QuerySet
from django.forms import Media
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from ..conf import conf
from .links import Links

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

STYLESHEETS = tuple(
    f"sora_remix/{name}.css"
    for name in ("theme", "elements", "buttons", "admin", "notices", "preview", "review")
)
RENEW_SCRIPT = "sora_remix/renew.js"
PART_SCRIPT = "sora_remix/part.js"
PART_STYLESHEET = "sora_remix/part.css"
NOTICES_SCRIPT = "sora_remix/notices.js"
SCRIPTS = (RENEW_SCRIPT, NOTICES_SCRIPT, "sora_remix/preview.js")
"""On every page that shows videos."""


def get_page_admin(context: Mapping[str, Any]) -> ModelAdmin[Any]:
    """Return the ModelAdmin of a page by the context of its template."""
    shown = context.get("cl") or context.get("adminform")
    found: ModelAdmin[Any] = shown.model_admin if shown else context["model_admin"]
    return found


def page_path(
    model_admin: ModelAdmin[Any], route: str, view: Callable[..., Any], name: str, **options: Any
) -> URLPattern:
    """Return the URL of a page that needs a login to the admin site."""
    wrapped = model_admin.admin_site.admin_view(partial(view, **options, model_admin=model_admin))
    return path(route, wrapped, name=f"sora_remix_{model_admin.opts.model_name}_{name}")


def render_page(
    request: HttpRequest,
    model_admin: ModelAdmin[Any],
    template: str,
    context: dict[str, Any],
    *,
    stylesheets: Sequence[str] = (),
    scripts: Sequence[str] = SCRIPTS,
) -> TemplateResponse:
    """Render a page of a model in the context that Django's own pages have."""
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "model_admin": model_admin,
        "opts": model_admin.opts,
        "links": Links(model_admin.admin_site),
        "media": Media(css={"all": (*STYLESHEETS, *stylesheets)}, js=scripts),
        "list_url": list_url(model_admin, request),
        **context,
    }
    names = (f"{model_admin.opts.model_name}/{template}", template)
    templates = [f"admin/sora_remix/{name}" for name in names]
    return TemplateResponse(request, templates, context)


def list_url(model_admin: ModelAdmin[Any], request: HttpRequest) -> str:
    """Return the URL of the changelist that a page belongs to, with its filters."""
    url = Links(model_admin.admin_site).changelist_url(model_admin.model)
    return keep_filters(model_admin, request, url)


def keep_filters(model_admin: ModelAdmin[Any], request: HttpRequest, url: str) -> str:
    """Add the changelist's filters to the URL of a page that leads back to it."""
    filters = model_admin.get_preserved_filters(request)
    return add_preserved_filters({"opts": model_admin.opts, "preserved_filters": filters}, url)


def is_too_many(request: HttpRequest, rows: QuerySet[Any]) -> bool:
    """Tell whether more rows are selected than an action may change; show a message if so."""
    most = conf.SORA_REMIX_MAX_BATCH
    if not rows.order_by("pk").values_list("pk")[most : most + 1]:
        return False
    message = _(
        "Nothing was done, because at most %(most)d rows can be selected at once. Use a "
        "filter to select fewer."
    )
    messages.warning(request, message % {"most": most})
    return True
