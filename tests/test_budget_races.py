"""No number of simultaneous requests exceeds a budget, nor is refused while it has room."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db.models import Sum

from sora_remix import services, tasks
from sora_remix.exceptions import RequestRefused
from sora_remix.models import Budget, BudgetPeriod, Remix
from tests.factories import at_once, make_video

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = int(os.environ.get("TEST_BUDGET_THREADS", "10"))
ROUNDS = int(os.environ.get("TEST_BUDGET_ROUNDS", "10"))
COST = Decimal("0.4")
"""Of four seconds of Sora 2."""


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is queued: the decision alone is looked at."""
    monkeypatch.setattr(tasks, "async_task", lambda *_args: None)


def used() -> Decimal:
    return BudgetPeriod.objects.get().used


def counted() -> Decimal:
    return Remix.objects.aggregate(total=Sum("counted_cost"))["total"] or Decimal(0)


def request(prompts: int = 1) -> Callable[[], bool]:
    """Return a call that requests remixes of a new video, and whether it was accepted."""
    video = make_video()

    def call() -> bool:
        try:
            services.request_remixes([video], [f"noir {n}" for n in range(prompts)])
        except RequestRefused as refusal:
            assert [reason.field for reason in refusal.reasons] == ["budget"]
            return False
        return True

    return call


@pytest.mark.parametrize("room", [1, THREADS // 2])
def test_budget_takes_exactly_what_fits(isolation: str, room: int) -> None:
    for _ in range(ROUNDS):
        Remix.objects.all().delete()
        Budget.objects.all().delete()
        Budget.objects.create(amount=room * COST, period="day")

        accepted = at_once(request(), times=THREADS)

        assert (sum(accepted), used(), counted()) == (room, room * COST, room * COST)
