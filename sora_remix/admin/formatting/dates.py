"""Dates and times in the reader's language and time zone."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format

from ...clock import local


def moment(time: datetime) -> str:
    """Format a date with its time."""
    return date_format(local(time), "SHORT_DATETIME_FORMAT")


def time_of_day(time: datetime) -> str:
    """Format the time of day only, for times within the next hours."""
    return date_format(local(time), "TIME_FORMAT")
