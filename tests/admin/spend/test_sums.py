"""Sums are exact on every database, and an unknown cost is never 0."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import F

from sora_remix.admin.links import Links
from sora_remix.admin.spend.groupings import GROUPINGS, Spend
from sora_remix.admin.spend.sums import SpendSums, group_by, read_sums, to_dollars, total_of
from sora_remix.models import Remix, RemixBatch
from sora_remix.models.charges import best_known_cost
from sora_remix.models.status import Status
from tests.factories import make_remix, make_video
from tests.users import User

pytestmark = pytest.mark.django_db

CODES = ("", "given_up", "result_expired", "http_502", "content_policy_violation")


def _some(*, many: int, **values: Any) -> list[Remix]:
    """Make remixes of all kinds, whose costs floating-point numbers can't add exactly."""
    chance = random.Random(4)
    videos = [make_video() for _ in range(3)]
    batches = [RemixBatch.objects.create(name=str(number)) for number in range(3)]
    people = [User.objects.create_user(f"user-{number}").pk for number in range(3)]

    def cost() -> Decimal | None:
        amount = Decimal(chance.randrange(1, 9_999_999_999)).scaleb(-6)
        return amount if chance.random() < 0.5 else None

    made = [
        Remix(
            source=chance.choice(videos),
            batch=chance.choice([*batches, None]),
            requested_by_id=chance.choice([*people, None]),
            endpoint=chance.choice(["sora-2", "flux-3"]),
            status=chance.choice(Status.values),
            error_code=chance.choice(CODES),
            request_id=chance.choice(["", f"r{number}"]),
            estimated_cost=cost(),
            calculated_cost=cost(),
            billed_cost=cost(),
            **values,
        )
        for number in range(many)
    ]
    Remix.objects.bulk_create(made, batch_size=500)
    return made


def _sum(amounts: list[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def test_sums_are_those_of_the_exact_decimals() -> None:
    made = _some(many=400)

    sums = total_of(Remix.objects.all())

    best = [best_known_cost(remix) for remix in made]
    failed = [best_known_cost(remix) for remix in made if remix.status == Status.FAILED]
    assert to_dollars(sums.estimated) == _sum([remix.estimated_cost for remix in made])
    assert to_dollars(sums.calculated) == _sum([remix.calculated_cost for remix in made])
    assert to_dollars(sums.billed) == _sum([remix.billed_cost for remix in made])
    assert to_dollars(sums.best) == _sum(best)
    assert to_dollars(sums.failed) == _sum(failed)
    assert (sums.remixes, sums.unknown_count) == (400, best.count(None))
    assert (sums.failed_count, sums.failed_unknown_count) == (len(failed), failed.count(None))


def test_many_small_amounts_add_up_exactly() -> None:
    source = make_video()
    tenths = [Remix(source=source, billed_cost="0.1", status=Status.SUCCEEDED) for _ in range(1000)]
    Remix.objects.bulk_create([*tenths, Remix(source=source, billed_cost="99999999.000001")])

    sums = total_of(Remix.objects.all())

    assert to_dollars(sums.billed) == Decimal("100000099.000001")


@pytest.mark.parametrize("grouping", [name for name in GROUPINGS if name != "group"])
def test_total_is_the_sum_of_the_rows(grouping: str) -> None:
    _some(many=100)
    spend = Spend(Remix.objects.all(), Links(admin.site), lambda **_changes: "")

    table = spend.table(grouping)

    added = SpendSums()
    for row in table.all_rows:
        added += row.sums
    assert len(table.all_rows) > 1 or grouping in ("day", "week", "month")
    assert added == table.total == total_of(Remix.objects.all())


def test_groups_have_their_own_sums() -> None:
    make_remix(endpoint="sora-2", billed_cost=1)
    make_remix(endpoint="flux-3", billed_cost=2, estimated_cost=3)
    make_remix(endpoint="flux-3", billed_cost=4)

    found = {key: read_sums(tuple(rest)) for key, *rest in group_by(_all(), F("endpoint"))}

    assert {key: to_dollars(sums.billed) for key, sums in found.items()} == {
        "sora-2": 1,
        "flux-3": 6,
    }
    assert (found["flux-3"].estimated_count, found["sora-2"].estimated_count) == (1, 0)


def test_approved_results_are_counted() -> None:
    for approval in ("approved", "rejected", "new"):
        make_remix(result=make_video(approval=approval))
    make_remix()

    assert total_of(_all()).approved_count == 1


def test_no_remixes_have_no_sums() -> None:
    assert total_of(_all()) == SpendSums()


def _all() -> Any:
    return Remix.objects.all()
