"""Budgets count right after they, their owners, or the site's time zone were changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sora_remix import services, tasks
from sora_remix.exceptions import RequestRefused
from sora_remix.models import Budget, Remix
from sora_remix.signals import budget_reached
from tests.budgets import COST, assert_counters_are_right, make_budget, request, used
from tests.factories import moment
from tests.html import texts
from tests.users import User

pytestmark = pytest.mark.django_db

ZONES = ["Pacific/Kiritimati", "Pacific/Pago_Pago"]
"""At half past ten in UTC, a day has just begun in the first one, and ends in the second."""
Commit = DjangoCaptureOnCommitCallbacks


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is queued."""
    monkeypatch.setattr(tasks, "async_task", lambda *_args: None)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock to one of the site's times."""
    return lambda now: monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """The marks that were announced, in percent."""
    marks: list[int] = []

    def hear(sender: Any, budget: Budget, percent: int, **_: Any) -> None:
        marks.append(percent)

    budget_reached.connect(hear)
    yield marks
    budget_reached.disconnect(hear)


def refused(**values: Any) -> bool:
    try:
        request(**values)
    except RequestRefused:
        return True
    return False


def test_lowered_amount_is_announced_although_nothing_more_is_accepted(
    heard: list[int], django_capture_on_commit_callbacks: Commit
) -> None:
    budget = make_budget(10)
    request()

    with django_capture_on_commit_callbacks(execute=True):
        budget.amount = Decimal("0.3")
        budget.save()

    assert refused()
    assert heard == [80, 100]
    assert [left.percent for left in Budget.objects.nearly_used()] == [133]


def test_new_budget_that_is_used_already_is_announced(
    heard: list[int], django_capture_on_commit_callbacks: Commit
) -> None:
    request()

    with django_capture_on_commit_callbacks(execute=True):
        make_budget("0.45")

    assert refused()
    assert heard == [80]
    assert [left.percent for left in Budget.objects.nearly_used()] == [88]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("period", ["once", "month", "day"])
def test_money_is_not_spent_twice_because_the_time_zone_was_changed(
    set_clock: Callable[[datetime], None], settings: Settings, zone: str, period: str
) -> None:
    set_clock(moment(2026, 11, 30, 10, 30))
    make_budget("0.4", period=period)
    request()

    settings.TIME_ZONE = zone

    assert refused()
    assert_counters_are_right()


@pytest.mark.parametrize("zone", ZONES)
def test_list_shows_what_is_used_after_the_time_zone_was_changed(
    admin_client: Client, set_clock: Callable[[datetime], None], settings: Settings, zone: str
) -> None:
    set_clock(moment(2026, 11, 30, 10, 30))
    for period in ("once", "month", "day"):
        make_budget(5, period=period)
    request()
    settings.TIME_ZONE = zone
    request()

    page = admin_client.get("/admin/sora_remix/budget/")

    assert texts(page, "td", "field-used") == ["$0.80"] * 3


@pytest.mark.parametrize("kind", ["user", "group"])
def test_budget_of_a_deleted_owner_stays_right_and_gives_no_notice(
    heard: list[int], kind: str, django_capture_on_commit_callbacks: Commit
) -> None:
    ann, group = User.objects.create_user("ann"), Group.objects.create(name="Film")
    ann.groups.add(group)
    owner: Any = {"user": ann, "group": group}[kind]
    budget = make_budget("0.4", period="once", **{kind: owner})
    [remix] = request(by=ann)
    assert refused(by=ann)
    owner.delete()

    assert Budget.objects.nearly_used() == []
    assert not refused(by=None if kind == "user" else User.objects.get(pk=ann.pk))
    services.cancel(remix, by=None)

    assert used(budget) == 0
    assert_counters_are_right()
    budget.refresh_from_db()
    budget.amount = Decimal(9)
    budget.save()
    assert (budget.is_for_site, budget.owner) == (None, "nobody: its owner was deleted")


def test_budget_whose_period_is_changed_counts_what_was_requested_in_the_new_one() -> None:
    budget = make_budget("0.4", period="month")
    request()

    budget.period = "day"
    budget.save()

    assert refused()
    budget.amount = 2 * COST
    budget.save()
    request()
    assert refused()
    assert_counters_are_right()


def test_budget_whose_owner_changes_groups_counts_for_those_who_were_in_them() -> None:
    ann, bob = (User.objects.create_user(name) for name in ("ann", "bob"))
    group = Group.objects.create(name="Film")
    ann.groups.add(group)
    budget = make_budget("0.4", group=group)
    [remix] = request(by=ann)

    ann.groups.clear()
    bob.groups.add(group)

    assert refused(by=bob)
    assert not refused(by=ann)
    services.cancel(remix, by=None)
    assert not refused(by=bob)
    assert used(budget) == COST
    assert Remix.objects.count() == 3
