"""Editors see what was billed unexpectedly, and that the account's money runs out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django import Settings

from sora_remix.admin.formatting import outcomes
from sora_remix.models import AccountBalance, BillFlag, Chain, Remix, RemixEvent
from sora_remix.models.status import Status
from tests.factories import ago, make_remix
from tests.html import listed
from tests.remix_actions import LIST, log_in

pytestmark = pytest.mark.django_db

TWICE = "fal billed it more than once. If that is wrong, ask fal for a refund."
FLAGS = (
    (BillFlag.REPEATED, TWICE),
    (BillFlag.WITHOUT_RESULT, "fal billed it, although it has no result."),
    (BillFlag.EXCESSIVE, "fal billed far more for it than was estimated."),
)


@pytest.fixture(autouse=True)
def living_site(any_endpoint: None) -> None:
    """The site offers an endpoint that lives, and has workers."""
    Chain.objects.create(pk=1, worked_at=ago())


def flagged(flag: str = BillFlag.REPEATED, *, days: float = 0, **values: Any) -> Remix:
    values = {"status": Status.SUCCEEDED, "billed_cost": Decimal("0.8"), **values}
    remix = make_remix(bill_flag=flag, **values)
    kind = RemixEvent.Kind.BILL_FLAGGED
    RemixEvent.objects.create(remix=remix, kind=kind, detail=flag, at=ago(days=days))
    return remix


def notices(client: Client) -> str:
    page = client.get(LIST).content.decode()
    return page.partition('<div class="sora-remix-notices">')[2].partition("</div>")[0]


@pytest.mark.parametrize(("flag", "said"), FLAGS)
def test_unexpected_bill_is_described_in_words(
    admin_client: Client, flag: BillFlag, said: str
) -> None:
    remix = flagged(flag)

    page = admin_client.get(f"{LIST}{remix.pk}/change/").content.decode()
    history = admin_client.get(f"{LIST}{remix.pk}/history/").content.decode()

    assert f'<p class="sora-remix-notice">{escape(said)}' in page
    assert said in outcomes.explain(remix)
    assert "fal billed it unexpectedly." in history
    assert str(flag.label) in history


def test_expected_bill_is_not_explained(admin_client: Client) -> None:
    remix = make_remix(status=Status.SUCCEEDED, billed_cost=Decimal("0.8"))

    assert outcomes.explain(remix) == ""
    assert "fal billed" not in admin_client.get(f"{LIST}{remix.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("lookup", "prompts"),
    [
        ("bill=unexpected", {flag.value for flag in BillFlag}),
        ("bill=repeated", {"repeated"}),
        ("bill=without_result", {"without_result"}),
        ("bill=excessive", {"excessive"}),
        ("bill=other", {"", *(flag.value for flag in BillFlag)}),
    ],
)
def test_remixes_are_filtered_by_their_bills(
    admin_client: Client, lookup: str, prompts: set[str]
) -> None:
    for flag in ("", *BillFlag.values):
        make_remix(prompt=flag, bill_flag=flag)

    found = Remix.objects.in_bulk(listed(admin_client.get(f"{LIST}?{lookup}")))

    assert {remix.prompt for remix in found.values()} == prompts


def test_unexpected_bills_are_counted_with_a_link(client: Client) -> None:
    log_in(client, "view_remix")
    flagged()
    one = notices(client)
    flagged(BillFlag.EXCESSIVE)

    assert "In the last seven days, 1 remix was billed unexpectedly." in one
    assert "In the last seven days, 2 remixes were billed unexpectedly." in notices(client)
    assert f'<a href="{LIST}?bill=unexpected">Show remixes</a>' in one


def test_old_and_returned_bills_are_not_counted(client: Client) -> None:
    log_in(client, "view_remix")
    flagged(days=8)
    Remix.objects.filter(pk=flagged().pk).update(bill_flag="")

    assert notices(client) == ""


def test_unexpected_bills_are_shown_only_to_those_who_may_view_remixes(client: Client) -> None:
    log_in(client, "view_video")
    flagged()

    page = client.get("/admin/sora_remix/video/").content.decode()

    assert "billed unexpectedly" not in page


def _left(amount: str, **values: Any) -> None:
    row = {"amount": amount, "currency": "USD", "read_at": ago(), "asked_at": ago(), **values}
    AccountBalance.objects.create(pk=1, **row)


def test_low_balance_is_shown_to_administrators(admin_client: Client, settings: Settings) -> None:
    settings.SORA_REMIX_LOW_BALANCE = 20
    _left("19.994")

    said = notices(admin_client)

    assert "account at fal has $19.99 left. At 0, fal refuses remixes." in said
    assert '<a href="https://fal.ai/dashboard/billing"' in said


def test_low_balance_is_told_others_without_the_amount(client: Client, settings: Settings) -> None:
    settings.SORA_REMIX_LOW_BALANCE = 20.5
    log_in(client, "view_remix")
    _left("20")

    said = notices(client)

    assert "account at fal is running out of money. Ask an administrator to top it up." in said
    assert "20" not in said


@pytest.mark.parametrize(
    ("least", "values"),
    [
        (None, {}),
        (10, {}),
        (20, {"currency": "EUR"}),
        (20, {"read_at": None}),
        (20, {"read_at": ago(days=2)}),
    ],
)
def test_balance_that_is_enough_or_unknown_is_not_reported(
    admin_client: Client, settings: Settings, least: float | None, values: dict[str, Any]
) -> None:
    settings.SORA_REMIX_LOW_BALANCE = least
    _left("10", **values)

    assert notices(admin_client) == ""
