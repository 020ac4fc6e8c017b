"""Lead on to the files of a video: pages are open for longer than a storage signs its URLs for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from ..models import Video
from .permissions import VIEW, may

if TYPE_CHECKING:
    from .videos import VideoAdmin

PARTS = ("file", "thumbnail", "spritesheet")


def urls(model_admin: VideoAdmin) -> list[URLPattern]:
    """Return the address that leads on to files."""
    view = model_admin.admin_site.admin_view(partial(lead_on, model_admin=model_admin))
    return [path("<int:pk>/file/<str:part>/", view, name="sora_remix_video_file")]


@require_safe
@cache_control(private=True, no_store=True)
def lead_on(request: HttpRequest, pk: int, part: str, *, model_admin: VideoAdmin) -> HttpResponse:
    """Redirect who may see videos, or the remixes they are shown with, to where a file is now."""
    if not (model_admin.has_view_permission(request) or may(request, VIEW)):
        raise PermissionDenied
    if part not in PARTS:
        raise Http404
    video = get_object_or_404(Video.objects.only(part).exclude(**{part: ""}), pk=pk)
    return HttpResponseRedirect(getattr(video, part).url)
