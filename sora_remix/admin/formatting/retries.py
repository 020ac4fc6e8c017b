"""Texts about steps of remixes and uploads that failed and are retried."""

from __future__ import annotations

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from ...models import Leased, Remix, SourceCopy
from .dates import moment

Status = Remix.Status
RETRIED = (Status.QUEUED, Status.PROCESSING, Status.STORING)
"""Statuses in which a failed step is retried automatically, free of charge."""
REASON_SHOWN = 200


def is_failing(remix: Remix) -> bool:
    """Tell whether the current step failed and is retried."""
    return remix.failing_since is not None and remix.status in RETRIED


def tries(row: Remix | SourceCopy) -> str:
    """Say how often the current step has failed, since when, and when it is retried."""
    known = {"many": row.failures, "since": moment(row.failing_since or row.due_at)}
    return " ".join((_failed(row) % known, _charge(row), _next_try(row)))


def because(message: str) -> str:
    """Quote an error message of fal, the storage or a library."""
    return gettext("Reason: “%(reason)s”.") % {"reason": one_line(message)}


def one_line(message: str) -> str:
    """Shorten an error message to one line."""
    return Truncator(" ".join(message.split())).chars(REASON_SHOWN)


def _failed(row: Remix | SourceCopy) -> str:
    many = row.failures
    if isinstance(row, SourceCopy):
        return ngettext(
            "Since %(since)s, uploading a file to fal has failed %(many)d time.",
            "Since %(since)s, uploading a file to fal has failed %(many)d times.",
            many,
        )
    if row.status == Status.QUEUED:
        return ngettext(
            "Since %(since)s, sending has failed %(many)d time.",
            "Since %(since)s, sending has failed %(many)d times.",
            many,
        )
    if row.status == Status.PROCESSING and not row.completed_at:
        return ngettext(
            "Since %(since)s, checking the progress at fal has failed %(many)d time.",
            "Since %(since)s, checking the progress at fal has failed %(many)d times.",
            many,
        )
    return ngettext(
        "Since %(since)s, collecting the result has failed %(many)d time.",
        "Since %(since)s, collecting the result has failed %(many)d times.",
        many,
    )


def _charge(row: Remix | SourceCopy) -> str:
    if isinstance(row, SourceCopy) or row.status == Status.QUEUED:
        return gettext("Nothing is charged.")
    return gettext("Nothing more is charged.")


def _next_try(row: Leased) -> str:
    if row.due_at <= timezone.now():
        return gettext("The next attempt is due now.")
    return gettext("At %(time)s, the site tries again.") % {"time": moment(row.due_at)}
