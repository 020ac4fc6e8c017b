"""The site's own admin of its clips; tests register it on a site of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from sora_remix.admin import RemixActionMixin, VideoChooserMixin
from tests.clips.models import Article, Clip

if TYPE_CHECKING:
    ClipModelAdmin = admin.ModelAdmin[Clip]
    ArticleModelAdmin = admin.ModelAdmin[Article]
else:
    ClipModelAdmin = ArticleModelAdmin = admin.ModelAdmin


class ClipAdmin(RemixActionMixin, ClipModelAdmin):
    """As in the docs."""

    remix_file_field = "clip"
    remix_title_field = "name"
    list_display = ("name",)


class ArticleAdmin(VideoChooserMixin, ArticleModelAdmin):
    """As in the docs."""
