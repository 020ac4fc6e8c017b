"""Who may do what in the admin; the only place that asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

VIEW = "view_remix"
REMIX = "remix_video"
"""Buy remixes: whatever is sent to fal for money needs it."""
CANCEL = "cancel_remix"
RETRY = "retry_remix"
"""Ask once more for what is over: anew, which needs `REMIX` as well, or for its result again."""
DECIDE = "decide_unconfirmed"
"""Settle what fal never answered to; sending it again needs `REMIX` as well."""
EXCHANGE = "view_exchange"
"""See what was exchanged with fal: bodies, answers, request ids."""


APPROVE = "approve_video"
"""Decide which videos the site may show."""
DELETE_VIDEO = "delete_video"
"""Django's own: with `APPROVE`, files of rejected videos may be deleted."""


def may(request: HttpRequest, *codenames: str) -> bool:
    """Tell whether this user has all of these permissions."""
    return request.user.has_perms([f"sora_remix.{codename}" for codename in codenames])


def require(model_admin: ModelAdmin[Any], request: HttpRequest, *codenames: str) -> None:
    """Let nobody decide about rows who may not see them, or lacks one of these permissions."""
    if not (model_admin.has_view_permission(request) and may(request, *codenames)):
        raise PermissionDenied
