"""Dates and times as the reader's language and time zone have them."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format

from ...clock import local


def moment(time: datetime) -> str:
    """Show a date with its time."""
    return date_format(local(time), "SHORT_DATETIME_FORMAT")


def time_of_day(time: datetime) -> str:
    """Show the time of day alone, for a moment within the next hours."""
    return date_format(local(time), "TIME_FORMAT")
