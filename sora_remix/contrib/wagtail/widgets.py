"""The field that shows the chosen video."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from wagtail.admin.widgets import BaseChooser, BaseChooserAdapter

from ...models import Video
from ...players import why_hidden

SCRIPT = "sora_remix_wagtail/video-chooser.js"
STYLESHEET = "sora_remix_wagtail/videos.css"


def shown_choice(video: Video) -> dict[str, str]:
    """Return the URL of a picture, and a warning if pages don't show the video."""
    return {
        "picture": video.thumbnail.url if video.thumbnail else "",
        "warning": why_hidden(video),
    }


class VideoChooserWidget(BaseChooser):
    """Show the picture of the chosen video, and whether visitors see it."""

    template_name = "sora_remix_wagtail/chooser_widget.html"
    classname = "sora-remix-chooser"
    js_constructor = "SoraRemixVideoChooser"

    def get_value_data_from_instance(self, instance: Video) -> dict[str, Any]:
        return {**super().get_value_data_from_instance(instance), **shown_choice(instance)}

    def get_context(self, name: str, value_data: dict[str, Any], attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value_data, attrs)
        return {
            **context,
            "picture": value_data.get("picture", ""),
            "warning": value_data.get("warning", ""),
        }

    @cached_property
    def media(self) -> forms.Media:
        # The script extends both classes of Wagtail's.
        wagtails: forms.Media = super().media + BaseChooserAdapter().media
        return wagtails + forms.Media(js=[SCRIPT], css={"all": [STYLESHEET]})


class VideoChooserAdapter(BaseChooserAdapter):
    """Names the class of the script for fields that are added while the page is open."""

    js_constructor = "sora_remix.contrib.wagtail.VideoChooser"

    @cached_property
    def media(self) -> forms.Media:
        return VideoChooserWidget().media
