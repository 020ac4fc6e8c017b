"""The plugin that places a video on a page."""

from __future__ import annotations

from typing import Any

from cms.plugin_base import CMSPluginBase
from cms.plugin_pool import plugin_pool
from cms.toolbar.utils import get_toolbar_from_request
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...admin.chooser import VideoChooserMixin
from ...admin.visibility import sees_model
from ...models import Video
from ...players import why_hidden
from .models import VideoPlugin

OPTIONS = ("title", "autoplay", "loop", "muted", "lazy")
CACHED_SECONDS = 60
"""How long a cached page may show a video that is no longer approved."""


@plugin_pool.register_plugin
class RemixVideoPlugin(VideoChooserMixin, CMSPluginBase):
    """Shows a video to visitors for as long as it is approved. Otherwise tells editors why not."""

    model = VideoPlugin
    name = _("Video")
    render_template = "sora_remix_cms/video.html"
    readonly_fields = ("unseen_video",)

    def render(self, context: Any, instance: VideoPlugin, placeholder: str) -> Any:
        context = super().render(context, instance, placeholder)
        if get_toolbar_from_request(context["request"]).edit_mode_active:
            context["hint"] = why_hidden(instance.video)
        return context

    def get_cache_expiration(
        self, request: HttpRequest, instance: VideoPlugin, placeholder: Any
    ) -> int:
        """Let caches forget the page soon: approval is withdrawn, and signed URLs expire."""
        return CACHED_SECONDS

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Don't link to pages of videos: this window would replace their buttons, also that to pay.

        They open in the toolbar's *Administration*. The page to upload one has a window of its own.
        """
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field and isinstance(wrapper := field.widget, RelatedFieldWidgetWrapper):
            wrapper.can_view_related = wrapper.can_change_related = False
            wrapper.can_delete_related = False
        return field

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Leave out the field that would list titles, for users who may not view videos."""
        return ("video" if self._sees_videos(request) else "unseen_video", *OPTIONS)

    @admin.display(description=_("video"))
    def unseen_video(self, plugin: VideoPlugin) -> str:
        """Say why there is nothing to choose."""
        return gettext("You may not view videos, so you can't choose another one.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse a form without the field for the video."""
        return super().has_add_permission(request) and self._sees_videos(request)

    def _sees_videos(self, request: HttpRequest) -> bool:
        return sees_model(self.admin_site, request, Video)
