"""Money and errors in words that an editor understands."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..endpoints import Price, get_endpoint
from ..exceptions import SoraRemixError
from ..models import Approval, Remix, Video
from .causes import CHARGED_CODES, FREE_CODES, FREE_PREFIXES, LABELS, advice, cause, failure
from .moments import moment
from .tries import is_failing, tries

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Status = Remix.Status
PROMPT_SHOWN = 500


class Charge(Enum):
    """What is known about the money of a remix."""

    NOTHING = auto()
    PERHAPS = auto()
    CHARGED = auto()


CHARGES: dict[Charge, _StrPromise] = {
    Charge.NOTHING: _("Nothing was charged."),
    Charge.PERHAPS: _("It may have been charged."),
    Charge.CHARGED: _("It was charged."),
}


def shortened(prompt: str) -> str:
    """Return the start of a prompt: the page of its remix has all of it."""
    return Truncator(prompt).chars(PROMPT_SHOWN)


def dollars(amount: Decimal) -> str:
    """Show the exact amount, to the cent at least."""
    places = next((n for n in range(2, 6) if round(amount, n) == amount), 6)
    return gettext("$%(amount)s") % {"amount": number_format(amount, places, force_grouping=True)}


def about(amount: Decimal | None) -> str:
    """Show an amount that is not certain, or not known: then it is never 0."""
    if amount is None:
        return gettext("cost unknown")
    return gettext("about %(amount)s") % {"amount": dollars(amount)}


def price(amount: Decimal | None, is_firm: bool) -> str:
    """Show what a remix will cost: exactly, about, or that it is not known."""
    return about(amount) if amount is None or not is_firm else dollars(amount)


def total(amounts: Sequence[Decimal], *, unknown: int, is_firm: bool) -> str:
    """Show what several remixes will cost together; an unknown cost is never 0."""
    if not amounts:
        return gettext("cost unknown")
    shown = price(sum(amounts, Decimal(0)), is_firm)
    if not unknown:
        return shown
    message = ngettext(
        "%(amount)s + %(count)d of unknown cost", "%(amount)s + %(count)d of unknown cost", unknown
    )
    return message % {"amount": shown, "count": unknown}


def rate(price: Price) -> str:
    """Show the least that an endpoint charges, to compare it with others."""
    rates = {(per_second, per_run) for per_second, per_run in price.rates()}
    if not rates:
        return gettext("cost unknown")
    per_second, per_run = min(rates)
    parts = [gettext("%(amount)s per video") % {"amount": dollars(per_run)}] if per_run else []
    if per_second or not parts:
        parts.append(gettext("%(amount)s per second") % {"amount": dollars(per_second)})
    shown = " + ".join(parts)
    if not price.is_firm:
        shown = gettext("about %(amount)s") % {"amount": shown}
    return gettext("from %(amount)s") % {"amount": shown} if len(rates) > 1 else shown


def usual_time(length: int) -> str:
    """Show how long a remix usually takes."""
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
    """Show a length, or that it is not known."""
    if length is None:
        return gettext("unknown")
    places = next((n for n in range(3) if round(length, n) == length), 3)
    return gettext("%(seconds)s s") % {"seconds": number_format(length, places)}


def decided(video: Video) -> str:
    """Say who decided about a video, and when; nothing while nobody has."""
    if not video.decided_at or video.approval == Approval.NEW:
        return ""
    time = moment(video.decided_at)
    if not video.decided_by:
        return time
    return gettext("%(time)s by %(person)s") % {"time": time, "person": video.decided_by}


def endpoint_name(remix: Remix) -> str:
    """Show the name of the endpoint of a remix, or its key when the site no longer has it."""
    try:
        return str(get_endpoint(remix.endpoint))
    except SoraRemixError:
        return remix.endpoint


def cost(remix: Remix) -> str:
    """Show what a remix cost as far as that is known, else what it is going to."""
    if remix.billed_cost is not None:
        return dollars(remix.billed_cost)
    if remix.status in (Status.FAILED, Status.CANCELLED) and charge(remix) == Charge.NOTHING:
        return gettext("nothing")
    return about(remix.estimated_cost)


def charge(remix: Remix) -> Charge:
    """Tell what is known about the money of a remix."""
    if remix.billed_cost is not None:
        return Charge.CHARGED if remix.billed_cost else Charge.NOTHING
    match remix.status:
        case Status.QUEUED | Status.CANCELLED:
            return Charge.NOTHING
        case Status.SUBMITTING | Status.UNCONFIRMED:
            return Charge.PERHAPS
        case Status.FAILED:
            return _charge_of_failure(remix)
        case _:
            return Charge.CHARGED


def _charge_of_failure(remix: Remix) -> Charge:
    code = remix.error_code
    if not remix.request_id:
        return Charge.PERHAPS if code == "given_up" else Charge.NOTHING
    if code in CHARGED_CODES:
        return Charge.CHARGED
    if code in FREE_CODES or code.startswith(FREE_PREFIXES):
        return Charge.NOTHING
    return Charge.PERHAPS


def explain(remix: Remix) -> str:
    """Say what went wrong, and what that means for the money; nothing when all is well."""
    return " ".join(filter(None, (paid_twice(remix), _outcome(remix), _wish(remix))))


def paid_twice(remix: Remix) -> str:
    """Warn where fal was heard to have a remix under several ids."""
    many = len(remix.other_request_ids)
    if not many:
        return ""
    return ngettext(
        "You may have paid twice: fal also has this remix under another request id.",
        "You may have paid several times: fal also has this remix under other request ids.",
        many,
    )


def label(remix: Remix) -> str:
    """Say in a word or two what kind of failure it was; nothing when it did not fail."""
    return str(LABELS[failure(remix)]) if remix.status == Status.FAILED else ""


def _outcome(remix: Remix) -> str:
    match remix.status:
        case Status.UNCONFIRMED:
            return gettext(
                "It was sent, but no answer came. If fal has it, you may be charged. It is "
                "never sent again automatically."
            )
        case Status.FAILED:
            return " ".join((cause(remix), str(CHARGES[charge(remix)]), *advice(remix)))
        case Status.CANCELLED:
            return gettext("It was cancelled. %(charge)s") % {"charge": CHARGES[charge(remix)]}
    return tries(remix) if is_failing(remix) else ""


def _wish(remix: Remix) -> str:
    """Say what became of the wish to cancel it, unless its state says so."""
    if not remix.cancel_requested_at or remix.status in (Status.FAILED, Status.CANCELLED):
        return ""
    if remix.status in (Status.STORING, Status.SUCCEEDED):
        message = gettext("Cancellation requested at %(time)s. fal finished it anyway.")
    elif remix.cancel_asked_at:
        message = gettext("Cancellation requested at %(time)s. fal was asked to stop.")
    else:
        message = gettext("Cancellation requested at %(time)s. fal is being asked to stop.")
    return message % {"time": moment(remix.cancel_requested_at)}
