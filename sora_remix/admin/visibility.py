"""The rows that a user may view on an admin site, as its ModelAdmins decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from ..models import Remix, Video
from .permissions import can_view

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin

Row = TypeVar("Row", bound=Model)


def find_model_admin(site: AdminSite, model: type[Row]) -> ModelAdmin[Row] | None:
    """Return the ModelAdmin of a model on a site; None where it is not registered."""
    return site.get_model_admin(model) if site.is_registered(model) else None


def get_rows(site: AdminSite, request: HttpRequest, model: type[Row]) -> QuerySet[Row]:
    """Return the queryset of the site's ModelAdmin; an empty one where the site has none."""
    if model_admin := find_model_admin(site, model):
        return model_admin.get_queryset(request)
    return model._default_manager.none()


def get_visible_rows(site: AdminSite, request: HttpRequest, model: type[Row]) -> QuerySet[Row]:
    """Return the same to users who may view the model, and nothing to all others."""
    found = get_rows(site, request, model)
    return found if can_view(find_model_admin(site, model), request) else found.none()


def sees_model(site: AdminSite, request: HttpRequest, model: type[Model]) -> bool:
    """Tell whether this user may view the pages of a model on this site."""
    return can_view(find_model_admin(site, model), request)


def filter_viewable(
    model_admin: ModelAdmin[Row], request: HttpRequest, found: Iterable[Row]
) -> list[Row]:
    """Keep the rows that this user may view by the object permissions of a ModelAdmin."""
    return [row for row in found if model_admin.has_view_permission(request, row)]


def find_viewable_rows(site: AdminSite, request: HttpRequest, chosen: QuerySet[Row]) -> list[Row]:
    """Return those of the chosen rows that this user may view on this site."""
    if not (model_admin := find_model_admin(site, chosen.model)):
        return []
    seen = get_visible_rows(site, request, chosen.model).filter(
        pk__in=chosen.order_by().values("pk")
    )
    pks = set(seen.order_by().values_list("pk", flat=True))
    return filter_viewable(model_admin, request, (row for row in chosen if row.pk in pks))


def get_row_or_none(site: AdminSite, request: HttpRequest, model: type[Row], pk: int) -> Row | None:
    """Return the row with this primary key, if this user may view it on this site."""
    row = get_visible_rows(site, request, model).filter(pk=pk).first()
    model_admin = find_model_admin(site, model)
    return row if row and model_admin and model_admin.has_view_permission(request, row) else None


def get_row_or_404(
    model_admin: ModelAdmin[Row], request: HttpRequest, pk: int, *related: str
) -> Row:
    """Return a row that this user may view; raise `Http404` or `PermissionDenied`."""
    found = model_admin.get_queryset(request)
    row = get_object_or_404(found.select_related(*related) if related else found, pk=pk)
    if not model_admin.has_view_permission(request, row):
        raise PermissionDenied
    return row


def find_known_results(site: AdminSite, request: HttpRequest, videos: Iterable[Video]) -> set[int]:
    """Return the primary keys of those videos that result from a remix this user may view."""
    if not (remix_admin := find_model_admin(site, Remix)):
        return set()
    found = get_visible_rows(site, request, Remix).filter(result__in=[video.pk for video in videos])
    seen = filter_viewable(
        remix_admin, request, found.prefetch_related(None).select_related("source")
    )
    return {remix.result_id for remix in seen if remix.result_id}


def get_video_or_404(site: AdminSite, request: HttpRequest, pk: int) -> Video:
    """Return a video if this user may view it, or a remix of which it is source or result.

    Raise `PermissionDenied` for users who may view neither videos nor remixes, else `Http404`.
    """
    if not any(can_view(find_model_admin(site, model), request) for model in (Video, Remix)):
        raise PermissionDenied
    if video := get_row_or_none(site, request, Video, pk):
        return video
    remixes = get_visible_rows(site, request, Remix).filter(Q(source=pk) | Q(result=pk))
    remix_admin = find_model_admin(site, Remix)
    for remix in remixes.prefetch_related(None).select_related("source", "result").iterator():
        if remix_admin and remix_admin.has_view_permission(request, remix):
            return remix.source if remix.source_id == pk else remix.result  # type: ignore[return-value]
    raise Http404("There is no such video.")
