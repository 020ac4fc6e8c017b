"""Dates and times as the reader's language and time zone have them."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format


def moment(time: datetime) -> str:
    """Show a date with its time."""
    return date_format(_local(time), "SHORT_DATETIME_FORMAT")


def clock(time: datetime) -> str:
    """Show the time of day alone, for a moment within the next hours."""
    return date_format(_local(time), "TIME_FORMAT")


def _local(time: datetime) -> datetime:
    """Return the time in the current time zone; with `USE_TZ` off it has none."""
    return timezone.localtime(time) if timezone.is_aware(time) else time
