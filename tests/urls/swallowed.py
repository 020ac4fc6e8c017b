"""A CMS matches every path before the app does."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer for whatever path."""
    return HttpResponse(slug)


urlpatterns = [
    path("<path:slug>", page, name="page-of-the-cms"),
    path("sora_remix/", include("sora_remix.urls")),
]
