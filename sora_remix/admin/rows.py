"""The rows that a person may see on an admin site: its ModelAdmins decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.admin.exceptions import NotRegistered
from django.db.models import Model, QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin

Row = TypeVar("Row", bound=Model)


def admin_of(site: AdminSite, model: type[Row]) -> ModelAdmin[Row] | None:
    """Return the ModelAdmin of a model on a site; None where it is not registered."""
    try:
        found: ModelAdmin[Any] = site.get_model_admin(model)
    except NotRegistered:
        return None
    return found


def rows(site: AdminSite, request: HttpRequest, model: type[Row]) -> QuerySet[Row]:
    """Return the rows that the ModelAdmin of a site has for this person; none without one."""
    if model_admin := admin_of(site, model):
        return model_admin.get_queryset(request)
    return model._default_manager.none()
