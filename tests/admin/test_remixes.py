"""Editors see the progress of remixes, their costs, and reasons of failures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.admin.formatting import money, outcomes
from sora_remix.models import Remix, RemixBatch
from sora_remix.models.charges import charge
from sora_remix.models.status import Status
from tests.factories import ago, make_remix, make_video
from tests.html import listed

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/remix/"
OUR_CODES = (
    "credentials_refused",
    "endpoint_retired",
    "source_not_remixable",
    "source_unreachable",
    "cannot_reach_fal",
    "result_missing",
    "result_refused",
    "result_expired",
    "not_a_video",
    "given_up",
)


def _page(remix: Remix) -> str:
    return reverse("admin:sora_remix_remix_change", args=[remix.pk])


def _failed(code: str = "", **values: Any) -> Remix:
    return make_remix(status=Status.FAILED, error_code=code, **values)


def test_the_list_shows_source_prompt_status_cost_and_result(
    admin_client: Client, admin_user: User
) -> None:
    result = make_video(title="Noir sea", thumbnail="noir.jpg")
    remix = make_remix(
        status=Status.SUCCEEDED,
        result=result,
        prompt="make it noir " * 20,
        billed_cost=Decimal("0.4"),
        requested_by=admin_user,
    )

    page = admin_client.get(LIST).content.decode()

    assert f'<a href="/admin/sora_remix/video/{remix.source.pk}/change/">Sea</a>' in page
    assert f'<a href="/admin/sora_remix/video/{result.pk}/change/">' in page
    assert "Noir sea" in page
    assert 'src="/media/noir.jpg" alt="Noir sea"' in page
    assert "make it noir make it noir" in page
    assert remix.prompt not in page
    assert 'sora-remix-succeeded">succeeded</span>' in page
    for text in ("$0.40", "Sora 2", str(admin_user)):
        assert text in page


WORDLESS = "fal returned an error this site doesn't know. See “Exchange with fal” below."
OTHERWISE = "Retrying only helps with another prompt or video."


@pytest.mark.parametrize("code", OUR_CODES)
def test_list_explains_each_error(admin_client: Client, code: str) -> None:
    remix = _failed(code, error_message="HTTP 4711: no")

    page = admin_client.get(LIST).content.decode()

    assert escape(outcomes.explain(remix)) in page
    assert "HTTP 4711" not in page
    assert str(money.CHARGES[charge(remix)]) in outcomes.explain(remix)


def test_unknown_error_is_shown_as_unknown() -> None:
    said, coded, silent = _failed("http_418", error_message="Tea"), _failed("tea"), _failed()

    explained = [outcomes.explain(remix) for remix in (said, coded, silent)]

    assert explained == [
        f"{WORDLESS} Nothing was charged. {OTHERWISE}",
        f"{WORDLESS} Nothing was charged. {OTHERWISE}",
        "It failed for an unknown reason. Nothing was charged.",
    ]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("cannot_reach_fal", "Retrying may help."),
        ("http_503", "Retrying may help."),
        ("runner_disconnected", "Retrying may help."),
        ("content_policy_violation", "Retrying only helps with another prompt or video."),
        ("credentials_refused", "Retrying won't help until an administrator has fixed this."),
        ("result_expired", "Collect it again first: that is free."),
        ("result_refused", "Once the site's settings allow it, collect it again: that is free."),
    ],
)
def test_failure_says_whether_a_retry_can_help(code: str, advice: str) -> None:
    assert outcomes.explain(_failed(code, request_id="fal-1")).endswith(advice)


def test_unconfirmed_remix_is_shown_as_possibly_charged_and_is_not_sent_again(
    admin_client: Client,
) -> None:
    make_remix(status=Status.UNCONFIRMED, estimated_cost=1)

    page = admin_client.get(LIST).content.decode()

    assert "If fal has it, you may be charged" in page
    assert "It is never sent again automatically." in page
    assert "about $1.00" in page


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PROCESSING, Status.SUCCEEDED])
def test_remix_without_a_problem_shows_no_explanation(status: Status) -> None:
    assert outcomes.explain(make_remix(status=status)) == ""


def test_cancelled_remix_is_shown_as_not_charged() -> None:
    remix = make_remix(status=Status.CANCELLED)

    assert outcomes.explain(remix) == "It was cancelled. Nothing was charged."


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"billed_cost": Decimal("1234.5")}, "$1,234.50 billed"),
        ({"calculated_cost": Decimal("0.123456")}, "$0.12 calculated"),
        ({"calculated_cost": Decimal("0.3"), "billed_cost": Decimal("0.4")}, "$0.40 billed"),
        ({"estimated_cost": Decimal("0.4")}, "about $0.40"),
        ({}, "cost unknown"),
        ({"estimated_cost": Decimal("0.4"), "status": Status.CANCELLED}, "nothing"),
        (
            {"estimated_cost": Decimal("0.4"), "status": Status.FAILED, "request_id": "r"},
            "about $0.40",
        ),
    ],
)
def test_cost_is_described_in_words(values: dict[str, Any], shown: str) -> None:
    assert money.cost(make_remix(**values)) == shown


def test_prompts_titles_and_messages_of_fal_are_escaped(admin_client: Client) -> None:
    remix = _failed(
        "odd",
        prompt="<script>1</script>",
        source=make_video(title="<script>2</script>"),
        result=make_video(title="<script>3</script>"),
        error_message="<script>4</script>",
        endpoint="<script>5</script>",
    )

    pages = [admin_client.get(url).content.decode() for url in (LIST, _page(remix))]

    for page in pages:
        for number in (1, 2, 3, 5):
            assert f"<script>{number}" not in page
            assert f"&lt;script&gt;{number}" in page
    assert ["&lt;script&gt;4" in page for page in pages] == [False, True]


def test_list_opens_with_a_wrong_endpoint_setting(admin_client: Client, settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"broken": {}}
    make_remix()

    page = admin_client.get(LIST).content.decode()

    assert "sora-2" in page
    assert "By model" not in page


def test_page_of_a_remix_shows_all_fields_and_plays_the_result(
    admin_client: Client, admin_user: User
) -> None:
    remix = make_remix(
        status=Status.SUCCEEDED,
        result=make_video(file="sora_remix/videos/a.mp4"),
        requested_by=admin_user,
        request_id="request-1",
        estimated_cost=Decimal("0.4"),
        options={"delete_video": False},
        finished_at=ago(days=1),
    )

    page = admin_client.get(_page(remix)).content.decode()

    assert 'src="/media/sora_remix/videos/a.mp4"' in page
    assert "about $0.40" in page
    assert str(remix.key) in page
    assert "request-1" in page
    assert "Delete the result at the provider: No" in page
    assert "delete_video" not in page


def test_deleted_result_is_shown_as_deleted(admin_client: Client) -> None:
    remix = make_remix(status=Status.SUCCEEDED)

    page = admin_client.get(_page(remix)).content.decode()

    assert "deleted" in page
    assert "<video" not in page


def test_remixes_can_not_be_added_changed_or_deleted(admin_client: Client) -> None:
    remix = make_remix(prompt="noir")

    added = admin_client.get(f"{LIST}add/")
    changed = admin_client.post(_page(remix), {"prompt": "gold"})
    deleted = admin_client.post(f"{LIST}{remix.pk}/delete/", {"post": "yes"})

    assert {response.status_code for response in (added, changed, deleted)} == {403}
    assert Remix.objects.get().prompt == "noir"


@pytest.mark.parametrize(
    ("lookup", "prompts"),
    [
        ("batch__id__exact={batch}", {"batch"}),
        ("source__id__exact={source}", {"source"}),
        ("status__exact=failed", {"failed"}),
        ("endpoint=other", {"other"}),
        ("q=request-7", {"failed"}),
        ("q=Special", {"source"}),
        ("batch__id__exact=999999", set()),
    ],
)
def test_remixes_are_filtered_and_searched(
    admin_client: Client, lookup: str, prompts: set[str]
) -> None:
    batch = RemixBatch.objects.start([], by=AnonymousUser())
    source = make_video(title="Special")
    make_remix(prompt="batch", batch=batch)
    make_remix(prompt="source", source=source)
    make_remix(prompt="other", endpoint="other")
    _failed(prompt="failed", request_id="request-7")

    lookup = lookup.format(batch=batch.pk, source=source.pk)
    response = admin_client.get(f"{LIST}?{lookup}")

    found = Remix.objects.in_bulk(listed(response))
    assert {remix.prompt for remix in found.values()} == prompts


def test_filter_chosen_by_a_link_is_shown_by_name(admin_client: Client) -> None:
    remix = make_remix(source=make_video(title="<b>Special</b>"))

    page = admin_client.get(f"{LIST}?source__id__exact={remix.source.pk}").content.decode()

    assert "By source" in page
    assert "&lt;b&gt;Special&lt;/b&gt;</a>" in page
    assert "By batch" not in page


def test_filter_that_is_not_a_number_is_refused(admin_client: Client) -> None:
    response = admin_client.get(f"{LIST}?batch__id__exact=x")

    assert response.url == f"{LIST}?e=1"  # type: ignore[attr-defined]


def test_list_needs_as_many_queries_for_1000_remixes_as_for_10(
    admin_client: Client, admin_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (10, 990):
        for _ in range(count):
            result = make_video(thumbnail="a.jpg")
            make_remix(result=result, requested_by=admin_user)

        with django_assert_num_queries(7):  # one of them for the users
            admin_client.get(LIST)
