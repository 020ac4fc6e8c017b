"""The actions that a remix's page, the changelist and a grid offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from django.http import HttpRequest

from ...models import Remix
from ..links import Links
from ..permissions import DECIDE, has_perms
from .free import Cancel, CollectAgain, GiveUp
from .paid import Retry, SendAgain
from .remix import RemixAction
from .unconfirmed import RequestIdForm

if TYPE_CHECKING:
    from ...endpoints.option import Text

CANCEL, RETRY, COLLECT_AGAIN = Cancel(), Retry(), CollectAgain()
BUTTONS: tuple[RemixAction, ...] = (CANCEL, RETRY, COLLECT_AGAIN)
"""Offered for selections, and on the page of a remix whose state allows them."""
UNCONFIRMED_ACTIONS: tuple[RemixAction, ...] = (GiveUp(), SendAgain())
"""Offered on the page of an unconfirmed remix, beside entering its request id."""


class ActionButton(NamedTuple):
    """An action on the page of a remix."""

    action: RemixAction
    url: str
    refusal: Text | None


def allowed_in(remix: Remix) -> list[str]:
    """Name the actions on selections that the state of a remix allows."""
    return [action.name for action in BUTTONS if not action.state_refusal(remix)]


def get_buttons(request: HttpRequest, remix: Remix, links: Links) -> dict[str, Any]:
    """Return what the page of a remix offers this user in its present state."""

    def allowed(actions: Iterable[RemixAction]) -> list[ActionButton]:
        return [
            ActionButton(action, links.remix_url(action.name, remix), action.refusal(remix))
            for action in actions
            if has_perms(request, *action.permissions)
        ]

    offered: dict[str, Any] = {"buttons": [one for one in allowed(BUTTONS) if not one.refusal]}
    if has_perms(request, DECIDE):
        # In any state: a page that is open shows the field as soon as the remix is unconfirmed.
        offered["request_id_url"] = links.remix_url("request_id", remix)
        if remix.status == Remix.Status.UNCONFIRMED:
            offered |= {"decisions": allowed(UNCONFIRMED_ACTIONS), "form": RequestIdForm()}
    return offered
