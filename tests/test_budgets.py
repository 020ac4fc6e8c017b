"""A confirmation takes from budgets what it may cost, and they are never exceeded by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from sora_remix import services, tasks
from sora_remix.exceptions import RequestRefused
from sora_remix.models import (
    Budget,
    BudgetPeriod,
    Remix,
    RemixBatch,
    RemixEvent,
    Reservation,
)
from sora_remix.signals import budget_reached
from tests.budgets import COST, assert_counters_are_right, make_budget, request, used
from tests.checkout import draft, make_clip
from tests.factories import moment
from tests.users import User

pytestmark = pytest.mark.django_db

Status = Remix.Status
Kind = RemixEvent.Kind


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is queued."""
    monkeypatch.setattr(tasks, "async_task", lambda *_args: None)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock to one of the site's times."""
    return lambda now: monkeypatch.setattr(timezone, "now", lambda: now)


def refusal(**values: Any) -> str:
    """Request a remix that is refused, and return why."""
    with pytest.raises(RequestRefused) as refused:
        request(**values)
    [reason] = refused.value.reasons
    assert reason.field == "budget"
    return str(reason.message)


def test_request_that_fits_exactly_is_accepted() -> None:
    budget = make_budget("0.8")

    remixes = request(2)

    assert {remix.counted_cost for remix in remixes} == {COST}
    assert used(budget) == 2 * COST


def test_request_that_costs_more_is_refused_and_changes_nothing() -> None:
    budget = make_budget("0.79")

    message = refusal(count=2)

    assert message.startswith(
        "This may cost $0.80, but only $0.79 is left of this budget: $0.79 each month for the "
        "whole site. Nothing was sent and nothing was charged. It renews on "
    )
    assert (Remix.objects.count(), used(budget)) == (0, Decimal(0))


def test_refused_draft_remains_a_draft() -> None:
    make_budget("0.1")
    batch = draft()

    with pytest.raises(RequestRefused):
        services.confirm(batch, ["noir"], by=None)

    assert RemixBatch.objects.drafts().filter(pk=batch.pk).exists()


@pytest.mark.parametrize(
    ("name", "status"), [("retry", Status.FAILED), ("send_again", Status.UNCONFIRMED)]
)
def test_retries_count(name: str, status: str) -> None:
    make_budget("0.4")
    [remix] = request()
    Remix.objects.filter(pk=remix.pk).update(status=status)

    with pytest.raises(RequestRefused):
        getattr(services, name)(remix, by=None)
    again = getattr(services, name)(remix, by=None, exceed_budget=True)

    assert again.counted_cost == COST
    assert again.events.filter(kind=Kind.EXCEEDED, detail="0.400000").exists()


def test_person_and_groups_have_budgets_of_their_own() -> None:
    ann, bob = (User.objects.create_user(name) for name in ("ann", "bob"))
    group = Group.objects.create(name="Film")
    ann.groups.add(group)
    of_ann = make_budget(10, user=ann)
    of_group = make_budget("0.4", group=group)
    of_site = make_budget(20)

    request(by=bob)
    request(by=AnonymousUser())
    request(by=ann)
    said = refusal(by=ann)

    assert [used(one) / COST for one in (of_ann, of_group, of_site)] == [1, 1, 3]
    assert "the group “Film”" in said


def test_request_is_refused_by_each_budget_without_room() -> None:
    ann = User.objects.create_user("ann")
    make_budget("0.1")
    make_budget("0.1", period="day")
    make_budget("0.1", user=ann)
    make_budget("9", period="once")

    with pytest.raises(RequestRefused) as refused:
        request(by=ann)

    said = [str(reason.message) for reason in refused.value.reasons]
    assert len(said) == 3
    assert not BudgetPeriod.objects.filter(used_millionths__gt=0).exists()


def test_budget_of_a_deleted_owner_applies_to_nobody() -> None:
    ann = User.objects.create_user("ann")
    group = Group.objects.create(name="Film")
    ann.groups.add(group)
    of_ann, of_group = make_budget("0.1", user=ann), make_budget("0.1", group=group)
    group.delete()
    ann.delete()

    request(by=User.objects.create_user("bob"))

    for budget in (of_ann, of_group):
        budget.refresh_from_db()
        assert (budget.is_for_site, budget.user_id, budget.group_id) == (None, None, None)
        assert budget.owner == "nobody: its owner was deleted"


@pytest.mark.parametrize("kind", ["site", "user", "group"])
def test_new_budget_counts_what_was_requested_earlier_in_its_period(
    kind: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ann = User.objects.create_user("ann")
    group = Group.objects.create(name="Film")
    ann.groups.add(group)
    owners: dict[str, dict[str, Any]] = {"user": {"user": ann}, "group": {"group": group}}
    request(2, by=ann)
    [old] = request(by=ann)
    earlier = Reservation.objects.filter(remixes=old)
    earlier.update(at=timezone.now() - timedelta(days=40))
    with django_capture_on_commit_callbacks(execute=True):
        budget = make_budget("1.2", **owners.get(kind, {}))

    assert used(budget) == 2 * COST
    request(by=ann)
    refusal(by=ann)
    assert_counters_are_right()


def test_next_request_counts_earlier_ones_if_nothing_has_yet() -> None:
    request(2)
    budget = make_budget("0.8")

    refusal()

    assert used(budget) == 0  # the counter was rolled back with the request
    make_budget(5, period="day")
    Budget.objects.filter(pk=budget.pk).delete()
    request()
    assert used(Budget.objects.get()) == 3 * COST


def test_budget_without_renewal_starts_when_it_is_made() -> None:
    request(2)
    budget = make_budget("0.8", period="once")

    request(2)

    assert "This budget doesn't renew." in refusal()
    assert used(budget) == 2 * COST


def test_changed_amount_counts_at_once() -> None:
    budget = make_budget("0.4")
    request()
    refusal()
    budget.amount = Decimal("0.8")
    budget.save()

    request()

    assert used(budget) == 2 * COST


@pytest.mark.parametrize(
    ("period", "before", "after"),
    [
        ("day", (2026, 11, 29, 23, 59, 59), (2026, 11, 30, 0, 0)),
        ("month", (2026, 11, 30, 23, 59, 59), (2026, 12, 1, 0, 0)),
        ("month", (2028, 2, 29, 23, 59, 59), (2028, 3, 1, 0, 0)),
        # In Berlin, this day has 23 hours, and that one 25.
        ("day", (2026, 3, 29, 0, 0), (2026, 3, 30, 0, 0)),
        ("day", (2026, 10, 25, 23, 59, 59), (2026, 10, 26, 0, 0)),
    ],
)
def test_request_counts_in_the_period_of_its_confirmation(
    set_clock: Callable[[datetime], None],
    settings: Settings,
    period: str,
    before: tuple[int, ...],
    after: tuple[int, ...],
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    earlier, later = moment(*before), moment(*after)
    set_clock(earlier)
    budget = make_budget("0.4", period=period)
    request()
    refusal()

    with timezone.override("Pacific/Kiritimati"):
        refusal()
        set_clock(later)
        request()
        refusal()

    assert [one.used for one in budget.periods.all()] == [COST, COST]


def test_retry_counts_in_the_period_of_its_own_confirmation(
    set_clock: Callable[[datetime], None],
) -> None:
    set_clock(moment(2026, 11, 30, 12))
    budget = make_budget("0.4")
    [remix] = request()
    Remix.objects.update(status=Status.FAILED)
    set_clock(moment(2026, 12, 1, 12))

    services.retry(remix, by=None)

    assert [one.used for one in budget.periods.all()] == [COST, COST]


def test_unknown_cost_reserves_the_largest_possible_one() -> None:
    budget = make_budget(10)

    # At most 15 seconds, 0.03 dollars each.
    with pytest.raises(RequestRefused):
        services.request_remixes([make_clip(duration=None)], ["noir"], endpoint="flux-3")
    [remix] = services.request_remixes([make_clip(duration=None)], ["noir"], endpoint="grok")

    # Eight seconds of the source and of the result, for 0.01 and 0.07 dollars.
    assert (remix.estimated_cost, remix.reserved_cost) == (None, Decimal("0.64"))
    assert used(budget) == Decimal("0.64")


def test_unknown_cost_without_limit_is_refused_while_there_is_a_budget() -> None:
    clip = make_clip(duration=None)
    services.request_remixes([clip], ["noir"], endpoint="gemini-omni")
    make_budget(100)

    with pytest.raises(RequestRefused) as refused:
        services.request_remixes([clip], ["noir"], endpoint="gemini-omni", exceed_budget=True)

    [reason] = refused.value.reasons
    assert str(reason.message).startswith("“Sea”: its cost is unknown and has no limit, but there")


def test_exceeded_budget_is_written_into_the_history() -> None:
    ann = User.objects.create_user("ann")
    budget = make_budget("0.5")

    request(by=ann, exceed_budget=True)
    request(2, by=ann, exceed_budget=True)

    exceeded = RemixEvent.objects.filter(kind=Kind.EXCEEDED)
    assert {(one.detail, one.by_id) for one in exceeded} == {("0.700000", ann.pk)}
    assert exceeded.count() == 2
    assert used(budget) == 3 * COST


@pytest.mark.parametrize("amount", ["0.5", "0.39"])
def test_marks_are_announced_once_in_each_period(
    amount: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[int] = []
    budget = make_budget(amount)

    def hear(sender: Any, budget: Budget, percent: int, **_: Any) -> None:
        heard.append(percent)

    budget_reached.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        request(exceed_budget=True)
        now = list(heard)
        request(exceed_budget=True)
    budget_reached.disconnect(hear)

    assert now == []
    assert heard == [80, 100]
    assert BudgetPeriod.objects.get(budget=budget).reached == 100


def test_site_without_budgets_needs_no_more_queries_for_more_remixes(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    request()  # the first one adds the row that all share

    with django_assert_num_queries(13) as few:
        request()
    with django_assert_num_queries(13):
        request(20)

    assert sum("budget" in one["sql"] or "reservation" in one["sql"] for one in few) >= 3
