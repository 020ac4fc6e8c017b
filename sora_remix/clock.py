"""Moments as this site keeps them: with `USE_TZ` off they have no time zone, and are in its own.

The only module that knows the difference. Both kinds come from Django's `timezone.now()`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.utils import timezone


def today() -> date:
    """Return the day that the site has now, in the current time zone."""
    return local(timezone.now()).date()


def local(time: datetime) -> datetime:
    """Return a time of ours as it is shown: in the current time zone."""
    return timezone.localtime(time) if timezone.is_aware(time) else time


def utc(time: datetime) -> datetime:
    """Return a time of ours as others tell theirs, to be sent or compared: aware, in UTC."""
    if timezone.is_naive(time):
        time = timezone.make_aware(time, timezone.get_default_timezone())
    return time.astimezone(UTC)
