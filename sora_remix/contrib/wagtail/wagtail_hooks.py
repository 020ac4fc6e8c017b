"""Registers everything with Wagtail, which imports this module."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest
from wagtail import hooks
from wagtail.admin.admin_url_finder import register_admin_url_finder
from wagtail.admin.compare import register_comparison_class

from ...models import Video
from .chooser import VideoChooserViewSet, video_chooser
from .comparison import VideoFieldComparison
from .summary import VideosSummaryItem
from .viewsets import VideoURLFinder, VideoViewSet, video_pages

OFFERED_PERMISSIONS = (
    "view_video",
    "add_video",
    "change_video",
    "delete_video",
    "remix_video",
    "approve_video",
    "view_remix",
    "cancel_remix",
    "retry_remix",
    "decide_unconfirmed",
    "view_exchange",
    "view_costs",
    "confirm_any_draft",
    "change_remixbatch",
    "view_promptpreset",
    "add_promptpreset",
    "change_promptpreset",
    "delete_promptpreset",
    "exceed_budget",
    "view_budget",
    "add_budget",
    "change_budget",
    "delete_budget",
)
"""Those that open a page or an action."""

register_admin_url_finder(Video, VideoURLFinder)
register_comparison_class(ForeignKey, to=Video, comparison_class=VideoFieldComparison)


@hooks.register("register_admin_viewset")
def register_viewsets() -> list[VideoChooserViewSet | VideoViewSet]:
    return [video_chooser, video_pages]


@hooks.register("register_permissions")
def offer_permissions() -> QuerySet[Permission]:
    """Offer the app's permissions in the form of a group."""
    own = Permission.objects.filter(content_type__app_label="sora_remix")
    return own.filter(codename__in=OFFERED_PERMISSIONS)


@hooks.register("construct_homepage_summary_items")
def add_summary_item(request: HttpRequest, items: list[Any]) -> None:
    items.append(VideosSummaryItem(request))
