"""Retrying and sending again: the price is shown first, and one click never pays twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from sora_remix import services
from sora_remix.models import Remix, RemixEvent, Video
from sora_remix.models.status import Status
from sora_remix.recipe import Recipe
from tests.checkout import SORA, make_clip
from tests.factories import make_remix, make_video
from tests.html import facts, messages
from tests.remix_actions import ask, confirm, history

pytestmark = pytest.mark.django_db
Kind = RemixEvent.Kind


def test_retry_makes_a_new_remix_and_both_histories_link_it(admin_client: Client) -> None:
    remix = make_remix(status=Status.FAILED)

    response = confirm(admin_client, ask(admin_client, "retry", [remix]))

    again = Remix.objects.get(retry_of=remix)
    assert (again.status, str(again.requested_by)) == (Status.QUEUED, "admin")
    assert history(remix) == [Kind.RETRIED]
    assert history(again) == [Kind.REQUESTED]
    assert messages(response) == ["1 remix was requested again, as a new one."]


def test_page_shows_the_price_of_each_retry_and_the_total(admin_client: Client) -> None:
    sources = [make_video(duration=length) for length in (4, 8, None)]
    remixes = [make_remix(status=Status.CANCELLED, source=source) for source in sources]

    page = ask(admin_client, "retry", remixes).content.decode()

    for cell in ("<td>$0.40</td>", "<td>$0.80</td>", "<td>cost unknown</td>"):
        assert cell in page
    assert 'value="Retry 3 remixes ($1.20 + 1 of unknown cost)"' in page
    assert "was switched off by its provider" in page


def test_price_that_is_not_firm_is_shown_as_approximate(
    admin_client: Client, settings: Settings
) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"any": SORA}
    remix = make_remix(status=Status.FAILED, endpoint="any")

    page = ask(admin_client, "retry", [remix]).content.decode()

    assert "<td>about $0.40</td>" in page
    assert 'value="Retry 1 remix (about $0.40)"' in page
    assert "was switched off" not in page


def test_retry_is_refused_when_the_price_changed_since_the_page_was_shown(
    admin_client: Client,
) -> None:
    asked = ask(admin_client, "retry", [make_remix(status=Status.FAILED)])
    Video.objects.update(duration=8)

    response = confirm(admin_client, asked)

    assert "Nothing was done" in response.content.decode()
    assert 'value="Retry 1 remix ($0.80)"' in response.content.decode()
    assert Remix.objects.count() == 1


def test_retried_remix_is_not_retried_again(admin_client: Client) -> None:
    remix = make_remix(status=Status.FAILED)
    services.retry(remix, by=None)

    response = ask(admin_client, "retry", [remix])

    assert facts(response)["Not changed"] == "1 remix1 × It was already retried."


def _page(client: Client, act: str, remix: Remix) -> Any:
    return client.get(reverse(f"admin:sora_remix_remix_{act}", args=[remix.pk]))


def test_retry_from_the_page_of_a_remix_redirects_to_the_new_one(
    admin_client: Client,
) -> None:
    remix = make_remix(status=Status.CANCELLED)

    response = confirm(admin_client, _page(admin_client, "retry", remix))

    again = Remix.objects.get(retry_of=remix)
    assert response.redirect_chain == [(f"/admin/sora_remix/remix/{again.pk}/change/", 302)]


def test_sending_again_warns_of_a_double_charge_with_its_amount(
    admin_client: Client,
) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    page = _page(admin_client, "send_again", remix).content.decode()

    assert "You may be charged twice." in page
    assert 'value="Send 1 remix again ($0.40)"' in page
    assert Remix.objects.count() == 1


def test_sending_again_makes_a_new_remix_and_both_histories_link_it(admin_client: Client) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    response = confirm(admin_client, _page(admin_client, "send_again", remix))

    again = Remix.objects.get(retry_of=remix)
    remix.refresh_from_db()
    assert (remix.status, again.status) == (Status.UNCONFIRMED, Status.QUEUED)
    assert history(remix) == [Kind.SENT_AGAIN]
    assert history(again) == [Kind.REQUESTED]
    assert messages(response)[0].startswith("1 remix was sent again")


@pytest.mark.parametrize("act", ["retry", "send_again"])
def test_confirming_twice_requests_one_remix(admin_client: Client, act: str) -> None:
    status = Status.FAILED if act == "retry" else Status.UNCONFIRMED
    remix = make_remix(status=status)
    asked = _page(admin_client, act, remix)
    confirm(admin_client, asked)

    response = confirm(admin_client, asked)

    assert Remix.objects.count() == 2
    assert messages(response) == [f"1 remix was not changed ({remix}): It was already retried."]


@pytest.mark.parametrize("act", ["retry", "send_again"])
def test_price_that_was_not_shown_is_not_paid(admin_client: Client, act: str) -> None:
    status = Status.FAILED if act == "retry" else Status.UNCONFIRMED
    remix = make_remix(status=status)
    url = reverse(f"admin:sora_remix_remix_{act}", args=[remix.pk])

    pages = [admin_client.post(url, data) for data in ({}, {"_terms": "1 0 0"})]

    assert all("($0.40)" in page.content.decode() for page in pages)
    assert Remix.objects.count() == 1


def test_retry_of_a_part_is_priced_and_accepted_by_that_part(admin_client: Client) -> None:
    facts = {"status": Status.FAILED, "endpoint": "flux-3", "endpoint_id": "fal-ai/flux-3"}
    part = Recipe(start=Decimal(10), end=Decimal(14)).to_text()
    remix = make_remix(source=make_clip(duration=70), recipe=part, **facts)
    whole = make_remix(source=make_clip(duration=4), **facts)

    page = ask(admin_client, "retry", [remix, whole]).content.decode()

    assert page.count("<td>$0.12</td>") == 2
    assert 'value="Retry 2 remixes ($0.24)"' in page
