"""What is charged and what is best known of a cost: in Python and in queries alike."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from sora_remix.models import Remix
from sora_remix.models.charges import (
    BEST_KNOWN_COST,
    CHARGED_CODES,
    COST_BASIS,
    FREE_CODES,
    Charge,
    CostBasis,
    best_known_cost,
    charge,
    cost_basis,
)
from sora_remix.models.status import Status
from tests.factories import make_remix, make_video

pytestmark = pytest.mark.django_db

CODES = (
    "",
    "given_up",
    "Given_up",
    "content_policy_violation",
    "http_502",
    "HTTP_502",
    "http_422",
    "http-502",
    "runner_disconnected",
    *CHARGED_CODES,
    *FREE_CODES,
)
COSTS = (None, Decimal(0), Decimal("0.123456"))
ESTIMATES = (None, Decimal("0.4"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"status": Status.QUEUED}, Charge.NOTHING),
        ({"status": Status.SUBMITTING}, Charge.POSSIBLE),
        ({"status": Status.UNCONFIRMED}, Charge.POSSIBLE),
        ({"status": Status.PROCESSING}, Charge.CHARGED),
        ({"status": Status.SUCCEEDED}, Charge.CHARGED),
        ({"status": Status.FAILED, "error_code": "content_policy_violation"}, Charge.NOTHING),
        ({"status": Status.FAILED, "error_code": "given_up"}, Charge.POSSIBLE),
        (
            {
                "status": Status.FAILED,
                "error_code": "content_policy_violation",
                "request_id": "r",
            },
            Charge.POSSIBLE,
        ),
        (
            {"status": Status.FAILED, "error_code": "result_expired", "request_id": "r"},
            Charge.CHARGED,
        ),
        (
            {"status": Status.FAILED, "error_code": "generation_timeout", "request_id": "r"},
            Charge.NOTHING,
        ),
        ({"status": Status.FAILED, "error_code": "http_502", "request_id": "r"}, Charge.NOTHING),
        ({"status": Status.FAILED, "billed_cost": Decimal("0.4")}, Charge.CHARGED),
        ({"status": Status.SUCCEEDED, "billed_cost": Decimal(0)}, Charge.NOTHING),
        ({"status": Status.FAILED, "calculated_cost": Decimal("0.4")}, Charge.CHARGED),
        (
            {
                "status": Status.FAILED,
                "calculated_cost": Decimal("0.4"),
                "billed_cost": Decimal(0),
            },
            Charge.NOTHING,
        ),
    ],
)
def test_charge_follows_from_status_error_and_known_cost(
    values: dict[str, Any], expected: Charge
) -> None:
    assert charge(make_remix(**values)) == expected


def _every_kind() -> Iterator[Remix]:
    """Yield an unsaved remix for each combination that the rules can tell apart."""
    source = make_video()
    kinds = product(Status.values, CODES, (False, True), ESTIMATES, COSTS, COSTS)
    for number, (status, code, has_id, estimated, calculated, billed) in enumerate(kinds):
        yield Remix(
            source=source,
            status=status,
            error_code=code,
            request_id=f"r{number}" if has_id else "",
            estimated_cost=estimated,
            calculated_cost=calculated,
            billed_cost=billed,
        )


def test_queries_and_functions_agree_about_every_kind_of_remix() -> None:
    Remix.objects.bulk_create(_every_kind(), batch_size=500)

    read = list(Remix.objects.annotate(basis=COST_BASIS, best=BEST_KNOWN_COST))

    assert len(read) == 8 * len(CODES) * 2 * 2 * 3 * 3
    assert {remix.basis for remix in read} == {*CostBasis.values}
    assert [(remix.basis, remix.best) for remix in read] == [
        (cost_basis(remix), best_known_cost(remix)) for remix in read
    ]


@pytest.mark.parametrize(
    ("values", "basis", "best"),
    [
        ({"billed_cost": 1, "calculated_cost": 2, "estimated_cost": 3}, CostBasis.BILLED, 1),
        ({"calculated_cost": 2, "estimated_cost": 3}, CostBasis.CALCULATED, 2),
        ({"estimated_cost": 3}, CostBasis.ESTIMATED, 3),
        ({}, CostBasis.UNKNOWN, None),
        ({"status": Status.QUEUED, "estimated_cost": 3}, CostBasis.FREE, 0),
        ({"status": Status.CANCELLED, "estimated_cost": 3}, CostBasis.FREE, 0),
        ({"status": Status.CANCELLED, "billed_cost": 1}, CostBasis.BILLED, 1),
        ({"status": Status.UNCONFIRMED, "estimated_cost": 3}, CostBasis.ESTIMATED, 3),
        ({"status": Status.FAILED, "estimated_cost": 3}, CostBasis.FREE, 0),
    ],
)
def test_best_known_cost_is_billed_else_calculated_else_estimated(
    values: dict[str, Any], basis: CostBasis, best: int | None
) -> None:
    remix = make_remix(**{"status": Status.SUCCEEDED, **values})

    assert (cost_basis(remix), best_known_cost(remix)) == (basis, best)
