"""Videos on pages, as django CMS stores them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cms.models import CMSPlugin
from django.db import models
from django.utils.translation import gettext_lazy as _

from ...models import Video
from ...players import why_hidden

if TYPE_CHECKING:
    PluginManager = models.Manager["VideoPlugin"]
else:
    PluginManager = models.Manager


class WithVideos(PluginManager):
    """Reads the videos along, so that a page with many needs no query for each."""

    def get_queryset(self) -> models.QuerySet[VideoPlugin]:
        return super().get_queryset().select_related("video")


class VideoPlugin(CMSPlugin):
    """A video in a placeholder, and how it is played."""

    # A video that is deleted leaves its pages as they are. Editors see a hint in its place.
    video = models.ForeignKey(
        Video, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("video")
    )
    title = models.CharField(
        _("title"),
        max_length=200,
        blank=True,
        help_text=_("Screen readers say it. If it is empty, they say the title of the video."),
    )
    autoplay = models.BooleanField(
        _("autoplay"),
        default=False,
        help_text=_("Starts by itself, always without sound."),
    )
    loop = models.BooleanField(_("loop"), default=False)
    muted = models.BooleanField(
        _("muted"), default=False, help_text=_("Starts without sound. Visitors can turn it on.")
    )
    lazy = models.BooleanField(
        _("load late"),
        default=True,
        help_text=_("Loads nothing before the video is about to be visible."),
    )

    objects = WithVideos()

    class Meta:
        verbose_name = _("video on a page")
        verbose_name_plural = _("videos on pages")

    def __str__(self) -> str:
        """Name the video as its page does: titles that no visitor sees stay with the videos."""
        if self.title or self.video is None or why_hidden(self.video):
            return str(self.title)
        return str(self.video.title)
