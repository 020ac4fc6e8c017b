"""The tree of a video: its source, and everything made from that."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from ...clock import today
from ...endpoints import Endpoint, choosable
from ...exceptions import SoraRemixError
from ...models import EndpointFact, Remix, Video
from ..links import Links
from ..pages import render_page
from ..permissions import COSTS, can_start_draft, can_view, has_perms
from ..visibility import find_model_admin, get_rows
from .nodes import Family
from .outline import outline

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the routes of these pages."""
    view = model_admin.admin_site.admin_view(partial(tree, model_admin=model_admin))
    return [path("<sora_remix_key:pk>/tree/", view, name="sora_remix_video_tree")]


@require_safe
def tree(request: HttpRequest, pk: int, *, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Show the family of a video, with a button to remix each node."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    videos = model_admin.get_queryset(request)
    video = get_object_or_404(videos, pk=pk)
    if not model_admin.has_view_permission(request, video):
        raise PermissionDenied
    may_start = can_start_draft(model_admin.admin_site, request)
    remixes, links = _remixes(request, model_admin), Links(model_admin.admin_site)
    family = Family(
        video,
        videos,
        remixes,
        links,
        _endpoints() if may_start else [],
        has_costs=has_perms(request, COSTS),
    )
    context = _context(video, family, links)
    context["start_url"] = links.start_url() if may_start else ""
    return render_page(
        request, model_admin, "tree.html", context, stylesheets=["sora_remix/tree.css"]
    )


def _endpoints() -> list[Endpoint]:
    """Return the endpoints that an editor can choose, or none while a record is invalid."""
    try:
        return choosable(EndpointFact.objects.retired(), today())
    except SoraRemixError:
        return []


def _remixes(request: HttpRequest, model_admin: ModelAdmin[Video]) -> QuerySet[Remix] | None:
    """Return the remixes that the user may see, or None without the permission."""
    site = model_admin.admin_site
    return (
        get_rows(site, request, Remix) if can_view(find_model_admin(site, Remix), request) else None
    )


def _context(video: Video, family: Family, links: Links) -> dict[str, Any]:
    return {
        "title": gettext("Tree of “%(video)s”") % {"video": video},
        "video": video,
        "items": outline(family),
        "left_out": family.many - len(family.shape),
        "sees_remixes": family.has_details,
        "video_url": links.change_url(video),
    }
