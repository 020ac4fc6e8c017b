"""A StreamField block for a video."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import Model
from wagtail.blocks import ChooserBlock

from ...models import Video
from .representation import represent


class VideoChooserBlock(ChooserBlock):
    """Choose an approved video. Pages show its player for as long as it is approved."""

    class Meta:
        icon = "media"
        template = "sora_remix_wagtail/video_block.html"
        preview_template = "sora_remix_wagtail/video_block_preview.html"

    @property
    def target_model(self) -> type[Model]:
        return Video

    @cached_property
    def widget(self) -> Any:
        from .chooser import video_chooser  # needs the Django admin, which is ready later

        return video_chooser.widget_class()

    def get_comparison_class(self) -> type:
        from .comparison import VideoBlockComparison

        return VideoBlockComparison

    def get_preview_value(self) -> Video | None:
        """Show the newest video that a page may show."""
        return Video.objects.approved().exclude(file="").first()

    def get_api_representation(
        self, value: Video | None, context: dict[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Return what a client needs for a player; None if the site may not show the video."""
        return represent(value, (context or {}).get("request"))
