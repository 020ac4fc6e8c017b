"""A card shows what a row shows, and a button to remix its video."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from django.test import Client

from sora_remix.models import RemixBatch, Video
from tests.admin_urls import change_url, compare_url, confirm_url, tree_url
from tests.checkout import make_clip
from tests.factories import make_remix, make_video
from tests.forms import submit
from tests.html import find, find_all, inner_text, links, texts
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/video/"
REMIXES = "/admin/sora_remix/remix/"
DELETED = "Its provider has deleted it, so it can no longer be remixed."


def _cards(page: Any) -> dict[str, Element]:
    found = find_all(page, "tr", "sora-remix-card")
    return {inner_text(find(card, "p", "sora-remix-card-title")): card for card in found}


def _card(client: Client, video: Video) -> tuple[Any, Element]:
    page = client.get(LIST)
    return page, _cards(page)[video.title]


def _made(source: Video, **values: Any) -> Video:
    result = make_video(title="Noir", sora_id="", **values)
    make_remix(source=source, result=result, status="succeeded", request_id="made")
    return result


def test_card_shows_title_length_approval_and_origin(admin_client: Client) -> None:
    video = make_clip(title="Sea", duration="65", approval="approved")

    page, card = _card(admin_client, video)

    assert texts(card, "span", "sora-remix-card-length") == ["Length: 1:05"]
    assert texts(card, "span", "sora-remix-approved") == ["approved"]
    assert texts(card, "span", "sora-remix-card-origin") == ["uploaded"]
    assert set(links(page, card)) == {change_url(video)}


def test_card_of_a_result_links_to_its_source_its_comparison_and_its_tree(
    admin_client: Client,
) -> None:
    source = make_clip(title="Sea")
    result = _made(source, file="noir.mp4")

    page, card = _card(admin_client, result)

    assert texts(card, "span", "sora-remix-card-origin") == ["remix of Sea"]
    found = {change_url(source), compare_url(source, result), tree_url(result)}
    assert found < set(links(page, card))


def test_card_counts_the_remixes_and_links_to_them(admin_client: Client) -> None:
    source, other = make_video(title="Sea"), make_video(title="Sky")
    for number in range(2):
        make_remix(source=source, request_id=str(number))

    page, card = _card(admin_client, source)

    assert texts(card, "span", "sora-remix-card-count") == ["2 remixes"]
    made = f"/admin/sora_remix/remix/?source__id__exact={source.pk}"
    assert {made, tree_url(source)} < set(links(page, card))
    assert texts(_card(admin_client, other)[1], "span", "sora-remix-card-count") == []


def test_people_who_may_not_view_remixes_get_no_link_to_them(client: Client) -> None:
    log_in(client, "view_video")
    source, result = make_clip(title="Sea"), make_clip(title="Sky")
    make_remix(source=source, result=result)
    urls = [LIST, change_url(source), change_url(result)]

    pages = [client.get(url) for url in urls]
    pages.append(submit(client, pages[0], {}, button="layout=rows", follow=True))

    assert [one for page in pages for one in links(page) if REMIXES in one] == []
    assert texts(pages[0], "span", "sora-remix-card-count") == ["1 remix"]


def test_button_starts_a_draft_with_its_video(client: Client) -> None:
    log_in(client, "view_video", "remix_video")
    video, _other = make_clip(title="Sea"), make_clip(title="Sky")

    page, card = _card(client, video)
    response = submit(client, page, {}, button=f"video={video.pk}")

    assert texts(card, "button") == ["Remix: Sea"]
    batch = RemixBatch.objects.get()
    assert response["Location"] == confirm_url(batch)
    assert list(batch.videos.all()) == [video]


def test_card_says_why_its_video_can_not_be_remixed(admin_client: Client) -> None:
    video = make_video(title="Gone", is_deleted_at_provider=True)

    _page, card = _card(admin_client, video)

    assert texts(card, "span", "sora-remix-card-why") == [DELETED]
    assert texts(card, "button") == []


def test_people_who_may_not_remix_get_no_button(client: Client) -> None:
    log_in(client, "view_video")

    page, card = _card(client, make_clip(title="Sea"))

    assert texts(card, "button") == []
    assert find_all(page, "form", id="sora-remix-start-form") == []


def test_title_is_escaped_wherever_a_card_shows_it(admin_client: Client) -> None:
    video = make_clip(title='<b>"Sea" & sky</b>', thumbnail="a.jpg")

    page, card = _card(admin_client, video)

    assert find_all(card, "b") == []
    box = find(card, "input", "action-select")
    assert box.get("aria-label") == f"Select “{video.title}”"
    assert "&amp;amp;" not in page.content.decode()


def test_picture_repeats_no_link_for_keyboards_and_screen_readers(admin_client: Client) -> None:
    video = make_clip(title="Sea", thumbnail="a.jpg")

    _page, card = _card(admin_client, video)

    picture = find(find(card, "div", "sora-remix-card-picture"), "a")
    assert (picture.get("tabindex"), picture.get("aria-hidden")) == ("-1", "true")
    assert find(picture, "span", "sora-remix-preview").get("data-video")
