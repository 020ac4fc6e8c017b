"""The site's own admin of its clips, under any theme; tests register it on a site of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sora_remix.admin import RemixActionMixin, VideoChooserMixin
from sora_remix.admin.bases import ModelAdmin
from tests.sites.clips.models import Article, Clip

if TYPE_CHECKING:
    ClipModelAdmin = ModelAdmin[Clip]
    ArticleModelAdmin = ModelAdmin[Article]
else:
    ClipModelAdmin = ArticleModelAdmin = ModelAdmin


class ClipAdmin(RemixActionMixin, ClipModelAdmin):
    """As in the docs."""

    remix_file_field = "clip"
    remix_title_field = "name"
    list_display = ("name",)


class ArticleAdmin(VideoChooserMixin, ArticleModelAdmin):
    """As in the docs."""
