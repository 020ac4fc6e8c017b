"""Cards or rows: changing what one person sees in the list of videos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern
from django.views.decorators.http import require_http_methods

from ...models import GalleryLayout, Preference, Video
from ..links import Links
from ..pages import page_path
from ..permissions import require_perms

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the URL of the switch between cards and rows."""
    return [page_path(model_admin, "layout/", choose_layout, "layout")]


@require_http_methods(["GET", "HEAD", "POST"])
def choose_layout(request: HttpRequest, *, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Remember the `layout` that was sent and go back to the list with its `query`.

    A GET, as after a login in between, only leads to the list.
    """
    require_perms(model_admin, request)
    if request.method == "POST":
        if (layout := request.POST.get("layout")) not in GalleryLayout.values:
            raise BadRequest("`layout` must be “cards” or “rows”.")
        Preference.objects.set_gallery_layout(request.user, GalleryLayout(layout))
    url = Links(model_admin.admin_site).changelist_url(model_admin.model)
    # Only the query is taken from the request, so that it can't lead to another page.
    query = QueryDict(request.POST.get("query", "")).urlencode()
    return HttpResponseRedirect(f"{url}?{query}" if query else url)
