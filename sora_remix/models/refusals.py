"""Why a person can't retry, cancel or otherwise settle a remix in its current state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from .columns import RemixColumns
from .status import AT_FAL, Status

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

NEVER_ACCEPTED = _("fal never accepted it, so there is nothing to collect.")


def retry(remix: RemixColumns) -> _StrPromise | None:
    """Return why it can't be retried, or None."""
    message = _("Only failed or cancelled remixes can be retried.")
    return None if remix.status in (Status.FAILED, Status.CANCELLED) else message


def send_again(remix: RemixColumns) -> _StrPromise | None:
    """Return why it can't be sent again, or None."""
    message = _("Only unconfirmed remixes can be sent again.")
    return None if remix.status == Status.UNCONFIRMED else message


def give_up(remix: RemixColumns) -> _StrPromise | None:
    """Return why it can't be given up, or None."""
    message = _("Only unconfirmed remixes can be given up.")
    return None if remix.status == Status.UNCONFIRMED else message


def enter_request_id(remix: RemixColumns) -> _StrPromise | None:
    """Return why it can't be given a request id, or None."""
    message = _("Only unconfirmed remixes can be given a request id.")
    return None if remix.status == Status.UNCONFIRMED else message


def collect_again(remix: RemixColumns) -> _StrPromise | None:
    """Return why its result can't be collected again, or None."""
    if remix.status != Status.FAILED:
        return _("Only failed remixes can be collected again.")
    return None if remix.request_id else NEVER_ACCEPTED


def cancel(remix: RemixColumns) -> _StrPromise | None:
    """Return why it can't be cancelled, or None."""
    if remix.status == Status.STORING:
        return _("fal has already finished. The video is being stored.")
    if remix.status not in (Status.QUEUED, *AT_FAL):
        return _("It has already finished.")
    if remix.status in AT_FAL and remix.cancel_requested_at:
        return _("Cancellation was already requested.")
    return None
