"""Why a remix failed or is delayed, and what that means for the cost."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from ...models import Remix
from ...models.charges import charge
from .dates import moment
from .failures import LABELS, advice, cause, failure
from .money import CHARGES
from .retries import is_failing, tries

Status = Remix.Status


def explain(remix: Remix) -> str:
    """Explain what went wrong and what it costs; return nothing when all is well."""
    return " ".join(filter(None, (paid_twice(remix), _outcome(remix), _cancellation(remix))))


def paid_twice(remix: Remix) -> str:
    """Warn when fal has a remix under several request ids."""
    many = len(remix.other_request_ids)
    if not many:
        return ""
    return ngettext(
        "You may have paid twice: fal also has this remix under another request id.",
        "You may have paid several times: fal also has this remix under other request ids.",
        many,
    )


def label(remix: Remix) -> str:
    """Name the kind of failure in a word or two; return nothing unless the remix failed."""
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


def _cancellation(remix: Remix) -> str:
    """Say how far a requested cancellation is, unless the status says so."""
    if not remix.cancel_requested_at or remix.status in (Status.FAILED, Status.CANCELLED):
        return ""
    if remix.status in (Status.STORING, Status.SUCCEEDED):
        message = gettext("Cancellation requested at %(time)s. fal finished it anyway.")
    elif remix.cancel_asked_at:
        message = gettext("Cancellation requested at %(time)s. fal was asked to stop.")
    else:
        message = gettext("Cancellation requested at %(time)s. fal is being asked to stop.")
    return message % {"time": moment(remix.cancel_requested_at)}
