"""Lengths, times, prompts and names as text."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import number_format
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from ...endpoints import get_endpoint
from ...exceptions import SoraRemixError
from ...models import Approval, Remix, Video
from .dates import moment

PROMPT_SHOWN = 500


def shortened(prompt: str) -> str:
    """Shorten a prompt: the page of its remix shows all of it."""
    return Truncator(prompt).chars(PROMPT_SHOWN)


def usual_time(length: int) -> str:
    """Format how many seconds a remix usually takes."""
    if length < 100:
        return ngettext("about %(many)d second", "about %(many)d seconds", length) % {
            "many": length
        }
    minutes = round(length / 60)
    if minutes < 100:
        message = ngettext("about %(many)d minute", "about %(many)d minutes", minutes)
        return message % {"many": minutes}
    hours = round(length / 3600)
    return ngettext("about %(many)d hour", "about %(many)d hours", hours) % {"many": hours}


def seconds(length: Decimal | None) -> str:
    """Format a length, which may be unknown."""
    if length is None:
        return gettext("unknown")
    places = next((n for n in range(3) if round(length, n) == length), 3)
    return gettext("%(seconds)s s") % {"seconds": number_format(length, places)}


def play_time(length: Decimal | None) -> str:
    """Format a length as players show it, such as 1:05; nothing where it is unknown."""
    if length is None:
        return ""
    minutes, seconds = divmod(int(length.to_integral_value(ROUND_HALF_UP)) or 1, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def decided(video: Video) -> str:
    """Say who approved or rejected a video, and when; return nothing for a new one."""
    if not video.decided_at or video.approval == Approval.NEW:
        return ""
    time = moment(video.decided_at)
    if not video.decided_by:
        return time
    return gettext("%(time)s by %(person)s") % {"time": time, "person": video.decided_by}


def endpoint_name(remix: Remix) -> str:
    """Name the endpoint of a remix; use its key when the site no longer has it."""
    try:
        return str(get_endpoint(remix.endpoint))
    except SoraRemixError:
        return remix.endpoint
