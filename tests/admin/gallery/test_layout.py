"""Each person chooses between cards and rows, and keeps the filters of the list."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sora_remix.models import GalleryLayout, Preference
from tests.admin_urls import video_url
from tests.factories import make_video
from tests.forms import submit
from tests.html import find_all, listed, texts
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/video/"


def _is_cards(page: Any) -> bool:
    return bool(find_all(page, "table", "sora-remix-cards"))


def _pressed(page: Any) -> dict[str, str]:
    buttons = find_all(page, "button", name="layout")
    return {one.get("value", ""): one.get("aria-pressed", "") for one in buttons}


def test_list_shows_cards_until_rows_are_chosen(client: Client) -> None:
    log_in(client, "view_video")
    make_video()
    before = client.get(LIST)

    submit(client, LIST, {}, button="layout=rows")

    after = client.get(LIST)
    assert (_is_cards(before), _is_cards(after)) == (True, False)
    assert _pressed(before) == {"cards": "true", "rows": "false"}
    assert _pressed(after) == {"cards": "false", "rows": "true"}
    assert texts(after, "th", "column-title") == ["Title"]


def test_choice_of_one_person_leaves_the_others_alone(admin_client: Client, client: Client) -> None:
    make_video()
    submit(admin_client, LIST, {}, button="layout=rows")

    log_in(client, "view_video")

    assert _is_cards(client.get(LIST))


def test_choosing_keeps_filters_search_order_and_page(admin_client: Client) -> None:
    query = "approval=new&q=Sea+%26+sky&o=-2&p=2"
    for number in range(101):
        make_video(title=f"Sea & sky {number}")

    response = submit(admin_client, f"{LIST}?{query}", {}, button="layout=rows")

    assert (response.status_code, response["Location"]) == (302, f"{LIST}?{query}")
    assert len(listed(admin_client.get(response["Location"]))) == 1


@pytest.mark.parametrize("query", ["//evil.example/", "https://evil.example/", "a\r\nX: y", "%00"])
def test_query_that_was_sent_leads_nowhere_else(admin_client: Client, query: str) -> None:
    response = admin_client.post(video_url("layout"), {"layout": "rows", "query": query})

    assert response.status_code == 302
    assert response["Location"].startswith(f"{LIST}?")
    assert "\n" not in response["Location"]


def test_get_after_a_login_in_between_leads_to_the_list(
    admin_client: Client, admin_user: User
) -> None:
    response: Any = admin_client.get(f"{video_url('layout')}?layout=rows")

    assert response.url == LIST
    assert Preference.objects.get_gallery_layout(admin_user) == GalleryLayout.CARDS


@pytest.mark.parametrize("data", [{}, {"layout": ""}, {"layout": "map"}])
def test_unknown_layout_is_a_bad_request(admin_client: Client, data: dict[str, str]) -> None:
    response = admin_client.post(video_url("layout"), data)

    assert response.status_code == 400
    assert not Preference.objects.exists()


def test_popup_shows_rows_without_a_switch(admin_client: Client) -> None:
    video = make_video()

    page = admin_client.get(f"{LIST}?_popup=1")

    assert not _is_cards(page)
    assert _pressed(page) == {}
    assert [one.get("data-popup-opener") for one in find_all(page, "a")].count(str(video.pk)) == 1
