"""The page about spend shows what remixes cost, to those who may see it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from sora_remix.admin.spend import groupings
from sora_remix.models import AccountBalance, Remix, RemixBatch
from sora_remix.models.status import Status
from tests.admin_urls import change_url
from tests.factories import make_remix, make_video, moment
from tests.html import errors, find, find_all, inner_text, links, texts
from tests.html_validation import faults
from tests.remix_actions import log_in
from tests.users import User

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"
SPEND = "/admin/sora_remix/remix/spend/"


def _show(client: Client, **query: str) -> Any:
    response = client.get(SPEND, query)
    assert response.status_code == 200
    assert faults(response.content.decode()) == []
    return response


def _rows(page: Any) -> dict[str, list[str]]:
    """Return the cells of each row of the table by its label."""
    return {
        inner_text(row[0]): [inner_text(cell) for cell in row[1:]]
        for row in find_all(find(page, "div", "sora-remix-spend"), "tr")
        if row[0].get("scope") == "row"
    }


def _on(time: datetime, **values: Any) -> Remix:
    remix = make_remix(**{"status": Status.SUCCEEDED, **values})
    Remix.objects.filter(pk=remix.pk).update(created_at=time)
    return remix


def test_page_shows_each_cost_as_what_it_is(admin_client: Client) -> None:
    approved = make_video(approval="approved")
    costs = {"endpoint": "flux-3", "status": Status.SUCCEEDED}
    make_remix(**costs, estimated_cost=1, calculated_cost=2, billed_cost=3, result=approved)
    make_remix(**costs, estimated_cost="1.5", calculated_cost="0.25")
    make_remix(**costs, estimated_cost="0.1")
    make_remix(**costs)
    make_remix(**{**costs, "status": Status.CANCELLED}, estimated_cost=7)

    page = _show(admin_client, group="model")

    shown = [
        "5",
        "$9.60 for 4 of 5",
        "$2.25 for 2 of 5",
        "$3.00 for 1 of 5",
        "$3.35 + 1 of unknown cost $3.00 billed $0.25 calculated $0.10 estimated",
        "–",
        "at least $3.35 1 approved",
    ]
    assert _rows(page) == {"FLUX 3": shown, "Total": shown}


@pytest.mark.parametrize(("currency", "shown"), [("USD", "$12.35"), ("EUR", "12.345000 EUR")])
def test_balance_of_the_account_is_shown_with_its_time(
    admin_client: Client, currency: str, shown: str
) -> None:
    assert "account at fal" not in _show(admin_client).content.decode()
    AccountBalance.objects.start_reading(timedelta(0))
    AccountBalance.objects.note(Decimal("12.345"), currency)

    page = _show(admin_client).content.decode()

    assert f", the site&#x27;s account at fal had {shown} left." in page


def test_unknown_cost_is_never_zero(admin_client: Client) -> None:
    make_remix(status=Status.SUCCEEDED, result=make_video(approval="approved"))
    make_remix(status=Status.FAILED, request_id="r", error_code="tea")

    [row, _total] = _rows(_show(admin_client)).values()

    assert row == [
        "2",
        "unknown",
        "unknown",
        "unknown",
        "unknown",
        "unknown 1 failed",
        "unknown",
    ]


def test_failures_show_what_was_spent_on_them(admin_client: Client) -> None:
    charged = {"status": Status.FAILED, "request_id": "r", "error_code": "result_expired"}
    make_remix(**charged, estimated_cost="0.4")
    make_remix(status=Status.FAILED, estimated_cost=9)
    make_remix(status=Status.SUCCEEDED, estimated_cost=5)

    found = _rows(_show(admin_client))["Total"]
    only_failed = _rows(_show(admin_client, failed="on"))["Total"]

    assert found[5] == "$0.40 2 failed"
    assert found[4].startswith("$5.40")
    assert only_failed[4].startswith("$0.40")


def test_amounts_are_added_before_they_are_rounded(admin_client: Client) -> None:
    make_remix(endpoint="flux-3", billed_cost="1.004")
    make_remix(endpoint="sora-2", billed_cost="1.004")

    rows = _rows(_show(admin_client, group="model"))

    assert [row[3] for row in rows.values()] == ["$1.00", "$1.00", "$2.01"]


def test_periods_lead_to_their_days(admin_client: Client) -> None:
    _on(moment(2026, 2, 28, 23, 59), billed_cost=1)
    _on(moment(2026, 3, 1, 0, 0), billed_cost=2)

    page = _show(admin_client)
    february = next(one for one in links(page) if "start=2026-02-01" in one)
    days = admin_client.get(february)

    assert list(_rows(page)) == ["March 2026", "February 2026", "Total"]
    assert list(_rows(days)) == ["Feb. 28, 2026", "Total"]


def test_person_in_two_groups_counts_in_both_and_once_in_the_total(admin_client: Client) -> None:
    both, one = (User.objects.create_user(name) for name in ("both", "one"))
    news, sport = (Group.objects.create(name=name) for name in ("News", "Sport"))
    both.groups.set([news, sport])
    one.groups.set([sport])
    for user, cost in ((both, 1), (one, 2), (None, 4)):
        make_remix(requested_by=user, billed_cost=cost)

    page = _show(admin_client, group="group")

    billed = {name: row[3] for name, row in _rows(page).items()}
    assert billed == {
        "In no group": "$4.00",
        "Sport": "$3.00",
        "News": "$1.00",
        "Total": "$7.00",
    }
    assert "A person in two groups counts in both." in page.content.decode()


def test_people_are_named_also_when_they_are_gone(admin_client: Client) -> None:
    editor = User.objects.create_user("editor")
    make_remix(requested_by=editor, billed_cost=3)
    make_remix(billed_cost=2)
    gone = make_remix(billed_cost=1)
    Remix.objects.filter(pk=gone.pk).update(requested_by=4711)

    page = _show(admin_client, group="person")
    theirs = _show(admin_client, person=str(editor.pk))
    nobodys = _show(admin_client, person="nobody")

    assert list(_rows(page)) == ["editor", "Nobody", "Deleted user 4711", "Total"]
    assert [_rows(one)["Total"][3] for one in (theirs, nobodys)] == ["$3.00", "$2.00"]


def test_batches_and_videos_link_to_their_pages(admin_client: Client) -> None:
    batch = RemixBatch.objects.create(name="Dusk")
    remix = make_remix(batch=batch, billed_cost=1)
    make_remix()

    by_batch = _show(admin_client, group="batch")
    by_video = _show(admin_client, group="video")

    assert list(_rows(by_batch)) == ["Dusk", "No batch", "Total"]
    assert change_url(batch) in links(by_batch)
    assert change_url(remix.source) in links(by_video)


@pytest.mark.parametrize("grouping", ["video", "batch", "day", "person"])
def test_what_is_not_shown_is_summed_in_one_row(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, grouping: str
) -> None:
    monkeypatch.setattr(groupings, "MOST", 2)
    for number in range(1, 6):
        batch = RemixBatch.objects.create(name=f"Batch {number}") if number > 1 else None
        user = User.objects.create_user(f"user-{number}")
        time = moment(2026, 5, number)
        source = make_video(title=f"Film {number}")
        _on(time, source=source, batch=batch, requested_by=user, billed_cost=f"{number}.00001")

    rows = _rows(_show(admin_client, group=grouping))

    assert [row[3] for row in rows.values()] == ["$5.00", "$4.00", "$6.00", "$15.00"]
    assert list(rows)[2:] == ["3 others", "Total"]
    assert rows["3 others"][0] == "3"


def test_filters_narrow_what_is_summed(admin_client: Client) -> None:
    _on(moment(2026, 3, 31, 23, 59), endpoint="flux-3", billed_cost=1)
    _on(moment(2026, 4, 1, 0, 0), endpoint="flux-3", billed_cost=2)
    _on(moment(2026, 4, 30, 23, 59), endpoint="sora-2", billed_cost=4)
    _on(moment(2026, 5, 1, 0, 0), endpoint="flux-3", billed_cost=8)

    april = _show(admin_client, start="2026-04-01", end="2026-04-30")
    flux = _show(admin_client, model="flux-3")

    assert _rows(april)["Total"][3] == "$6.00"
    assert _rows(flux)["Total"][3] == "$11.00"


def test_wrong_filters_are_kept_and_nothing_is_shown(admin_client: Client) -> None:
    make_remix(billed_cost=1)

    page = _show(admin_client, start="31.2.2026", end="2026-01-01", group="moon", model="x")

    assert errors(page)["start"] == ["Enter a date such as 2026-11-29."]
    assert {"group", "model"} < errors(page).keys()
    assert find(page, "input", name="start").get("value") == "31.2.2026"
    assert find(page, "input", name="start").get("type") == "text"
    assert find(page, "input", name="end").get("value") == "2026-01-01"
    assert not find_all(find(page, "div", "sora-remix-spend"), "table")
    assert "Nothing is shown, because a filter is wrong." in page.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"start": "2026-02-02", "end": "2026-02-01"},
        {"start": "0001-01-01"},
        {"end": "9999-12-31"},
        {"person": "\0"},
        {"start": "\0"},
    ],
)
def test_impossible_filters_are_refused(admin_client: Client, query: dict[str, str]) -> None:
    response = admin_client.get(SPEND, query)

    assert response.status_code == 200
    assert errors(response).keys() == {list(query)[-1]}


def test_page_without_remixes_says_so(admin_client: Client) -> None:
    assert "No remixes match these filters." in _show(admin_client).content.decode()


@pytest.mark.parametrize("grouping", groupings.GROUPINGS)
def test_number_of_queries_is_fixed(admin_client: Client, grouping: str) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as found:
            _show(admin_client, group=grouping)
        return len(found)

    def request(number: int) -> None:
        user = User.objects.create_user(f"user-{number}")
        user.groups.set([Group.objects.create(name=str(number))])
        batch = RemixBatch.objects.create(name=f"{number}")
        time = moment(2026, 5, 1) + timedelta(days=40 * number)
        _on(time, requested_by=user, batch=batch, billed_cost=1)

    request(0)
    few = counted()
    for number in range(1, 8):
        request(number)

    assert counted() == few


def test_rows_that_the_site_hides_are_not_summed(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sora_remix.admin import RemixAdmin

    batch = RemixBatch.objects.create(name="Shown")
    batch.videos.set([make_video(), make_video()])
    make_remix(batch=batch, billed_cost=1)
    make_remix(billed_cost=2)
    shown = RemixAdmin.get_queryset

    def joined(self: Any, request: Any) -> Any:
        return shown(self, request).filter(batch__videos__isnull=False)  # each row twice

    monkeypatch.setattr(RemixAdmin, "get_queryset", joined)

    assert _rows(_show(admin_client))["Total"][:4] == ["1", "unknown", "unknown", "$1.00"]


@pytest.mark.parametrize("path", ["", "groups.csv", "remixes.csv"])
@pytest.mark.parametrize("held", [("view_remix",), ("view_costs",)])
def test_page_needs_both_permissions(client: Client, held: tuple[str, ...], path: str) -> None:
    log_in(client, *held)

    assert client.get(SPEND + path).status_code == 403


def test_lists_and_index_link_to_the_page_for_those_who_may_open_it(client: Client) -> None:
    log_in(client, "view_remix", "view_costs", username="accountant")
    pages = ["/admin/sora_remix/remix/", "/admin/sora_remix/"]

    linked = [SPEND in links(client.get(page)) for page in pages]
    log_in(client, "view_remix")
    unlinked = [SPEND in links(client.get(page)) for page in pages]

    assert (linked, unlinked) == ([True, True], [False, False])


def test_chart_needs_no_style_and_leaves_the_figures_to_the_table(admin_client: Client) -> None:
    _on(moment(2026, 3, 1), billed_cost=1)
    _on(moment(2026, 5, 1), billed_cost=2)

    page = _show(admin_client)

    [chart] = find_all(find(page, "figure"), f"{SVG}svg")
    assert chart.get("aria-hidden") == "true"
    assert not [one for one in chart.iter() if "style" in one.attrib]
    assert texts(chart, f"{SVG}title") == [
        "March 2026: $1.00",
        "April 2026: $0.00",
        "May 2026: $2.00",
    ]


def test_form_works_without_scripts_and_keeps_what_was_chosen(admin_client: Client) -> None:
    make_remix(billed_cost=1)

    page = _show(admin_client, group="video", start="2026-01-01", failed="on")

    assert find(page, "form", "sora-remix-spend-form").get("method") == "get"
    assert find(page, "option", selected="").get("value") == "video"
    assert find(page, "input", name="start").get("value") == "2026-01-01"
    assert "checked" in find(page, "input", name="failed").attrib


def test_chart_positions_are_not_localised(admin_client: Client, settings: Settings) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    for day in range(60):
        _on(moment(2026, 3, 1) + timedelta(days=day), billed_cost=f"{1 + day}.3")

    page = admin_client.get(
        SPEND, {"group": "day"}, headers={"accept-language": "de"}
    ).content.decode()

    numbers = [
        rect.get(name, "")
        for rect in find_all(page, f"{SVG}rect")
        for name in ("x", "y", "width", "height")
    ]
    assert find(find(page, "figure"), f"{SVG}svg").get("viewBox") == "0 0 1200 1000"
    assert len([int(number) for number in numbers]) == 240
    assert date(2026, 3, 1).isoformat() in page
