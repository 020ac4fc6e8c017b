"""Files and captions of videos, for the pages that show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from ... import captions
from ..pages import page_path
from ..visibility import get_video_or_404

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    from ...models import Video


PARTS = ("file", "thumbnail")


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the URLs of files and captions."""
    return [
        page_path(model_admin, "<sora_remix_key:pk>/file/<str:part>/", redirect_to_file, "file"),
        page_path(model_admin, "<sora_remix_key:pk>/captions/", serve_captions, "captions"),
    ]


@require_safe
@cache_control(private=True, no_store=True)
def redirect_to_file(
    request: HttpRequest, pk: int, part: str, *, model_admin: ModelAdmin[Video]
) -> HttpResponse:
    """Redirect to the present URL of a file: pages are open for longer than a storage signs URLs.

    It is open to users who may view the video, or a remix that shows it.
    """
    video = get_video_or_404(model_admin.admin_site, request, pk)
    if part not in PARTS or not getattr(video, part):
        raise Http404
    return HttpResponseRedirect(getattr(video, part).url)


@require_safe
@cache_control(private=True, no_store=True)
def serve_captions(
    request: HttpRequest, pk: int, *, model_admin: ModelAdmin[Video]
) -> HttpResponse:
    """Send the captions of a video to users who may view it, or a remix that shows it."""
    video = get_video_or_404(model_admin.admin_site, request, pk)
    if not video.captions:
        raise Http404
    return captions.response_with(video.captions)
