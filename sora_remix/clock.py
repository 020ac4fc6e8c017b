"""Convert times for display and for other systems, whatever `USE_TZ` says.

With `USE_TZ` off, the site's times are naive and in its own time zone. Only this module knows.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from datetime import time as time_of_day

from django.utils import timezone


def today() -> date:
    """Return today's date in the current time zone."""
    return local(timezone.now()).date()


def local(time: datetime) -> datetime:
    """Convert one of the site's times for display, to the current time zone."""
    return timezone.localtime(time) if timezone.is_aware(time) else time


def utc(time: datetime) -> datetime:
    """Convert one of the site's times to an aware one in UTC, to send or compare it."""
    if timezone.is_naive(time):
        time = timezone.make_aware(time, timezone.get_default_timezone())
    return time.astimezone(UTC)


def zone() -> tzinfo:
    """Return the time zone in which times are shown."""
    if timezone.is_aware(timezone.now()):
        return timezone.get_current_timezone()
    return timezone.get_default_timezone()


def start_of(day: date) -> datetime:
    """Return the first moment of a day where times are shown, as one of the site's times.

    Where the clock skips midnight, this is the moment at which it does so.
    """
    start = datetime.combine(day, time_of_day.min)  # its `fold` is 0: the first of two midnights
    if timezone.is_naive(timezone.now()):
        return start
    return start.replace(tzinfo=zone()).astimezone(UTC)


def site_date(moment: datetime) -> date:
    """Return the date of one of the site's times in the site's own time zone, `TIME_ZONE`."""
    if timezone.is_naive(moment):
        return moment.date()
    return timezone.localtime(moment, timezone.get_default_timezone()).date()


def site_midnight(day: date) -> datetime:
    """Return the start of a day in the site's own time zone, as one of the site's times."""
    start = datetime.combine(day, time_of_day.min)
    if timezone.is_naive(timezone.now()):
        return start
    return timezone.make_aware(start, timezone.get_default_timezone())
