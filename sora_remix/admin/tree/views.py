"""The tree of a video: where it came from, and everything made from it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from ...clock import today
from ...endpoints import Endpoint, choosable
from ...exceptions import SoraRemixError
from ...models import EndpointFact, Remix, RemixBatch, Video
from ..links import Links
from ..pages import SCRIPTS, render_page
from ..params import parse_pk
from ..permissions import can_start_draft, can_view
from ..visibility import find_model_admin, get_rows
from .drawing import Drawing
from .folding import Folding
from .nodes import Family, family_of

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


PART = "part"
"""Name of the parameter with which the script asks for the drawing alone."""


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the address of the tree of a video."""
    view = model_admin.admin_site.admin_view(partial(tree, model_admin=model_admin))
    return [path("<sora_remix_key:pk>/tree/", view, name="sora_remix_video_tree")]


@require_http_methods(["GET", "HEAD", "POST"])
def tree(request: HttpRequest, pk: int, *, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Show the family of a video; of a node that was chosen, start a draft to remix it."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    videos = model_admin.get_queryset(request)
    video = get_object_or_404(videos, pk=pk)
    if not model_admin.has_view_permission(request, video):
        raise PermissionDenied
    if request.method == "POST":
        return _remix(request, videos.filter(pk__in=family_of(video)), model_admin)
    remixable = _endpoints() if can_start_draft(model_admin.admin_site, request) else []
    remixes = _remixes(request, model_admin)
    links = Links(model_admin.admin_site)
    family = Family(video, videos, remixes, links, remixable)
    drawing = Drawing(family, Folding.asked(request.GET, family.shape))
    if request.GET.get(PART) == "drawing":
        return TemplateResponse(
            request, "admin/sora_remix/video/tree_drawing.html", {"drawing": drawing}
        )
    return render_page(
        request,
        model_admin,
        "tree.html",
        _context(video, drawing, links),
        stylesheets=["sora_remix/tree.css"],
        scripts=(*SCRIPTS, "sora_remix/tree.js"),
    )


def _remix(
    request: HttpRequest, family: QuerySet[Video], model_admin: ModelAdmin[Video]
) -> HttpResponse:
    """Keep a video of the family as the selection of a new draft and show what it would cost."""
    if not can_start_draft(model_admin.admin_site, request):
        raise PermissionDenied
    if (chosen := parse_pk(request.POST.get("video"))) is None:
        raise Http404
    video = get_object_or_404(family, pk=chosen)
    if not model_admin.has_view_permission(request, video):
        raise PermissionDenied
    batch = RemixBatch.objects.start([video.pk], by=request.user)
    return HttpResponseRedirect(Links(model_admin.admin_site).confirm_url(batch))


def _endpoints() -> list[Endpoint]:
    """Return what an editor may choose from; nothing while a record of the site is wrong."""
    try:
        return choosable(EndpointFact.objects.retired(), today())
    except SoraRemixError:
        return []


def _remixes(request: HttpRequest, model_admin: ModelAdmin[Video]) -> QuerySet[Remix] | None:
    """Return the remixes that this user may see; None where that is none at all."""
    site = model_admin.admin_site
    return (
        get_rows(site, request, Remix) if can_view(find_model_admin(site, Remix), request) else None
    )


def _context(video: Video, drawing: Drawing, links: Links) -> dict[str, Any]:
    return {
        "title": gettext("Tree of “%(video)s”") % {"video": video},
        "video": video,
        "drawing": drawing,
        "left_out": drawing.family.many - len(drawing.family.shape),
        "sees_remixes": drawing.family.has_details,
        "tree_url": links.tree_url(video),
        "video_url": links.change_url(video),
    }
