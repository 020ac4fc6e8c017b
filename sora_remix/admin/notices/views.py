"""The notices of a page as HTML, which the open page asks for again and again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.http import quote_etag
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from ...models import Remix, Video
from ..links import Links
from ..params import read_text
from ..permissions import can_view
from ..visibility import find_model_admin
from .texts import get_notices, hash_notices

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

AREA_TEMPLATE = "admin/sora_remix/notice_area.html"
ASK_SECONDS = 25
"""An open page asks this often whether its notices are still true."""
LONGEST_URL = 4000


def urls(model_admin: ModelAdmin[Any]) -> list[URLPattern]:
    """Return the URL at which the pages of a model ask for their notices."""
    view = partial(notices, model_admin=model_admin)
    wrapped = model_admin.admin_site.admin_view(view, cacheable=True)
    return [path("notices/", wrapped, name=f"sora_remix_{model_admin.opts.model_name}_notices")]


@require_safe
@cache_control(private=True, no_cache=True)
@conditional_page
def notices(request: HttpRequest, *, model_admin: ModelAdmin[Any]) -> HttpResponseBase:
    """Return the notices of a page; 304 while they are those that the page shows."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    page_url = read_text(request.GET, "next", most=LONGEST_URL)
    on_list = request.GET.get("list") == "1"
    area = describe_area(request, model_admin, page_url, on_list=on_list)
    response = render(request, AREA_TEMPLATE, area)
    # Not of the content: the CSRF token of a button differs each time.
    response["ETag"] = area["etag"]
    return response


def describe_area(
    request: HttpRequest, model_admin: ModelAdmin[Any], page_url: str, *, on_list: bool
) -> dict[str, Any]:
    """Return the context of the place where a page shows its notices."""
    shown = get_notices(request, model_admin.admin_site, on_list=on_list)
    return {
        "notices": shown,
        "etag": quote_etag(hash_notices(shown)),
        "page_url": page_url,
        "ask_url": _find_url(request, model_admin, page_url, is_list=int(on_list)),
        "ask_seconds": ASK_SECONDS,
    }


def _find_url(
    request: HttpRequest, model_admin: ModelAdmin[Any], page_url: str, *, is_list: int
) -> str:
    """Return where this user may ask: at the page's own model, or at another one."""
    site = model_admin.admin_site
    admins = (model_admin, find_model_admin(site, Video), find_model_admin(site, Remix))
    models = (one.model for one in admins if one and can_view(one, request))
    urls = (Links(site).notices_url(model, list=is_list, next=page_url) for model in models)
    return next(filter(None, urls), "")
