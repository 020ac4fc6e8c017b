"""The pages of a video in Wagtail: its player and remixes, and where it is used."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.forms import Media
from django.http import Http404
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.views.generic import UsageView
from wagtail.admin.views.generic.base import BaseObjectMixin, WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton
from wagtail.models import ReferenceIndex

from ...admin.checkout.endpoints import why_not_remixable
from ...admin.formatting import html, text
from ...models import Remix, Video
from ...players import why_hidden
from .cards import PictureCard
from .listing import VIDEO_PAGE, ViewableMixin
from .widgets import STYLESHEET

LIST = "sora_remix_videos:index"
USAGE = "sora_remix_videos:usage"
MOST_REMIXES = 50
"""Remixes that the page of a video shows; the Django admin shows all."""


class VideoMixin(ViewableMixin, BaseObjectMixin):
    """Find a video that this user may view."""

    model = Video

    def get_object(self) -> Video:
        if video := self.django_admin.find_video(int(self.pk)):
            return video
        raise Http404


class VideoView(VideoMixin, WagtailAdminTemplateMixin, TemplateView):
    """Show a video, the state of the remixes made from it, and where it is used."""

    object: Video
    template_name = "sora_remix_wagtail/video.html"
    header_icon = "media"

    def get_page_title(self) -> str:
        return self.object.title

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        videos = capfirst(str(Video._meta.verbose_name_plural))
        return [
            *self.breadcrumbs_items,
            {"url": reverse(LIST), "label": videos},
            {"url": "", "label": self.object.title},
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Lead to the video's page in the Django admin."""
        url = self.django_admin.links.change_url(self.object)
        label = gettext("Open in the Django admin")
        return [HeaderButton(label, url=url, icon_name="edit")] if url else []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        video, links = self.object, self.django_admin.links
        why_not = why_not_remixable(video)
        return {
            **super().get_context_data(**kwargs),
            "media": Media(css={"all": [STYLESHEET]}),
            "video": video,
            "player": html.player(video, links),
            "length": text.seconds(video.duration),
            "warning": why_hidden(video),
            "source": self._source(),
            "why_not": why_not,
            "start_url": links.start_url() if self.django_admin.may_remix and not why_not else "",
            "remixes": self._remixes(),
            "uses": ReferenceIndex.get_grouped_references_to(video).count(),
            "usage_url": reverse(USAGE, args=[video.pk]),
        }

    def _source(self) -> PictureCard | None:
        """Return the video that this one was made from, if this user may view it."""
        remix = Remix.objects.filter(result=self.object).first()
        source = self.django_admin.find_video(remix.source_id) if remix else None
        return _card(source) if source else None

    def _remixes(self) -> list[dict[str, Any]]:
        made = self.django_admin.visible_remixes().filter(source=self.object)
        shown = self.django_admin.keep_viewable(made.order_by("-pk")[:MOST_REMIXES])
        results = self.django_admin.visible_videos().filter(remix__in=shown)
        cards = {video.pk: _card(video) for video in self.django_admin.keep_viewable(results)}
        return [self._row(remix, cards.get(remix.result_id or 0)) for remix in shown]

    def _row(self, remix: Remix, result: PictureCard | None) -> dict[str, Any]:
        return {
            "prompt": text.shortened(remix.prompt),
            "status": remix.get_status_display(),
            "created_at": remix.created_at,
            "url": self.django_admin.links.change_url(remix),
            "result": result,
        }


class VideoUsageView(VideoMixin, UsageView):
    """List where a video is used, for everybody who may view it."""

    permission_required = None
    index_url_name = LIST
    edit_url_name = VIDEO_PAGE
    usage_url_name = USAGE
    page_title = _("Usage")

    header_buttons = ()


def _card(video: Video) -> PictureCard:
    return PictureCard(video, reverse(VIDEO_PAGE, args=[video.pk]))
