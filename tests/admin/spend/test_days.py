"""Remixes count on the day on which they were requested, where the site is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from sora_remix.admin.spend.days import PERIODS, next_start, read_periods
from sora_remix.models import Remix
from tests.factories import make_video

pytestmark = pytest.mark.django_db

needs_aware_times = pytest.mark.skipif(
    not django_settings.USE_TZ, reason="The site keeps the times of its own clock."
)
ZONES = (
    "Europe/Berlin",
    "America/St_Johns",  # half an hour
    "Asia/Kathmandu",  # three quarters of an hour
    "Australia/Lord_Howe",  # its clock changes by half an hour
    "America/Havana",  # its clock changes at midnight
    "Africa/Casablanca",  # its clock changes for Ramadan
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
)


def _request_at(*times: datetime) -> None:
    source = make_video()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Remix._meta.get_field("created_at"), "auto_now_add", False)
        Remix.objects.bulk_create(Remix(source=source, created_at=time) for time in times)


@needs_aware_times
@pytest.mark.parametrize("name", ZONES)
def test_each_remix_counts_on_its_local_day_through_a_year(name: str) -> None:
    zone = ZoneInfo(name)
    days = (*range(30, 105), *range(290, 315))  # when clocks change
    midnights = [datetime(2026, 1, 1, tzinfo=zone) + timedelta(days=day) for day in days]
    times = [one.astimezone(UTC) for one in midnights]
    times += [time - timedelta(microseconds=1) for time in times]
    times += [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=31 * step) for step in range(280)]
    _request_at(*times)

    with timezone.override(zone):
        found = read_periods(Remix.objects.all(), PERIODS["day"])

    expected = Counter(time.astimezone(zone).date() for time in times)
    assert {day: sums.remixes for day, sums in found.items()} == expected


@needs_aware_times
def test_last_second_before_the_clock_changes_counts_on_the_earlier_day() -> None:
    havana = ZoneInfo("America/Havana")  # 2026-03-08 starts at 1 a.m.: 05:00 UTC
    change = datetime(2026, 3, 8, 5, tzinfo=UTC)
    _request_at(change - timedelta(microseconds=1), change)

    with timezone.override(havana):
        found = read_periods(Remix.objects.all(), PERIODS["day"])

    assert {day: sums.remixes for day, sums in found.items()} == {
        date(2026, 3, 7): 1,
        date(2026, 3, 8): 1,
    }


def test_naive_times_count_on_the_day_that_they_name() -> None:
    if django_settings.USE_TZ:
        pytest.skip("The site keeps aware times.")
    _request_at(datetime(2026, 3, 7, 23, 59), datetime(2026, 3, 8, 0, 0))  # noqa: DTZ001

    found = read_periods(Remix.objects.all(), PERIODS["day"])

    assert sorted(found) == [date(2026, 3, 7), date(2026, 3, 8)]


def test_no_remixes_have_no_days() -> None:
    assert read_periods(Remix.objects.all(), PERIODS["day"]) == {}


@pytest.mark.parametrize(
    ("period", "starts"),
    [
        ("day", ["2026-01-30", "2026-01-31", "2026-02-01"]),
        ("week", ["2025-12-29", "2026-01-05", "2026-01-12"]),
        ("month", ["2025-12-01", "2026-01-01", "2026-02-01"]),
    ],
)
def test_periods_follow_each_other(period: str, starts: list[str]) -> None:
    first, *others = map(date.fromisoformat, starts)

    assert [next_start(period, first), next_start(period, others[0])] == others
    assert PERIODS[period](others[0] - timedelta(days=1)) == first
