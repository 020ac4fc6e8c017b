"""What the page that compares two videos says, its script included."""

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


class Key(NamedTuple):
    """Keys that all do the same."""

    names: tuple[str | _StrPromise, ...]
    text: str | _StrPromise


KEYS = (
    Key((_("Space"), "K"), _("Play or pause")),
    Key((",", "."), _("One frame back or forward")),
    Key(("←", "→"), _("One second back or forward")),
    Key((_("Home"), _("End")), _("Go to the start or the end")),
    Key(("I", "O"), _("Set the start or the end of the loop")),
    Key(("X",), _("Clear the loop")),
    Key(("1", "2", "3"), _("Side by side, wipe, difference")),
    Key(("[", "]"), _("Move the wipe divider")),
    Key(("-", "+"), _("Slower or faster")),
    Key(("A", "B"), _("Mute the left or right video")),
    Key(("S",), _("Swap sides")),
    Key(("?",), _("Show or hide this list")),
)


def script() -> dict[str, Any]:
    """Return what the page tells its script, and what both need to know."""
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
    return {"attributes": flatatt(attributes), "keys": KEYS, "speeds": _speeds()}


def _speeds() -> list[dict[str, str]]:
    text = gettext("%(speed)s×")
    return [
        {"value": speed, "text": text % {"speed": number_format(Decimal(speed))}}
        for speed in SPEEDS
    ]
