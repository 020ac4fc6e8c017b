"""An open page can ask for its notices."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.models import Chain
from tests.checkout import draft, page_of
from tests.factories import ago, make_remix, make_video
from tests.forms import forms_of
from tests.html import find, find_all, texts
from tests.remix_actions import LIST, log_in

pytestmark = pytest.mark.django_db

VIDEOS = "/admin/sora_remix/video/"
PRESETS = "/admin/sora_remix/promptpreset/"
NO_WORKER = "No worker has been active for two minutes"
AREA = "sora-remix-notice-area"
SIGNING_IN = 2
"""Queries for the session and the user."""


@pytest.fixture(autouse=True)
def living_endpoint(any_endpoint: None) -> None:
    """The site offers an endpoint that lives."""


def _area(page: Any) -> Any:
    return find(page, "div", id=AREA)


def _ask(client: Client, page: Any, **headers: str) -> Any:
    return client.get(_area(page).get("data-url"), headers=headers)


def _shown(page: Any) -> list[str]:
    return texts(_area(page), "p", "sora-remix-notice")


def test_notice_comes_and_goes_with_its_rows(admin_client: Client) -> None:
    page = admin_client.get(LIST)
    remix = make_remix(due_at=ago(minutes=3))

    appeared = _ask(admin_client, page)
    remix.delete()
    gone = _ask(admin_client, page)

    assert NO_WORKER in _shown(appeared)[0]
    assert _shown(page) == _shown(gone) == []


def test_unchanged_notices_are_not_sent_again(admin_client: Client) -> None:
    Chain.objects.hold_back(ago(minutes=-30), "429")
    page = admin_client.get(LIST)

    again = _ask(admin_client, page, **{"If-None-Match": _area(page).get("data-etag")})
    make_remix(due_at=ago(minutes=3))
    Chain.objects.update(worked_at=ago(hours=1))
    changed = _ask(admin_client, page, **{"If-None-Match": _area(page).get("data-etag")})

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200
    assert changed["ETag"] == _area(changed).get("data-etag") != _area(page).get("data-etag")


def test_answer_may_be_kept_only_by_the_browser_that_asked(admin_client: Client) -> None:
    answer = admin_client.get(f"{VIDEOS}notices/")

    assert "private" in answer["Cache-Control"]
    assert "no-cache" in answer["Cache-Control"]


def test_button_of_a_later_notice_leads_back_to_the_page(admin_client: Client) -> None:
    url = f"{VIDEOS}?o=1&origin=sora"
    page = admin_client.get(url)
    Chain.objects.hold_back(ago(minutes=-30), "429")

    answer = _ask(admin_client, page)
    [form] = forms_of(answer)
    back = admin_client.post(form.action, form.data())

    assert back["Location"] == url
    assert Chain.objects.get().held_until is None


def test_page_with_a_form_gets_no_button_later_either(admin_client: Client) -> None:
    page = admin_client.get(page_of(draft()))
    Chain.objects.hold_back(ago(minutes=-30), "429")

    answer = _ask(admin_client, page)

    assert "Show remixes" in _shown(answer)[0]
    assert not find_all(answer, "form")


@pytest.mark.parametrize(
    ("held", "url", "asks"),
    [
        (("view_video",), VIDEOS, "video"),
        (("view_remix",), LIST, "remix"),
        (("view_promptpreset",), PRESETS, "promptpreset"),
        (("add_video",), f"{VIDEOS}add/", ""),
        (("add_promptpreset", "view_remix"), f"{PRESETS}add/", "remix"),
    ],
)
def test_page_asks_where_its_user_may(
    client: Client, held: tuple[str, ...], url: str, asks: str
) -> None:
    log_in(client, *held)

    asked = urlsplit(str(_area(client.get(url)).get("data-url")))

    assert asked.path == (f"/admin/sora_remix/{asks}/notices/" if asks else "")
    assert not asks or client.get(asked.geturl()).status_code == 200


def test_confirm_page_asks_without_permission_to_view_remixes(client: Client) -> None:
    editor = log_in(client, "view_video", "remix_video")
    batch = draft(make_video(), by=editor)

    page = client.get(page_of(batch))

    assert _ask(client, page).status_code == 200


def test_page_of_another_admin_site_asks_there(admin_client: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.urls_of_two_admins"
    url = "/editors/sora_remix/remix/"

    asked = urlsplit(str(_area(admin_client.get(url)).get("data-url")))

    assert asked.path == f"{url}notices/"
    assert parse_qs(asked.query) == {"list": ["1"], "next": [url]}


def test_answer_needs_two_queries(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(3):
        make_remix(due_at=ago(minutes=3))

    with django_assert_num_queries(SIGNING_IN + 2):
        admin_client.get(f"{LIST}notices/?list=1")


def test_nul_in_the_address_is_refused(admin_client: Client) -> None:
    assert admin_client.get(f"{LIST}notices/?next=%00").status_code == 400
