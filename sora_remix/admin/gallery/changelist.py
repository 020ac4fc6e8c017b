"""The list of videos as one person sees it: its layout, its cards, and how it can be sorted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.views.main import ORDER_VAR
from django.http import HttpRequest
from django.urls import NoReverseMatch

from ...models import GalleryLayout, Preference, Video
from ..links import Links
from ..permissions import can_start_draft
from .cards import Card, card_of

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.contrib.admin.views.main import ChangeList


@dataclass(frozen=True)
class SortChoice:
    """A column by which the list can be sorted."""

    label: str
    ascending_url: str
    descending_url: str
    direction: str
    """Of the present order: “asc”, “desc”, or empty if it isn't sorted by this column first."""


class Gallery:
    """The list of videos for one request. Without its templates, a theme shows plain rows."""

    box_name = ACTION_CHECKBOX_NAME

    def __init__(
        self, model_admin: ModelAdmin[Video], request: HttpRequest, changelist: ChangeList
    ) -> None:
        self._changelist = changelist
        self._request = request
        self._links = Links(model_admin.admin_site)
        self._may_remix = can_start_draft(model_admin.admin_site, request)

    @cached_property
    def layout(self) -> GalleryLayout:
        """The layout of this list; always rows where a card would lack what rows have."""
        if not self.is_switchable:
            return GalleryLayout.ROWS
        return Preference.objects.get_gallery_layout(self._request.user)

    @property
    def is_switchable(self) -> bool:
        """Whether cards can replace the rows: not in a popup, nor where rows have fields."""
        return not (self._changelist.is_popup or self._changelist.list_editable)

    @property
    def shows_cards(self) -> bool:
        return self.layout == GalleryLayout.CARDS

    @property
    def layouts(self) -> list[tuple[str, str, bool]]:
        """Value and label of each layout, and whether it is shown."""
        return [(one.value, str(one.label), one == self.layout) for one in GalleryLayout]

    @property
    def layout_url(self) -> str:
        return self._links.layout_url()

    @property
    def query(self) -> str:
        """The query string of the list, which changing the layout keeps."""
        return self._request.GET.urlencode()

    @property
    def start_url(self) -> str:
        """The URL of the Remix buttons; empty for users who may not remix."""
        is_shown = self._may_remix and self.shows_cards
        return self._links.start_url() if is_shown else ""

    @property
    def has_boxes(self) -> bool:
        """Whether videos can be selected for an action."""
        return "action_checkbox" in self._changelist.list_display

    @property
    def cards(self) -> Iterator[Card]:
        """A card for each result."""
        for video in self._changelist.result_list:
            yield card_of(video, self._links, self._page_url(video))

    @cached_property
    def sort_choices(self) -> list[SortChoice]:
        """The columns whose headers sort the rows."""
        return list(self._sort_choices())

    @property
    def sorted_by(self) -> SortChoice | None:
        """The column that the list is sorted by first."""
        return next((one for one in self.sort_choices if one.direction), None)

    @property
    def default_order_url(self) -> str:
        """The URL of this list in its default order; empty if it is shown in that."""
        if ORDER_VAR not in self._changelist.params:
            return ""
        return self._changelist.get_query_string(remove=[ORDER_VAR])

    def _sort_choices(self) -> Iterator[SortChoice]:
        headers: Any = result_headers(self._changelist)
        for column, header in enumerate(headers):
            if header["sortable"]:
                is_first = header["sort_priority"] == 1
                yield SortChoice(
                    label=str(header["text"]),
                    ascending_url=self._sorted_url(str(column)),
                    descending_url=self._sorted_url(f"-{column}"),
                    direction=("asc" if header["ascending"] else "desc") if is_first else "",
                )

    def _sorted_url(self, order: str) -> str:
        return self._changelist.get_query_string({ORDER_VAR: order})

    def _page_url(self, video: Video) -> str:
        """Return the URL that the row of a video links to, if it does."""
        changelist = self._changelist
        if changelist.list_display_links is None:
            return ""
        try:
            url = changelist.url_for_result(video)
        except NoReverseMatch:
            return ""
        kept: Any = {"preserved_filters": changelist.preserved_filters, "opts": changelist.opts}
        return add_preserved_filters(kept, url)
