"""Lead on to the files of a video: pages are open for longer than a storage signs its URLs for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from ..visibility import get_video_or_404

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    from ...models import Video


PARTS = ("file", "thumbnail")


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the address that leads on to files."""
    view = model_admin.admin_site.admin_view(partial(lead_on, model_admin=model_admin))
    return [path("<sora_remix_key:pk>/file/<str:part>/", view, name="sora_remix_video_file")]


@require_safe
@cache_control(private=True, no_store=True)
def lead_on(
    request: HttpRequest, pk: int, part: str, *, model_admin: ModelAdmin[Video]
) -> HttpResponse:
    """Redirect who may see the video, or a remix it is shown with, to where a file is now."""
    video = get_video_or_404(model_admin.admin_site, request, pk)
    if part not in PARTS or not getattr(video, part):
        raise Http404
    return HttpResponseRedirect(getattr(video, part).url)
