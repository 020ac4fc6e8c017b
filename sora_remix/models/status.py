"""The states of a remix."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    QUEUED = "queued", _("queued")
    """Not sent yet: nothing is spent."""
    SUBMITTING = "submitting", _("being sent")
    """A worker is sending it: fal may have it already."""
    UNCONFIRMED = "unconfirmed", _("unconfirmed")
    """It was sent and no answer came: fal may have it. It is never sent again automatically."""
    PROCESSING = "processing", _("in progress")
    """fal has it, under its `request_id`."""
    STORING = "storing", _("being stored")
    """fal has finished, and the files are being copied."""
    SUCCEEDED = "succeeded", _("succeeded")
    """The result is in the site's storage."""
    FAILED = "failed", _("failed")
    """Finished without a result; `error_code` says why."""
    CANCELLED = "cancelled", _("cancelled")
    """Never sent, or fal confirmed that it stopped."""


IN_FLIGHT = (Status.SUBMITTING, Status.PROCESSING)
"""States that count against `SORA_REMIX_MAX_IN_FLIGHT`."""
UNSETTLED = (Status.QUEUED, *IN_FLIGHT, Status.STORING)
"""States in which a worker still has something to do."""
AT_FAL = (Status.SUBMITTING, Status.UNCONFIRMED, Status.PROCESSING)
"""States in which fal has it, or may have it, and can be asked to stop."""
