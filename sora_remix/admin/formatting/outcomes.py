"""What went wrong with a remix, and what that means for the money."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from ...models import Remix
from .dates import moment
from .failures import LABELS, advice, cause, failure
from .money import CHARGES, charge
from .retries import is_failing, tries

Status = Remix.Status


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
