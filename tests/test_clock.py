"""Times are shown and sent correctly, with and without time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import Settings

from sora_remix import clock
from tests.factories import moment

ST_JOHNS = ZoneInfo("America/St_Johns")
LATE = datetime(2026, 11, 3, 1, 30, tzinfo=UTC)
"""In Newfoundland, three and a half hours behind, it is still the day before."""
EVENING = datetime(2026, 11, 2, 22, 0)  # noqa: DTZ001 - as columns have it without `USE_TZ`


@pytest.fixture(params=[True, False], ids=["aware", "naive"])
def kept(request: pytest.FixtureRequest, settings: Settings) -> datetime:
    """One moment, as this site keeps it."""
    settings.TIME_ZONE = "America/St_Johns"
    settings.USE_TZ = request.param
    return LATE if request.param else EVENING


def test_time_is_shown_in_the_time_zone_of_the_site(kept: datetime) -> None:
    assert clock.local(kept).replace(tzinfo=None) == EVENING


def test_time_is_sent_in_utc(kept: datetime) -> None:
    assert clock.utc(kept) == LATE
    assert clock.utc(kept).tzinfo is UTC


def test_naive_time_is_in_the_time_zone_of_the_site_not_of_the_user(
    settings: Settings,
) -> None:
    settings.TIME_ZONE = "America/St_Johns"
    settings.USE_TZ = False

    with timezone.override("Asia/Tokyo"):
        assert clock.utc(EVENING) == LATE


def test_today_is_the_date_of_the_site(kept: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: kept)

    assert clock.today() == date(2026, 11, 2)


@pytest.mark.parametrize(
    ("name", "day", "start"),
    [
        ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 3, 30), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        # The clock goes from midnight to 1 a.m.
        ("America/Havana", date(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC)),
        # The clock goes from 1 a.m. back to midnight.
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),
    ],
)
def test_day_starts_at_its_first_moment(
    settings: Settings, name: str, day: date, start: datetime
) -> None:
    settings.USE_TZ = True

    with timezone.override(name):
        found = clock.start_of(day)

    assert (found, found.tzinfo) == (start, UTC)


def test_day_of_a_site_without_time_zones_starts_at_its_midnight(settings: Settings) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = "America/St_Johns"

    with timezone.override("Asia/Tokyo"):
        assert clock.start_of(date(2026, 3, 8)) == datetime(2026, 3, 8)  # noqa: DTZ001
        assert str(clock.zone()) == "America/St_Johns"


@pytest.mark.parametrize("use_tz", [True, False])
def test_days_of_the_site_are_in_its_own_time_zone(settings: Settings, use_tz: bool) -> None:
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "Europe/Berlin"
    late = moment(2026, 11, 29, 23, 30)

    with timezone.override("Asia/Tokyo"):
        day = clock.site_date(late)
        start = clock.site_midnight(day)

    assert day == date(2026, 11, 29)
    assert clock.utc(start) == datetime(2026, 11, 28, 23, tzinfo=UTC)
