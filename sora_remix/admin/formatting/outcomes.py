"""Why a remix failed or is delayed, and what that means for the cost."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from ...models import BillFlag, Remix
from ...models.charges import charge
from .dates import moment
from .failures import LABELS, advice, cause, failure
from .money import CHARGES
from .retries import is_failing, tries

Status = Remix.Status


def explain(remix: Remix) -> str:
    """Explain what went wrong and what it costs; return nothing when all is well."""
    said = (paid_twice(remix), _outcome(remix), _cancellation(remix), unexpected_bill(remix))
    return " ".join(filter(None, said))


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


def unexpected_bill(remix: Remix) -> str:
    """Say what was not expected in fal's bill; return nothing if all was.

    It names no amount, because everybody who sees the remix sees this.
    """
    match remix.bill_flag:
        case BillFlag.REPEATED:
            message = gettext("fal billed it more than once.")
        case BillFlag.WITHOUT_RESULT:
            message = gettext("fal billed it, although it has no result.")
        case BillFlag.EXCESSIVE:
            message = gettext("fal billed far more for it than was estimated.")
        case _:
            return ""
    return " ".join((message, gettext("If that is wrong, ask fal for a refund.")))


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
        message = gettext("Cancellation was requested at %(time)s, but fal finished it anyway.")
    elif remix.cancel_asked_at:
        message = gettext("Cancellation was requested at %(time)s, and fal was asked to stop.")
    else:
        message = gettext("Cancellation was requested at %(time)s, and fal is being asked to stop.")
    return message % {"time": moment(remix.cancel_requested_at)}
