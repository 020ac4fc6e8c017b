"""The list of videos in Wagtail."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Media
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.views.generic import IndexView
from wagtail.admin.widgets.button import HeaderButton

from ...admin.checkout.endpoints import note_retired_endpoints, why_not_remixable
from ...admin.files.upload_views import REMIX_ACTION
from ...admin.filters import ApprovalFilter, ConditionFilter, OriginFilter
from ...models import Video
from .cards import ListCard
from .django_admin import DjangoAdminMixin
from .remix_states import describe_states
from .widgets import STYLESHEET

MEDIA = Media(css={"all": [STYLESHEET]}, js=["sora_remix_wagtail/selection.js"])
VIDEO_PAGE = "sora_remix_videos:video"
IMPORT = "sora_remix_videos:import"
"""The page that exists only where wagtailmedia is installed."""


class ViewableMixin(DjangoAdminMixin):
    """Open a page only to users who may view videos."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        if not self.django_admin.sees_videos:
            raise PermissionDenied
        super().setup(request, *args, **kwargs)  # type: ignore[misc]


class SameConditions(ChoiceFilter):
    """Offer the conditions of a filter in the Django admin."""

    def __init__(self, source: type[ConditionFilter], **options: Any) -> None:
        self.conditions = source.conditions
        choices = [(value, label) for value, (label, _condition) in self.conditions.items()]
        super().__init__(choices=choices, empty_label=_("All"), widget=forms.RadioSelect, **options)

    def filter(self, qs: QuerySet[Video], value: str) -> QuerySet[Video]:
        return qs.filter(self.conditions[value][1]) if value else qs


class VideoFilterSet(WagtailFilterSet):
    """Filter videos as their list in the Django admin does."""

    approval = SameConditions(ApprovalFilter, label=_("Approval"))
    origin = SameConditions(OriginFilter, label=_("Origin"))

    class Meta:
        model = Video
        fields = ()


class VideoListView(ViewableMixin, IndexView):
    """Show videos as cards; what costs money is confirmed in the Django admin."""

    model = Video
    list_display = ("title",)
    filterset_class = VideoFilterSet
    search_fields = ("title", "sora_id")
    paginate_by = 48
    results_template_name = "sora_remix_wagtail/video_list_results.html"

    def get_base_queryset(self) -> QuerySet[Video]:
        return self.django_admin.visible_videos()

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Lead to the pages that upload and import many videos."""
        if not self.django_admin.may_add:
            return []
        found = [
            (gettext("Upload videos"), self.django_admin.links.upload_url(), "upload"),
            (gettext("Import from Media"), _import_url(), "download"),
        ]
        return [HeaderButton(label, url=url, icon_name=icon) for label, url, icon in found if url]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["media"] += MEDIA
        return {**context, "cards": self._cards(context["object_list"]), **self._remixing()}

    def _cards(self, videos: Sequence[Video]) -> list[ListCard]:
        note_retired_endpoints(videos)
        states = describe_states(self.django_admin.visible_remixes(), videos)
        return [
            ListCard(
                video,
                url=reverse(VIDEO_PAGE, args=[video.pk]),
                remixes=states.get(video.pk, ""),
                why_not=why_not_remixable(video),
            )
            for video in videos
        ]

    def _remixing(self) -> dict[str, Any]:
        """Return what the form needs that sends a selection to the Django admin."""
        links = self.django_admin.links
        return {
            "may_remix": self.django_admin.may_remix,
            "list_url": links.changelist_url(Video),
            "start_url": links.start_url(),
            "action": REMIX_ACTION,
            "box_name": ACTION_CHECKBOX_NAME,
        }


def _import_url() -> str:
    try:
        return reverse(IMPORT)
    except NoReverseMatch:
        return ""
