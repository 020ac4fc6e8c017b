"""Starting a draft with one video, from any page that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.views.decorators.http import require_http_methods

from ...clock import today
from ...endpoints import choosable, fitting_refusal
from ...exceptions import SoraRemixError
from ...models import EndpointFact, RemixBatch, Video
from ..links import Links
from ..pages import list_url, page_path
from ..params import parse_pk
from ..permissions import REMIX, can_start_draft, require_perms
from ..visibility import get_row_or_404
from .parts import LONGEST

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the URL of all Remix buttons."""
    return [page_path(model_admin, "remix/", start, "remix")]


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, *, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Start a draft with the `video` that was sent, or a part of it, and redirect to confirm it.

    A GET, as after a login in between, leads to the list: only a click starts a draft.
    """
    require_perms(model_admin, request, REMIX)
    site = model_admin.admin_site
    if not can_start_draft(site, request):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseRedirect(list_url(model_admin, request))
    if (pk := parse_pk(request.POST.get("video"))) is None:
        raise Http404
    video = get_row_or_404(model_admin, request, pk)
    times = [request.POST.get(name, "").strip()[:LONGEST] for name in ("start", "end")]
    parts = {video.pk: (times[0], times[1])} if any(times) else {}
    batch = RemixBatch.objects.start([video.pk], by=request.user, parts=parts)
    return HttpResponseRedirect(Links(site).confirm_url(batch))


def can_start_with(site: AdminSite, request: HttpRequest, video: Video) -> bool:
    """Tell whether this user may remix a video that at least one model takes."""
    if not can_start_draft(site, request):
        return False
    try:
        endpoints = choosable(EndpointFact.objects.retired(), today())
    except SoraRemixError:
        return False
    return any(not fitting_refusal(endpoint.source, video) for endpoint in endpoints)
