"""No number of simultaneous requests exceeds a budget, nor is refused while it has room."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial

import pytest

from sora_remix import services, tasks
from sora_remix.database import retry_conflicts
from sora_remix.exceptions import Reason, RequestRefused
from sora_remix.models import Budget, Remix, Reservation
from tests.budgets import COST, assert_counters_are_right, make_budget, used
from tests.factories import at_once, make_video

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = int(os.environ.get("TEST_BUDGET_THREADS", "10"))
ROUNDS = int(os.environ.get("TEST_BUDGET_ROUNDS", "10"))
Status = Remix.Status


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is queued: the decision alone is looked at."""
    monkeypatch.setattr(tasks, "async_task", lambda *_args: None)


def request(count: int = 1) -> Callable[[], bool]:
    """Return a call that requests remixes of a new video, and whether it was accepted."""
    video = make_video()
    prompts = [f"noir {number}" for number in range(count)]

    def call() -> bool:
        reasons: Sequence[Reason] = ()
        try:
            services.request_remixes([video], prompts)
        except RequestRefused as refusal:
            reasons = refusal.reasons
        assert {reason.field for reason in reasons} <= {"budget"}
        return not reasons

    return call


def start_anew() -> None:
    """Delete what the round before has left."""
    Remix.objects.all().delete()
    Budget.objects.all().delete()
    Reservation.objects.all().delete()


def total() -> Decimal:
    return sum(Remix.objects.values_list("counted_cost", flat=True), Decimal(0))


@pytest.mark.parametrize("room", [1, THREADS // 2])
def test_budget_takes_exactly_what_fits(isolation: str, room: int) -> None:
    for _ in range(ROUNDS):
        start_anew()
        budget = make_budget(room * COST, period="day")

        accepted = at_once(request(), times=THREADS)

        assert (sum(accepted), used(budget), total()) == (room, room * COST, room * COST)


def test_nothing_is_missed_while_costs_become_known_and_budgets_are_made(isolation: str) -> None:
    for _ in range(ROUNDS):
        start_anew()
        first = make_budget(THREADS * COST, period="once")
        known, failing, cancelled, failed = (_requested() for _ in range(4))
        failed.fail("cannot_reach_fal", "")
        known.billable_units = Decimal("0.3")

        together(
            *(request() for _ in range(THREADS)),
            partial(make_budget, 100, period="month"),
            partial(make_budget, 100, period="day"),
            partial(known.set_calculated_cost, Decimal(1)),
            partial(failing.fail, "cannot_reach_fal", ""),
            partial(services.cancel, cancelled, by=None),
            partial(services.retry, failed, by=None),
        )

        # The next request counts what none has counted yet.
        services.request_remixes([make_video()], ["noir"], exceed_budget=True)
        assert_counters_are_right()
        assert [used(one) for one in Budget.objects.all()] == [total()] * 3
        assert used(first) <= first.amount + COST


def _requested() -> Remix:
    [remix] = services.request_remixes([make_video()], ["noir"])
    return remix


def together(*calls: Callable[[], object]) -> None:
    """Make different calls at once, each again while another one is in its way."""
    waiting = iter(calls)
    lock = threading.Lock()

    def run() -> None:
        with lock:
            call = next(waiting)
        with suppress(RequestRefused):
            retry_conflicts(call)()

    at_once(run, times=len(calls))
