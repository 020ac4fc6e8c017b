"""Cards can be searched, filtered, sorted, paged and selected as rows can."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from sora_remix.admin import VideoAdmin, videos
from sora_remix.models import GalleryLayout, Preference, RemixBatch, Video
from tests.admin_pages import make_site, urls_with
from tests.admin_urls import review_url
from tests.checkout import make_clip
from tests.factories import make_remix, make_video
from tests.forms import submit
from tests.html import find_all, inner_text, links, listed, messages, texts
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/video/"


def _is_cards(page: Any) -> bool:
    return bool(find_all(page, "table", "sora-remix-cards"))


def _sort_links(page: Any) -> dict[str, str]:
    """Return the links of the menu by their names; the present order has an asterisk."""
    [menu] = find_all(page, "details", "sora-remix-sort")
    shown = zip(find_all(menu, "a"), texts(menu, "a"), links(page, menu), strict=True)
    return {f"{name}{'*' if one.get('aria-current') else ''}": url for one, name, url in shown}


@pytest.fixture
def three(admin_user: User) -> list[Video]:
    """Three videos, the last one approved."""
    titles = {"Sea": "new", "Harbour": "new", "Sky": "approved"}
    return [make_video(title=title, approval=now) for title, now in titles.items()]


def test_selected_cards_are_remixed(admin_client: Client, three: list[Video]) -> None:
    ticked = [str(video.pk) for video in three[:2]]
    chosen = {"_selected_action": ticked, "action": "remix_selected"}

    submit(admin_client, LIST, chosen, button="index")

    assert set(RemixBatch.objects.get().videos.all()) == set(three[:2])


def test_select_across_acts_on_all_pages(
    admin_client: Client, three: list[Video], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VideoAdmin, "list_per_page", 2)
    chosen = {"_selected_action": [str(three[2].pk)], "action": "remix_selected"}
    page = admin_client.get(LIST)

    submit(admin_client, page, {**chosen, "select_across": "1"}, button="index")

    assert len(listed(page)) == 2
    assert set(RemixBatch.objects.get().videos.all()) == set(three)


def test_selection_without_an_action_is_explained(admin_client: Client, three: list[Video]) -> None:
    chosen = {"_selected_action": [str(three[0].pk)]}

    page = submit(admin_client, LIST, chosen, button="index", follow=True)

    assert messages(page) == ["No action selected."]


def test_search_and_filters_choose_the_cards(admin_client: Client, three: list[Video]) -> None:
    pages = [admin_client.get(f"{LIST}?{query}") for query in ("q=S", "q=S&approval=approved")]

    assert [listed(page) for page in pages] == [[three[2].pk, three[0].pk], [three[2].pk]]
    assert all(map(_is_cards, pages))


def test_menu_sorts_by_the_columns_of_the_rows(admin_client: Client, three: list[Video]) -> None:
    page = admin_client.get(f"{LIST}?approval=new")

    columns = ("Title", "Approval", "Length", "Created at")
    ways = [f"{column}: {way}" for column in columns for way in ("Ascending", "Descending")]
    found = _sort_links(page)
    assert list(found) == ways
    rising = admin_client.get(found["Title: Ascending"])
    falling = admin_client.get(found["Title: Descending"])
    assert listed(rising) == [three[1].pk, three[0].pk]
    assert listed(falling) == [three[0].pk, three[1].pk]


def test_menu_names_the_present_order_and_leads_back_from_it(
    admin_client: Client, three: list[Video]
) -> None:
    page = admin_client.get(f"{LIST}?q=S&o=-2")

    found = _sort_links(page)
    assert [name for name in found if name.endswith("*")] == ["Title: Descending*"]
    [menu] = find_all(page, "details", "sora-remix-sort")
    assert texts(menu, "summary") == ["Sorted by: Title ↓, Descending"]
    assert found["Default order"] == f"{LIST}?q=S"


def test_rows_are_sorted_by_their_headers_instead(
    admin_client: Client, admin_user: User, three: list[Video]
) -> None:
    Preference.objects.set_gallery_layout(admin_user, GalleryLayout.ROWS)

    page = admin_client.get(LIST)

    assert find_all(page, "details", "sora-remix-sort") == []
    assert listed(page) == [video.pk for video in reversed(three)]


def test_cards_are_a_list_for_screen_readers(admin_client: Client, three: list[Video]) -> None:
    page = admin_client.get(LIST)

    [table] = find_all(page, "table", id="result_list")
    roles = {tag: {one.get("role") for one in find_all(table, tag)} for tag in ("tr", "td")}
    assert (table.get("role"), table.get("aria-label")) == ("list", "Videos")
    assert roles == {"tr": {"listitem"}, "td": {"presentation"}}


def test_empty_list_says_so(admin_client: Client) -> None:
    page = admin_client.get(LIST)

    assert "0 videos" in page.content.decode()
    assert [one.get("value") for one in find_all(page, "button", name="layout")] == [
        "cards",
        "rows",
    ]


def test_people_who_may_only_view_can_select_cards_to_compare(
    client: Client, three: list[Video]
) -> None:
    log_in(client, "view_video")

    page = client.get(LIST)

    offered = [one.get("value") for one in find_all(page, "option")]
    assert offered == ["", "compare_selected"]
    assert len(find_all(page, "input", "action-select")) == 3


@pytest.mark.parametrize("layout", GalleryLayout)
def test_list_needs_as_many_queries_for_60_videos_as_for_3(
    admin_client: Client,
    admin_user: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    layout: GalleryLayout,
) -> None:
    Preference.objects.set_gallery_layout(admin_user, layout)
    for count in (3, 57):
        for _ in range(count):
            make_remix(result=make_video(thumbnail="a.jpg"))

        with django_assert_num_queries(9):
            admin_client.get(LIST)


def test_list_is_counted_without_its_remixes(
    admin_client: Client, three: list[Video], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(9) as queries:
        admin_client.get(LIST)

    counts = [one["sql"] for one in queries if one["sql"].startswith("SELECT COUNT(*)")]
    assert len(counts) == 2  # those listed, and those to review
    assert not any("JOIN" in count for count in counts)


def test_people_who_may_approve_are_led_to_new_videos(client: Client) -> None:
    for number in range(2):
        make_clip(title=f"Clip {number}")
    make_clip(approval="approved")
    log_in(client, "view_video", "approve_video")

    page = client.get(LIST)

    [link] = find_all(page, "a", "sora-remix-list-link")
    assert (link.get("href"), inner_text(link)) == (review_url(), "Review 2 new videos")
    assert not any(find_all(tools, "a", href=review_url()) for tools in _object_tools(page))


def test_many_new_videos_are_not_counted_exactly(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(videos, "MOST_COUNTED", 2)
    for _ in range(3):
        make_clip()

    page = admin_client.get(LIST)

    assert texts(page, "a", "sora-remix-list-link") == ["Review more than 2 new videos"]


def test_people_who_may_not_approve_are_not_led_to_the_review(client: Client) -> None:
    make_clip()
    log_in(client, "view_video")

    assert find_all(client.get(LIST), "a", "sora-remix-list-link") == []


def _object_tools(page: Any) -> list[Element]:
    return find_all(page, "ul", "object-tools")


class OwnColumns(VideoAdmin):
    """Shows columns of a host."""

    list_display: Any = ("sora_id", "title")
    list_display_links: Any = None
    actions: Any = None


class OwnFields(VideoAdmin):
    """Has fields in its rows."""

    list_display: Any = ("picture", "title")
    list_display_links: Any = ("picture",)
    list_editable = ("title",)


def test_subclass_with_other_columns_keeps_the_cards(
    admin_client: Client, three: list[Video], settings: Any
) -> None:
    settings.ROOT_URLCONF = urls_with(("admin/", make_site(name="admin", Video=OwnColumns)))

    page = admin_client.get(LIST)

    assert _is_cards(page)
    assert find_all(page, "input", "action-select") == []
    assert {name.partition(":")[0] for name in _sort_links(page)} == {"Sora id", "Title"}
    titles = find_all(page, "p", "sora-remix-card-title")
    assert [find_all(title, "a") for title in titles] == [[], [], []]


def test_subclass_with_fields_in_its_rows_keeps_the_rows(
    admin_client: Client, three: list[Video], settings: Any
) -> None:
    settings.ROOT_URLCONF = urls_with(("admin/", make_site(name="admin", Video=OwnFields)))

    page = admin_client.get(LIST)

    assert not _is_cards(page)
    assert find_all(page, "button", name="layout") == []
    assert len(find_all(page, "input", type="text")) >= 3


@pytest.mark.parametrize("model", ["video", "remix"])
def test_lists_look_up_what_concerns_the_shown_rows_only(admin_client: Client, model: str) -> None:
    """PostgreSQL would look up all rows for an EXISTS, and the list shows a hundred."""
    make_remix(result=make_video())

    with CaptureQueriesContext(connection) as queries:
        admin_client.get(f"/admin/sora_remix/{model}/")

    start = f'SELECT "sora_remix_{model}"."id"'
    lists = [one["sql"] for one in queries if one["sql"].startswith(start)]
    assert lists
    assert not [sql for sql in lists if "EXISTS" in sql]
