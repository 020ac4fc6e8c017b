"""Pages with videos."""

from __future__ import annotations

from django.db import models
from wagtail.admin.panels import FieldPanel
from wagtail.api import APIField
from wagtail.blocks import CharBlock
from wagtail.fields import StreamField
from wagtail.models import Page

from sora_remix.contrib.wagtail.blocks import VideoChooserBlock
from sora_remix.models import Video


class StoryPage(Page):
    """A story with a video at the top, and others in its body."""

    video = models.ForeignKey(
        Video, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    body = StreamField([("heading", CharBlock()), ("video", VideoChooserBlock())], blank=True)

    template = "wagtail_site/story_page.html"
    content_panels = [*Page.content_panels, FieldPanel("video"), FieldPanel("body")]
    api_fields = [APIField("body")]
