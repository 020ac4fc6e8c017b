"""Texts of the page that compares two videos, for its template and its script."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.forms.utils import flatatt
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SPEEDS = ("0.25", "0.5", "1", "1.5", "2")


class Shortcut(NamedTuple):
    """Keys with what they do."""

    names: tuple[str | _StrPromise, ...]
    text: str | _StrPromise


SHORTCUTS = (
    Shortcut((_("Space"), "K"), _("Play or pause")),
    Shortcut((",", "."), _("One frame back or forward")),
    Shortcut(("←", "→"), _("One second back or forward")),
    Shortcut((_("Home"), _("End")), _("Go to the start or the end")),
    Shortcut(("I", "O"), _("Set the start or the end of the loop")),
    Shortcut(("X",), _("Clear the loop")),
    Shortcut(("1", "2", "3"), _("Side by side, wipe, difference")),
    Shortcut(("[", "]"), _("Move the wipe divider")),
    Shortcut(("-", "+"), _("Slower or faster")),
    Shortcut(("A", "B"), _("Mute the left or right video")),
    Shortcut(("S",), _("Swap sides")),
    Shortcut(("?",), _("Show or hide this list")),
)


def script_context() -> dict[str, Any]:
    """Return the context that the script needs."""
    attributes = {
        "data-mode": "side",
        "data-time": _("%(time)s of %(length)s"),
        "data-loop": _("Looping from %(start)s to %(end)s."),
        "data-play": _("Play"),
        "data-pause": _("Pause"),
        "data-broken": _(
            "This video can't be played: its file is missing, or this browser doesn't "
            "support its format."
        ),
        "data-fixed": _("Seeking isn't available: the file server doesn't support range requests."),
    }
    return {"attributes": flatatt(attributes), "keys": SHORTCUTS, "speeds": _speeds()}


def _speeds() -> list[dict[str, str]]:
    text = gettext("%(speed)s×")
    return [
        {"value": speed, "text": text % {"speed": number_format(Decimal(speed))}}
        for speed in SPEEDS
    ]
