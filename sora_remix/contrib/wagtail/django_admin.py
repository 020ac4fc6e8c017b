"""The Django admin that the pages in Wagtail lead to, and what a user may do there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse

from ...admin.files.upload_views import may_remix
from ...admin.links import Links
from ...admin.visibility import (
    filter_viewable,
    find_model_admin,
    get_row_or_none,
    get_rows,
    get_visible_rows,
    sees_model,
)
from ...models import Remix, Video

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin

    from ...models.video import VideoQuerySet


Row = TypeVar("Row", bound=Model)


class NoLinks(Links):
    """Link to nothing, for users who may not enter the Django admin."""

    def page_url(self, name: str, *args: Any, **query: int | str) -> str:
        return ""


class DjangoAdmin:
    """The Django admin of a request: its rows, its links, and permissions in it.

    Its ModelAdmins decide about rows here too. Only its pages need staff status.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        found = _find_site()
        self._site = found or admin.site
        self._is_open = found is not None and found.has_permission(request)

    @cached_property
    def links(self) -> Links:
        """Return the links to its pages, all empty for users who may not enter it."""
        return (Links if self._is_open else NoLinks)(self._site)

    @property
    def video_admin(self) -> ModelAdmin[Video] | None:
        """Return the ModelAdmin of videos, if the site has one."""
        return find_model_admin(self._site, Video)

    @property
    def sees_videos(self) -> bool:
        """Tell whether this user may view videos, approved or not."""
        return sees_model(self._site, self._request, Video)

    @property
    def may_add(self) -> bool:
        """Tell whether this user may upload videos."""
        video_admin = self.video_admin
        return video_admin is not None and video_admin.has_add_permission(self._request)

    @cached_property
    def may_remix(self) -> bool:
        """Tell whether this user may open the page to confirm remixes of videos."""
        video_admin = self.video_admin
        return self._is_open and video_admin is not None and may_remix(video_admin, self._request)

    def choosable_videos(self) -> VideoQuerySet:
        """Return the videos that pages may show: approved, with a file."""
        found = cast("VideoQuerySet", get_rows(self._site, self._request, Video))
        return found.approved().exclude(file="")

    def visible_videos(self) -> QuerySet[Video]:
        """Return the videos that this user may view."""
        return get_visible_rows(self._site, self._request, Video)

    def find_video(self, pk: int) -> Video | None:
        """Return the video with this primary key, if this user may view it."""
        return get_row_or_none(self._site, self._request, Video, pk)

    def visible_remixes(self) -> QuerySet[Remix]:
        """Return the remixes that this user may view."""
        return get_visible_rows(self._site, self._request, Remix)

    def keep_viewable(self, rows: QuerySet[Row]) -> list[Row]:
        """Return those of these rows that this user may view by object permissions."""
        model_admin = find_model_admin(self._site, rows.model)
        return filter_viewable(model_admin, self._request, rows) if model_admin else []


class DjangoAdminMixin:
    """Know the Django admin of a view's request."""

    request: HttpRequest

    @cached_property
    def django_admin(self) -> DjangoAdmin:
        return DjangoAdmin(self.request)


def _find_site() -> AdminSite | None:
    """Return the site that `admin:` URLs lead to; None if the project has none."""
    try:
        path = reverse("admin:index").removeprefix(get_script_prefix())
        index = resolve(f"/{path}").func
    except (NoReverseMatch, Resolver404):
        return None
    return cast("AdminSite | None", getattr(index, "admin_site", None))
