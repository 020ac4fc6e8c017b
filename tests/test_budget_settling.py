"""What counts in a budget follows what is known of the cost of a remix."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pytest_django import DjangoAssertNumQueries

from sora_remix import services, tasks
from sora_remix.exceptions import InvalidTransition, RequestRefused
from sora_remix.models import Budget, BudgetPeriod, Remix
from sora_remix.models.charges import cost_to_count
from tests.budgets import COST, assert_counters_are_right, make_budget, request, used
from tests.factories import ago, make_video
from tests.users import User

pytestmark = pytest.mark.django_db

Status = Remix.Status
LESS, MORE = Decimal("0.25"), Decimal("0.75")


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is queued."""
    monkeypatch.setattr(tasks, "async_task", lambda *_args: None)


def put(remix: Remix, status: str, **values: object) -> Remix:
    """Put a remix into a state, held by a worker."""
    Remix.objects.filter(pk=remix.pk).update(status=status, lease=uuid4(), **values)
    return Remix.objects.get(pk=remix.pk)


def bill(remix: Remix, cost: Decimal) -> None:
    """Set the billed cost, as the answer of fal's billing does."""
    Remix.objects.filter(pk=remix.pk).update(billed_cost=cost)
    remix._recount()


def _units(remix: Remix, units: Decimal) -> None:
    Remix.objects.filter(pk=remix.pk).update(billable_units=units)
    remix.billable_units = units
    remix.set_calculated_cost(Decimal(1))


ENDS: dict[str, tuple[str, dict[str, str], Callable[[Remix], None], Decimal]] = {
    "cancelled": (Status.QUEUED, {}, lambda one: one.cancel(), Decimal(0)),
    "never sent": (Status.QUEUED, {}, lambda one: one.fail("cannot_reach_fal", ""), Decimal(0)),
    "refused": (Status.SUBMITTING, {}, lambda one: one.refused("missing", ""), Decimal(0)),
    "no answer": (Status.SUBMITTING, {}, lambda one: one.unanswered("Silence."), COST),
    "given up": (Status.UNCONFIRMED, {}, lambda one: one.give_up(), COST),
    "sent later": (Status.SUBMITTING, {}, lambda one: one.requeued(ago()), COST),
    "accepted": (Status.SUBMITTING, {}, lambda one: one.accepted("fal-1"), COST),
    "stopped at fal": (
        Status.PROCESSING,
        {"request_id": "fal-1"},
        lambda one: one.cancelled_at_fal(""),
        Decimal(0),
    ),
    "fault at fal": (
        Status.PROCESSING,
        {"request_id": "fal-1"},
        lambda one: one.fail("internal_server_error", ""),
        Decimal(0),
    ),
    "content refused": (
        Status.PROCESSING,
        {"request_id": "fal-1"},
        lambda one: one.fail("content_policy_violation", ""),
        COST,
    ),
    "not stored": (
        Status.STORING,
        {"request_id": "fal-1"},
        lambda one: one.fail("result_refused", ""),
        COST,
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_end_of_a_remix_frees_what_was_not_charged(name: str) -> None:
    status, values, end, counted = ENDS[name]
    budget = make_budget(10)
    [remix] = request()

    end(put(remix, status, **values))

    remix.refresh_from_db()
    assert (remix.counted_cost, used(budget)) == (counted, counted)


def test_freed_money_can_be_spent_again() -> None:
    make_budget("0.4")
    [remix] = request()

    services.cancel(remix, by=None)

    assert request()


@pytest.mark.parametrize("cost", [LESS, COST, MORE])
def test_calculated_cost_counts_even_beyond_the_budget(cost: Decimal) -> None:
    budget = make_budget("0.4")
    [remix] = request()

    _units(remix, cost)

    remix.refresh_from_db()
    assert (remix.calculated_cost, remix.counted_cost, used(budget)) == (cost, cost, cost)


def test_billed_cost_counts_whatever_was_calculated() -> None:
    budget = make_budget(10)
    [remix] = request()

    bill(remix, LESS)
    _units(Remix.objects.get(pk=remix.pk), MORE)

    assert used(budget) == LESS


def test_known_cost_counts_although_the_failure_looked_free() -> None:
    budget = make_budget(10)
    [remix] = request()
    put(remix, Status.PROCESSING, request_id="fal-1").fail("http_502", "")
    assert used(budget) == 0

    bill(remix, LESS)

    assert used(budget) == LESS


def test_collecting_again_counts_again() -> None:
    budget = make_budget(10)
    [remix] = request()
    remix = put(remix, Status.PROCESSING, request_id="fal-1")
    remix.fail("http_502", "")

    services.collect_again(remix, by=None)

    assert used(budget) == COST


def test_webhook_for_a_failed_remix_counts_again() -> None:
    budget = make_budget(10)
    [remix] = request()
    put(remix, Status.SUBMITTING).refused("odd", "")
    assert used(budget) == 0

    services.webhook_received(remix.key, "fal-1")

    assert used(budget) == COST


def test_settlement_counts_in_all_budgets_of_the_confirmation() -> None:
    ann = User.objects.create_user("ann")
    group = Group.objects.create(name="Film")
    ann.groups.add(group)
    budgets = [make_budget(9), make_budget(9, user=ann), make_budget(9, group=group, period="day")]
    other = make_budget(9, user=User.objects.create_user("bob"))
    [remix] = request(by=ann)
    ann.groups.clear()

    _units(remix, LESS)

    assert [used(one) for one in (*budgets, other)] == [LESS, LESS, LESS, 0]


def test_remix_from_before_budgets_ends_without_them() -> None:
    budget = make_budget(10)
    [remix] = request()
    Remix.objects.update(reservation=None, counted_cost=0, reserved_cost=None)

    put(remix, Status.QUEUED).cancel()

    assert used(budget) == COST  # as nobody knows what it belongs to


@pytest.mark.parametrize("is_counted", [True, False])
def test_success_at_the_estimated_cost_needs_no_query_for_budgets(
    django_assert_num_queries: DjangoAssertNumQueries, is_counted: bool
) -> None:
    [remix] = request()
    if not is_counted:
        Remix.objects.update(reservation=None)
    remix = put(remix, Status.STORING, billable_units=COST)
    result = make_video()

    with django_assert_num_queries(2):  # the remix, its history
        remix.succeed(result)
    with django_assert_num_queries(1):
        remix.set_calculated_cost(Decimal(1))


class Spending(RuleBasedStateMachine):
    """Requests, ends, costs that become known, and changes of budgets, in any order."""

    def __init__(self) -> None:
        super().__init__()
        Budget.objects.all().delete()
        Remix.objects.all().delete()

    def _some(self, data: st.DataObject, *statuses: str) -> Remix | None:
        rows = Remix.objects.filter(status__in=statuses).order_by("pk")
        return data.draw(st.sampled_from(list(rows))) if rows else None

    @rule(count=st.integers(1, 3), exceed=st.sampled_from([False, False, False, True]))
    def confirm(self, count: int, exceed: bool) -> None:
        self._spend(count * COST, exceed, lambda: request(count, exceed_budget=exceed))

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        remix = self._some(data, Status.FAILED, Status.CANCELLED)
        if remix and not remix.retries.exists():
            self._spend(COST, False, lambda: [services.retry(remix, by=None)])

    def _spend(self, cost: Decimal, exceed: bool, spend: Callable[[], list[Remix]]) -> None:
        """Refuse exactly what would exceed a budget."""
        lefts = Budget.objects.left_for(None)
        has_room = all(left.used + cost <= left.budget.amount for left in lefts)
        # Of a budget without a counter, only the request itself finds out.
        is_new = Budget.objects.filter(periods=None).exists()
        try:
            spend()
        except RequestRefused:
            assert not exceed
            assert is_new or not has_room
        else:
            assert exceed or has_room
            assert exceed or all(
                left.used <= left.budget.amount for left in Budget.objects.left_for(None)
            )

    @rule(data=st.data(), code=st.sampled_from(["http_502", "not_a_video", "odd"]))
    def fail(self, data: st.DataObject, code: str) -> None:
        if remix := self._some(data, Status.QUEUED, Status.PROCESSING):
            remix.fail(code, "")

    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        if remix := self._some(data, Status.QUEUED):
            put(remix, Status.SUBMITTING).accepted(f"fal-{remix.pk}")

    @rule(data=st.data())
    def lose_the_answer(self, data: st.DataObject) -> None:
        if remix := self._some(data, Status.QUEUED):
            put(remix, Status.SUBMITTING).unanswered("")

    @rule(data=st.data(), is_cancelled=st.booleans())
    def hold(self, data: st.DataObject, is_cancelled: bool) -> None:
        if remix := self._some(data, Status.QUEUED):
            claimed = put(remix, Status.SUBMITTING)
            if is_cancelled:
                services.cancel(remix, by=None)
            claimed.held("account_locked")

    @rule(data=st.data(), name=st.sampled_from(["cancel", "give_up", "collect_again"]))
    def decide(self, data: st.DataObject, name: str) -> None:
        if remix := self._some(data, *Status.values):
            try:
                getattr(services, name)(remix, by=None)
            except InvalidTransition:
                return

    @rule(data=st.data(), cost=st.sampled_from([LESS, COST, MORE]))
    def calculate(self, data: st.DataObject, cost: Decimal) -> None:
        if remix := self._some(data, *Status.values):
            _units(remix, cost)

    @rule(data=st.data(), cost=st.sampled_from([Decimal(0), LESS, MORE]))
    def bill(self, data: st.DataObject, cost: Decimal) -> None:
        if remix := self._some(data, *Status.values):
            bill(remix, cost)

    @rule(amount=st.sampled_from(["0.5", "1.2", "4"]), period=st.sampled_from(["month", "once"]))
    def set_budget(self, amount: str, period: str) -> None:
        budget = Budget.objects.filter(period=period).first() or Budget(period=period)
        budget.amount = Decimal(amount)
        budget.save()

    @rule()
    def delete_budget(self) -> None:
        Budget.objects.filter(period="month").delete()

    @invariant()
    def counters_are_right(self) -> None:
        assert_counters_are_right()

    @invariant()
    def what_is_known_best_counts(self) -> None:
        for remix in Remix.objects.all():
            assert remix.counted_cost == cost_to_count(remix)

    @invariant()
    def monthly_budget_counts_everything(self) -> None:
        for period in BudgetPeriod.objects.filter(budget__period="month"):
            costs = Remix.objects.values_list("counted_cost", flat=True)
            assert period.used == sum(costs, Decimal(0))


def test_counters_are_right_in_any_order_of_events() -> None:
    run_state_machine_as_test(
        Spending,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
