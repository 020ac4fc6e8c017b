"""The states of a remix."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    QUEUED = "queued", _("queued")
    """Asked for, not yet sent: nothing is spent."""
    SUBMITTING = "submitting", _("being sent")
    """A worker is sending it: fal may have it already."""
    UNCONFIRMED = "unconfirmed", _("unconfirmed")
    """It was sent and no answer came: fal may have it. It is never sent again by itself."""
    PROCESSING = "processing", _("in progress")
    """fal has it and said under which `request_id`."""
    STORING = "storing", _("being stored")
    """fal is done and the files are being copied."""
    SUCCEEDED = "succeeded", _("succeeded")
    """The result is in the site's storage."""
    FAILED = "failed", _("failed")
    """It is over; `error_code` says why."""
    CANCELLED = "cancelled", _("cancelled")
    """It is over: it was never sent, or fal confirmed that it stopped."""


IN_FLIGHT = (Status.SUBMITTING, Status.PROCESSING)
UNSETTLED = (Status.QUEUED, *IN_FLIGHT, Status.STORING)
