"""The menu item *Videos* and the URLs of its pages."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.admin_url_finder import ModelAdminURLFinder
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from ...models import Video
from .django_admin import DjangoAdmin
from .listing import VIDEO_PAGE, VideoListView
from .video_pages import VideoUsageView, VideoView


class VideosMenuItem(MenuItem):
    """Shown to users who may view videos."""

    def is_shown(self, request: HttpRequest) -> bool:
        return DjangoAdmin(request).sees_videos


class VideoViewSet(ViewSet):
    """The list of videos, and the pages of each."""

    icon = "media"
    menu_label = _("Videos")
    menu_order = 350
    add_to_admin_menu = True
    menu_item_class = VideosMenuItem

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        names = {
            "index_url_name": self.get_url_name("index"),
            "index_results_url_name": self.get_url_name("results"),
            "header_icon": self.icon,
        }
        shared: dict[str, Any] = super().get_common_view_kwargs(**names, **kwargs)
        return shared

    def get_urlpatterns(self) -> list[URLPattern]:
        results = self.construct_view(VideoListView, results_only=True)
        return [
            path("", self.construct_view(VideoListView), name="index"),
            path("results/", results, name="results"),
            path("<sora_remix_key:pk>/", self.construct_view(VideoView), name="video"),
            path("<sora_remix_key:pk>/usage/", self.construct_view(VideoUsageView), name="usage"),
            *(self._import_urls() if apps.is_installed("wagtailmedia") else ()),
        ]

    def _import_urls(self) -> list[URLPattern]:
        from .media_import import MediaImportView

        names = {
            "index_url_name": self.get_url_name("import"),
            "index_results_url_name": self.get_url_name("import_results"),
        }
        page = self.construct_view(MediaImportView, **names)
        results = self.construct_view(MediaImportView, results_only=True, **names)
        return [
            path("import/", page, name="import"),
            path("import/results/", results, name="import_results"),
        ]


class VideoURLFinder(ModelAdminURLFinder):
    """Lead from a field with a video to its page."""

    def get_edit_url(self, instance: Video) -> str | None:
        may_view = self.user is None or any(
            self.user.has_perm(f"sora_remix.{name}_video") for name in ("view", "change")
        )
        return reverse(VIDEO_PAGE, args=[instance.pk]) if may_view else None


video_pages = VideoViewSet("sora_remix_videos", url_prefix="sora-remix/videos")
