"""What to do next on a page that has nothing to show, or lacks a button for want of a permission.

Each is one sentence with at most one link, and takes no query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ..models import Budget, PromptPreset, Remix, RemixBatch, Video
from .links import Links
from .permissions import REMIX, can_start_draft, can_view
from .visibility import find_model_admin

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin


@dataclass(frozen=True)
class Guidance:
    """A sentence, and where to go."""

    text: str
    url: str = ""
    link: str = ""
    is_hint: bool = False
    """It stands beside other content, not in its place."""


def guide_list(request: HttpRequest, shown: ChangeList) -> Guidance | None:
    """Say how to fill an empty list, or to see more than its filters leave."""
    model_admin = shown.model_admin
    if shown.result_count:
        is_of_videos = issubclass(shown.model, Video)
        return guide_permission(request, model_admin.admin_site) if is_of_videos else None
    if shown.query or shown.get_filters_params():
        kept = shown.get_query_string(remove=[*shown.get_filters_params(), SEARCH_VAR])
        url = request.path + (kept if kept != "?" else "")
        text = _("Nothing matches your search and filters.")
        return Guidance(text, url, _("Clear search and filters"))
    if shown.is_popup:
        return None
    guide = next((EMPTY[model] for model in EMPTY if issubclass(shown.model, model)), None)
    return guide(request, model_admin) if guide else None


def guide_permission(request: HttpRequest, site: AdminSite) -> Guidance | None:
    """Say why nothing can be remixed by a user who lacks the permission."""
    if can_start_draft(site, request) or not site.is_registered(RemixBatch):
        return None
    return Guidance(_("Ask an administrator for permission to remix videos."), is_hint=True)


def guide_batch(request: HttpRequest, site: AdminSite, batch: Any) -> Guidance | None:
    """Say what to do about a batch without any remix that this user may view."""
    if not batch.confirmed_at:
        return _guide_draft(request, site, batch)
    if getattr(batch, "_remixes", 0):
        text = _("Ask an administrator for access to the remixes of this batch.")
    elif _may_remix(request, site):
        text = _("This batch has no remixes: choose videos to start another one.")
        return Guidance(text, Links(site).changelist_url(Video), _("Choose videos"))
    else:
        text = _("This batch has no remixes.")
    return Guidance(text, Links(site).changelist_url(RemixBatch), _("Back to the batches"))


def guide_review(links: Links, list_url: str, *, is_filtered: bool) -> Guidance:
    """Say that no video is waiting for a decision."""
    if is_filtered:
        text = _("No video of this selection is waiting for a decision.")
        return Guidance(text, links.review_url(), _("Review all"))
    text = _("No video is waiting for a decision.")
    return Guidance(text, list_url, _("Back to the videos"))


def guide_tree(
    request: HttpRequest, site: AdminSite, video: Video, *, is_remixable: bool
) -> Guidance | None:
    """Say how a video that stands alone in its tree gets company."""
    url = Links(site).change_url(video)
    if is_remixable:
        return Guidance(_("Remix this video to start its tree."), url, _("Open the video"))
    if not can_start_draft(site, request):
        return guide_permission(request, site)
    text = _("Nothing has been made from this video, and no model accepts it.")
    return Guidance(text, url, _("Show why"))


def guide_comparison(request: HttpRequest, site: AdminSite, video: Video) -> Guidance:
    """Say how to get something to compare a video with."""
    if can_start_draft(site, request):
        text = _(
            "No other video with a file comes from the same source: remix this one to compare it "
            "with the result."
        )
    else:
        text = _("No other video with a file comes from the same source.")
    return Guidance(text, Links(site).change_url(video), _("Open the video"))


def guide_selection(site: AdminSite) -> Guidance:
    """Say where to find videos that a model accepts."""
    text = _("Choose videos that at least one model accepts.")
    return Guidance(text, Links(site).changelist_url(Video, remixable="yes"), _("Show them"))


def _guide_draft(request: HttpRequest, site: AdminSite, batch: RemixBatch) -> Guidance | None:
    if not _may_remix(request, site):
        return guide_permission(request, site)
    text = _("Nothing has been sent yet: check this draft and confirm it.")
    return Guidance(text, Links(site).confirm_url(batch), _("Check and confirm"))


def _guide_videos(request: HttpRequest, model_admin: ModelAdmin[Any]) -> Guidance:
    if not model_admin.has_add_permission(request):
        return Guidance(_("Ask an administrator to add the first video."))
    url = Links(model_admin.admin_site).add_url(model_admin.model)
    return Guidance(_("Add your first video to remix it."), url, _("Add a video"))


def _guide_remixes(request: HttpRequest, model_admin: ModelAdmin[Any]) -> Guidance:
    site = model_admin.admin_site
    if not _may_remix(request, site):
        return Guidance(_("Ask an administrator for permission to request the first remix."))
    text = _("Choose videos to request your first remix.")
    return Guidance(text, Links(site).changelist_url(Video), _("Show the videos"))


def _guide_batches(request: HttpRequest, model_admin: ModelAdmin[Any]) -> Guidance:
    site = model_admin.admin_site
    if not _may_remix(request, site):
        return Guidance(_("Ask an administrator for permission to start the first batch."))
    text = _("Choose videos to start your first batch.")
    return Guidance(text, Links(site).changelist_url(Video), _("Show the videos"))


def _guide_presets(request: HttpRequest, model_admin: ModelAdmin[Any]) -> Guidance:
    if not model_admin.has_add_permission(request):
        return Guidance(_("Ask an administrator to share a preset with you."))
    url = Links(model_admin.admin_site).add_url(model_admin.model)
    return Guidance(_("Save a prompt that you often use as a preset."), url, _("Add a preset"))


def _guide_budgets(request: HttpRequest, model_admin: ModelAdmin[Any]) -> Guidance:
    if not model_admin.has_add_permission(request):
        return Guidance(_("No budget limits what remixes may cost."))
    url = Links(model_admin.admin_site).add_url(model_admin.model)
    return Guidance(_("No budget limits what remixes may cost."), url, _("Add a budget"))


def _may_remix(request: HttpRequest, site: AdminSite) -> bool:
    """Tell whether this user can choose videos and start a draft with them."""
    may_choose = can_view(find_model_admin(site, Video), request, REMIX)
    return may_choose and can_start_draft(site, request)


EMPTY: dict[type[Model], Callable[[HttpRequest, ModelAdmin[Any]], Guidance]] = {
    Video: _guide_videos,
    Remix: _guide_remixes,
    RemixBatch: _guide_batches,
    PromptPreset: _guide_presets,
    Budget: _guide_budgets,
}
