"""The number of videos on the home page of Wagtail's admin."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from wagtail.admin.site_summary import SummaryItem

from .django_admin import DjangoAdmin
from .video_pages import LIST


class VideosSummaryItem(SummaryItem):
    """Count the videos that this user may view."""

    order = 250
    template_name = "sora_remix_wagtail/summary_item.html"

    def is_shown(self) -> bool:
        return DjangoAdmin(self.request).sees_videos

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        videos = DjangoAdmin(self.request).visible_videos()
        return {"many": videos.order_by().count(), "list_url": reverse(LIST)}
