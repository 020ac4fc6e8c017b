"""Permissions in the admin: no other module checks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ..models import RemixBatch

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin

VIEW = "view_remix"
REMIX = "remix_video"
"""Request remixes: everything that is sent to fal for money needs it."""
CANCEL = "cancel_remix"
RETRY = "retry_remix"
"""Retry finished remixes, which needs `REMIX` as well, or collect their results again."""
DECIDE = "decide_unconfirmed"
"""Settle unconfirmed remixes; sending one again needs `REMIX` as well."""
EXCHANGE = "view_exchange"
"""See requests to fal, its answers and request ids."""
COSTS = "view_costs"
"""See what remixes cost. What is about to be bought shows its price to everybody."""
ANY_DRAFT = "confirm_any_draft"
"""See, confirm and discard drafts of others; one's own draft needs only `REMIX`."""
EXCEED = "exceed_budget"
"""Request remixes that cost more than is left of a budget."""
VIEW_BUDGETS = "view_budget"
APPROVE = "approve_video"
"""Decide which videos the site may show."""
DELETE_VIDEO = "delete_video"
"""Django's own; with `APPROVE`, it allows clearing files of rejected videos."""


def has_perms(request: HttpRequest, *codenames: str) -> bool:
    """Tell whether this user has all of these permissions."""
    return request.user.has_perms([f"sora_remix.{codename}" for codename in codenames])


def is_administrator(request: HttpRequest) -> bool:
    """Tell whether to name settings and commands to this user instead of “an administrator”."""
    return bool(request.user.is_superuser)


def can_view(model_admin: ModelAdmin[Any] | None, request: HttpRequest, *codenames: str) -> bool:
    """Tell whether this user may view these rows and has all of these permissions.

    Without a ModelAdmin, the admin site shows none of these rows.
    """
    may_view = model_admin is not None and model_admin.has_view_permission(request)
    return may_view and has_perms(request, *codenames)


def require_perms(
    model_admin: ModelAdmin[Any] | None, request: HttpRequest, *codenames: str
) -> None:
    """Raise `PermissionDenied` if this user may not view these rows or lacks a permission."""
    if not can_view(model_admin, request, *codenames):
        raise PermissionDenied


def can_start_draft(site: AdminSite, request: HttpRequest) -> bool:
    """Tell whether this user may start a draft on this admin site."""
    return has_perms(request, REMIX) and site.is_registered(RemixBatch)


def exclude_drafts_of_others(
    request: HttpRequest, batches: QuerySet[RemixBatch]
) -> QuerySet[RemixBatch]:
    """Exclude drafts of others, unless this user may confirm any draft."""
    if has_perms(request, ANY_DRAFT):
        return batches
    # `__in` finds nothing for the key None of a user who is not logged in.
    return batches.filter(Q(confirmed_at__isnull=False) | Q(created_by__in=[request.user.pk]))
