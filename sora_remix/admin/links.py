"""Links between pages of the admin, each within the site that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ..models import Remix, RemixBatch, Video

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite


class Links:
    """Return the URLs of pages on one admin site, empty where the site has no such page.

    It has none of a model that is not registered there; then a link is its text alone.
    """

    def __init__(self, site: AdminSite) -> None:
        self._site = site.name

    def page_url(self, name: str, *args: Any, **query: int | str) -> str:
        """Return the URL of a page by the name that it has in every admin site."""
        try:
            url = reverse(f"admin:{name}", args=args, current_app=self._site)
        except NoReverseMatch:
            return ""
        return f"{url}?{urlencode(query)}" if query else url

    def change_url(self, row: Model) -> str:
        """Return the URL of a row's change page."""
        return self.page_url(f"{_name(row)}_change", quote(row.pk))

    def changelist_url(self, model: type[Model], **lookups: int | str) -> str:
        """Return the URL of a filtered changelist."""
        return self.page_url(f"{_name(model)}_changelist", **lookups)

    def add_url(self, model: type[Model]) -> str:
        """Return the URL of the page that adds a row."""
        return self.page_url(f"{_name(model)}_add")

    def confirm_url(self, batch: RemixBatch) -> str:
        """Return the URL of the page on which a draft is confirmed."""
        return self.page_url("sora_remix_remixbatch_confirm", batch.pk)

    def start_url(self) -> str:
        """Return the URL that starts a draft with one video."""
        return self.page_url("sora_remix_video_remix")

    def layout_url(self) -> str:
        """Return the URL that changes how the list of videos is shown."""
        return self.page_url("sora_remix_video_layout")

    def upload_url(self) -> str:
        """Return the URL that uploads of videos are sent to."""
        return self.page_url("sora_remix_video_upload")

    def title_url(self, video: Video) -> str:
        """Return the URL that gives a video another title."""
        return self.page_url("sora_remix_video_title", video.pk)

    def cells_url(self, batch: RemixBatch) -> str:
        """Return the URL that acts on selected cells of a batch's grid."""
        return self.page_url("sora_remix_remixbatch_cells", batch.pk)

    def remix_url(self, name: str, remix: Remix | None = None) -> str:
        """Return the URL of an action on one remix, or on a selection."""
        return self.page_url(f"sora_remix_remix_{name}", *((remix.pk,) if remix else ()))

    def notices_url(self, model: type[Model], **query: int | str) -> str:
        """Return the URL at which the pages of a model ask for their notices."""
        return self.page_url(f"{_name(model)}_notices", **query)

    def compare_url(self, left: Video, right: Video) -> str:
        """Return the URL of the page that compares two videos."""
        return self.page_url("sora_remix_video_compare", left=left.pk, right=right.pk)

    def review_url(self, **values: int) -> str:
        """Return the URL of the review page for a video, after one, or for a batch."""
        return self.page_url("sora_remix_video_review", **values)

    def tree_url(self, video: Video) -> str:
        """Return the URL of the tree that a video belongs to."""
        return self.page_url("sora_remix_video_tree", video.pk)

    def file_url(self, video: Video, part: str) -> str:
        """Return the URL of a file of a video; unlike the storage's, it does not expire."""
        return self.page_url("sora_remix_video_file", video.pk, part)

    def captions_url(self, video: Video) -> str:
        """Return the URL of the captions of a video."""
        return self.page_url("sora_remix_video_captions", video.pk)

    def change_link(self, row: Model, text: str) -> SafeString:
        """Link to a row's change page."""
        return linked(self.change_url(row), text)

    def changelist_link(self, text: str, model: type[Model], **lookups: int | str) -> SafeString:
        """Link to a filtered changelist."""
        return linked(self.changelist_url(model, **lookups), text)

    def tree_link(self, video: Video) -> SafeString | str:
        """Link to the tree of a video, named for screen readers."""
        if not (url := self.tree_url(video)):
            return ""
        name = format_html('<span class="visually-hidden">: {}</span>', video.title)
        return linked(url, format_html("{}{}", gettext("Tree"), name))

    def redirect(self, *urls: str) -> HttpResponseRedirect:
        """Redirect to the first of these pages that the site has, or to its index."""
        return HttpResponseRedirect(next(filter(None, (*urls, self.page_url("index")))))


def linked(url: str, text: str) -> SafeString:
    """Link a text to a page, if there is one."""
    return format_html('<a href="{}">{}</a>', url, text) if url else format_html("{}", text)


def _name(model: Model | type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"
