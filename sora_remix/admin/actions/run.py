"""Doing what was decided about remixes, one by one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext

from ...database import retry_conflicts
from ...exceptions import InvalidTransition, RequestRefused
from ...models import Remix
from .base import RemixAction
from .preview import ActionPreview

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


NAMED = 10
"""Remixes that a message names; of the others it says how many they are."""


def run_action(
    model_admin: ModelAdmin[Remix], request: HttpRequest, preview: ActionPreview
) -> list[Remix]:
    """Do it to each remix that allows it, say how that went, and return what was requested."""
    done, requested = [], []
    reasons: dict[str, list[Remix]] = defaultdict(list)
    for line in preview.refused:
        reasons[str(line.refusal)].append(line.remix)
    for line in preview.allowed:
        try:
            again = _do(model_admin, request, preview.action, line.remix)
        except (InvalidTransition, RequestRefused) as refusal:
            reasons[str(refusal)].append(line.remix)
            continue
        done.append(line.remix)
        requested += [again] if again else []
    for message in preview.action.report(done) if done else []:
        messages.success(request, message)
    for reason, remixes in reasons.items():
        messages.warning(request, _left_alone(remixes, reason))
    return requested


@retry_conflicts
def _do(
    model_admin: ModelAdmin[Remix], request: HttpRequest, action: RemixAction, remix: Remix
) -> Remix | None:
    """Do it to one remix and name it among the user's recent actions, or neither."""
    again = action.perform(remix, request.user)
    model_admin.log_change(request, remix, str(action.label))
    return again


def _left_alone(remixes: list[Remix], reason: str) -> str:
    """Name the remixes to which nothing was done, and why."""
    names = ", ".join(map(str, remixes[:NAMED]))
    if more := len(remixes) - NAMED if len(remixes) > NAMED else 0:
        names = gettext("%(names)s and %(more)d more") % {"names": names, "more": more}
    message = ngettext(
        "%(many)d remix was not changed (%(names)s): %(reason)s",
        "%(many)d remixes were not changed (%(names)s): %(reason)s",
        len(remixes),
    )
    return message % {"many": len(remixes), "names": names, "reason": reason}
