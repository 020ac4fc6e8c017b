"""Which actions the page of a remix, a list and a grid offer."""

from __future__ import annotations

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
"""Offered for a selection, and on the page of each remix whose state allows them."""


DECISIONS: tuple[RemixAction, ...] = (GiveUp(), SendAgain())
"""Offered on the page of an unconfirmed remix, beside entering its request id."""


class ActionButton(NamedTuple):
    """An action as it is offered on the page of a remix."""

    action: RemixAction
    url: str
    refusal: Text | None


def buttons_for(request: HttpRequest, remix: Remix, links: Links) -> dict[str, Any]:
    """Return what the page of a remix offers this user in the state it is in."""
    buttons = [
        _button(action, remix, links)
        for action in BUTTONS
        if has_perms(request, *action.permissions)
    ]
    offered: dict[str, Any] = {"buttons": [one for one in buttons if not one.refusal]}
    if has_perms(request, DECIDE):
        # In any state: a page that is open shows the field as soon as the remix is unconfirmed.
        offered["request_id_url"] = links.remix_url("request_id", remix)
    if remix.status == Remix.Status.UNCONFIRMED and has_perms(request, DECIDE):
        allowed = [action for action in DECISIONS if has_perms(request, *action.permissions)]
        offered["decisions"] = [_button(action, remix, links) for action in allowed]
        offered["form"] = RequestIdForm()
    return offered


def _button(action: RemixAction, remix: Remix, links: Links) -> ActionButton:
    return ActionButton(action, links.remix_url(action.name, remix), action.refusal(remix))
