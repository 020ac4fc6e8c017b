"""Facts that fal states about its endpoints are stored separately from their records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from sora_remix.models import EndpointFact
from tests.factories import ago, at_once

pytestmark = pytest.mark.django_db

ID = "fal-ai/sea/edit"
facts = EndpointFact.objects


def test_endpoint_stays_retired_from_the_first_report() -> None:
    first = ago(days=3)
    EndpointFact.objects.create(endpoint_id=ID, retired_at=first)

    facts.note_retired(ID)

    assert facts.retired() == {ID: first}


@pytest.mark.parametrize("known", [True, False])
def test_endpoint_is_recorded_as_retired_now(*, known: bool) -> None:
    if known:
        EndpointFact.objects.create(endpoint_id=ID)
    before = timezone.now()

    facts.note_retired(ID)

    assert before <= facts.retired()[ID] <= timezone.now()


@pytest.mark.django_db(transaction=True)
def test_endpoint_reported_simultaneously_is_recorded_once() -> None:
    at_once(lambda: facts.note_retired(ID), times=4)

    assert list(facts.retired()) == [ID]


def test_endpoint_that_is_back_is_not_retired() -> None:
    facts.note_retired(ID)
    facts.note_retired("fal-ai/other")

    facts.note_living(ID)
    facts.note_living("fal-ai/never-seen")

    assert list(facts.retired()) == ["fal-ai/other"]


def test_price_is_stored_exactly_with_its_unit_and_time() -> None:
    before = timezone.now()
    facts.note_price(ID, Decimal("0.25"), "images", "EUR")

    facts.note_price(ID, Decimal("0.000001"), "seconds", "USD")

    price = facts.unit_price_of(ID)
    assert price and price[:3] == (Decimal("0.000001"), "seconds", "USD")
    assert before <= price.at <= timezone.now()


def test_price_that_can_not_be_stored_exactly_is_unknown() -> None:
    facts.note_price(ID, Decimal("0.0000005"), "tokens", "USD")

    assert facts.unit_price_of(ID) is None


@pytest.mark.parametrize("values", [{}, {"unit_price": 1}])
def test_price_that_fal_did_not_state_is_unknown(values: dict[str, Any]) -> None:
    EndpointFact.objects.create(endpoint_id=ID, **values)

    assert facts.unit_price_of(ID) is None
    assert facts.unit_price_of("fal-ai/never-seen") is None


def test_long_unit_is_cut() -> None:
    facts.note_price(ID, Decimal(1), "u" * 500, "c" * 500)

    price = facts.unit_price_of(ID)
    assert price and (len(price.unit), len(price.currency)) == (100, 10)


def test_price_does_not_change_the_retirement() -> None:
    facts.note_retired(ID)

    facts.note_price(ID, Decimal(1), "seconds", "USD")

    assert list(facts.retired()) == [ID]


def test_fact_is_displayed_by_the_id_of_its_endpoint() -> None:
    assert str(EndpointFact(endpoint_id=ID)) == ID
