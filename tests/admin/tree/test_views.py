"""The tree of a video shows where it came from and what was made from it, and remixes on."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.admin import VideoAdmin
from sora_remix.admin.tree import nodes
from sora_remix.admin.tree.drawing import DEEPEST, HEIGHT, LETTERS, WIDTH, cut
from sora_remix.models import EndpointFact, Remix, RemixBatch, Video
from tests.admin_urls import change_url, confirm_url, tree_url
from tests.checkout import make_clip
from tests.factories import make_remix, make_video
from tests.html_validation import faults
from tests.remix_actions import log_in
from tests.trees import grow, remix_of

pytestmark = pytest.mark.django_db

Status = Remix.Status
LIST = "/admin/sora_remix/video/"
REMIX_IT = 'name="video" value="%s"'


def show(client: Client, video: Video, query: str = "") -> Any:
    return client.get(tree_url(video) + query)


def text_of(client: Client, video: Video, query: str = "") -> str:
    page: str = show(client, video, query).content.decode()
    return page


def parts_of(page: str) -> tuple[str, str]:
    """Return the drawing and the list."""
    drawing = re.search(r'<svg class="sora-remix-tree".*?\n</svg>', page, re.DOTALL)
    listed = re.search(r'<ul class="sora-remix-family".*</ul>', page, re.DOTALL)
    assert drawing and listed
    return drawing[0], listed[0]


def drawn(client: Client, video: Video, query: str = "") -> set[str]:
    """Return the keys of the nodes in the drawing."""
    drawing, _ = parts_of(text_of(client, video, query))
    return set(re.findall(r'id="sora-remix-node-(\w+)"', drawing))


def keys(*rows: Video | Remix) -> set[str]:
    return {str(row.pk) if isinstance(row, Video) else f"r{row.pk}" for row in rows}


def test_the_same_family_is_shown_from_each_of_its_videos(admin_client: Client) -> None:
    sea = make_clip(title="Sea")
    noir = remix_of(sea, prompt="noir")
    gold = remix_of(noir, prompt="gold")
    rain = remix_of(sea, prompt="rain")
    waiting = make_remix(source=rain, prompt="snow")

    for video in (sea, noir, gold, rain):
        assert drawn(admin_client, video) == keys(sea, noir, gold, rain, waiting)


def test_what_was_asked_for_first_stands_first(admin_client: Client) -> None:
    sea = make_clip()
    waiting = make_remix(source=sea)
    noir = remix_of(sea)
    failed = make_remix(source=sea, status=Status.FAILED)

    drawing, _ = parts_of(text_of(admin_client, noir))

    in_order = re.findall(r'id="sora-remix-node-(\w+)"', drawing)
    assert in_order == [str(sea.pk), f"r{waiting.pk}", str(noir.pk), f"r{failed.pk}"]


def test_families_do_not_mix(admin_client: Client) -> None:
    sea, wood = make_clip(title="Sea"), make_clip(title="Wood")
    noir, gold = remix_of(sea), remix_of(wood)
    make_remix(source=gold)

    assert drawn(admin_client, noir) == keys(sea, noir)


def test_a_video_without_family_is_a_tree_of_one(admin_client: Client) -> None:
    video = make_video()
    make_video()

    assert drawn(admin_client, video) == keys(video)


@pytest.mark.parametrize("part", [0, 1])
def test_drawing_and_list_say_prompt_endpoint_cost_and_state(
    admin_client: Client, part: int
) -> None:
    sea = make_clip(title="Sea")
    made = remix_of(sea, prompt="noir", title="A night")
    make_remix(
        source=made,
        prompt="make it gold",
        status=Status.FAILED,
        endpoint="flux-3",
        request_id="r",
        error_code="content_policy_violation",
        estimated_cost=Decimal("0.8"),
    )

    said = parts_of(text_of(admin_client, made))[part]

    for text in ("Sea", "uploaded", "A night", "noir", "Kling O3", "$0.42", "succeeded"):
        assert text in said
    for text in ("make it gold", "FLUX 3", "about $0.80", "failed"):
        assert text in said
    assert said.count("this video") == 1


def test_the_list_says_why_it_failed_and_leads_to_the_remixes(admin_client: Client) -> None:
    sea = make_video(title="Sea")
    made = remix_of(sea)
    failed = make_remix(source=sea, status=Status.FAILED, error_code="credentials_refused")

    _, listed = parts_of(text_of(admin_client, sea))

    assert "Sora generation" in listed
    assert "Nothing was charged." in listed
    assert f'href="{change_url(failed)}"' in listed
    assert f'href="{change_url(made.remix)}"' in listed


def test_a_result_that_was_deleted_is_told_from_one_that_is_awaited(admin_client: Client) -> None:
    sea = make_clip()
    gone = make_remix(source=sea, status=Status.SUCCEEDED)
    waiting = make_remix(source=sea)

    page = text_of(admin_client, sea)

    assert drawn(admin_client, sea) == keys(sea, gone, waiting)
    for part in parts_of(page):
        assert part.count("result deleted") == 1
        assert part.count("queued") >= 1


def test_remixes_of_a_site_that_lost_an_endpoint_show_its_key(
    admin_client: Client, settings: Settings
) -> None:
    sea = make_clip()
    make_remix(source=sea, endpoint="of-old")
    assert "of-old" in text_of(admin_client, sea)

    settings.SORA_REMIX_ENDPOINTS = {"wrong": {}}

    page = text_of(admin_client, sea)
    assert "of-old" in page
    assert REMIX_IT % sea.pk not in page


def test_what_titles_and_prompts_say_is_never_markup(admin_client: Client) -> None:
    hostile = '</title></svg><script>alert("1")</script>\'"><img src=x onerror=alert(1)>'
    sea = make_clip(title=hostile)
    remix_of(sea, title="A", prompt=hostile, thumbnail='a".png')
    make_remix(source=sea, prompt=hostile)

    page = text_of(admin_client, sea)

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert faults(page) == []


def test_as_many_queries_are_made_for_500_nodes_as_for_5(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for many in (4, 499):
        videos = grow([n // 3 for n in range(many)], thumbnail="a.jpg")
        make_remix(source=videos[1])

        with django_assert_num_queries(10):
            page = text_of(admin_client, videos[2], "?show=all")

        assert page.count('class="sora-remix-node') == many + 2
        assert page.count(REMIX_IT % videos[-1].pk) == 2


def test_a_chain_of_300_is_drawn_and_listed(admin_client: Client) -> None:
    videos = grow(range(299))

    page = text_of(admin_client, videos[150], "?show=all")

    drawing, listed = parts_of(page)
    assert drawing.count("<g ") == listed.count("<li>") == 300
    assert faults(page) == []


def test_lists_are_nested_no_deeper_than_a_page_has_room_for(admin_client: Client) -> None:
    videos = grow(range(DEEPEST + 2))

    _, listed = parts_of(text_of(admin_client, videos[0]))

    assert listed.count("<details") == DEEPEST
    assert listed.count("made from Video") == 2
    assert f"made from {videos[DEEPEST].title}" in listed


def test_a_ring_of_videos_made_from_each_other_is_shown(admin_client: Client) -> None:
    sea = make_clip()
    noir = remix_of(sea)
    Remix.objects.create(source=noir, result=sea, endpoint="kling-o3", status=Status.SUCCEEDED)

    assert drawn(admin_client, noir) == keys(sea, noir)


def test_of_a_tree_that_is_too_large_the_nearest_part_is_shown(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "MOST", 3)
    sea, noir, _, gold, _ = grow([0, 0, 1, 2])

    page = text_of(admin_client, gold)

    assert drawn(admin_client, gold) == keys(sea, noir, gold)
    assert "2 videos and remixes further away aren't shown." in page
    assert "3 of 3 are shown" in page


def test_cards_do_not_overlap(admin_client: Client) -> None:
    videos = grow([0, 0, 0, 1, 1, 2, 5, 5, 3])

    drawing, _ = parts_of(text_of(admin_client, videos[0]))

    places = [(int(x), int(y)) for x, y in re.findall(r"translate\((\d+) (\d+)\)", drawing)]
    assert len(places) == 10
    for x, y in places:
        near = [one for one in places if abs(one[0] - x) < WIDTH and abs(one[1] - y) < HEIGHT]
        assert near == [(x, y)]


def test_what_is_closed_is_not_drawn_but_counted_and_stays_in_the_list(
    admin_client: Client,
) -> None:
    sea, noir, gold, rain = grow([0, 1, 2])

    query = f"?show=all&flip={noir.pk}"
    drawing, listed = parts_of(text_of(admin_client, sea, query))

    assert drawn(admin_client, sea, query) == keys(sea, noir)
    assert "Show 2 more" in drawing and "Hide 3 below" in drawing
    assert gold.title not in drawing and rain.title in listed
    assert f'<details data-node="{noir.pk}"><summary>' in listed
    assert f'<details data-node="{sea.pk}" open><summary>' in listed


def test_a_toggle_leads_to_the_page_with_that_node_closed(admin_client: Client) -> None:
    sea, noir, _ = grow([0, 1])
    drawing, _ = parts_of(text_of(admin_client, sea))
    [query] = re.findall(rf'href="(\S+)#\S+" data-toggle="{noir.pk}"', drawing)

    assert drawn(admin_client, sea, query.replace("&amp;", "&")) == keys(sea, noir)


def test_the_script_gets_the_drawing_alone(admin_client: Client) -> None:
    sea, _ = grow([0])

    part = text_of(admin_client, sea, "?show=none&part=drawing").strip()

    assert part.startswith("<svg") and part.endswith("</svg>")
    assert "1 of 2 is shown" not in part and "1 of 2 are shown" in part


def test_any_node_can_be_remixed_from(admin_client: Client, admin_user: User) -> None:
    sea, _, gold = grow([0, 1])

    response = admin_client.post(tree_url(sea), {"video": gold.pk})

    batch = RemixBatch.objects.get()
    assert response.headers["Location"] == confirm_url(batch)
    assert (list(batch.videos.all()), batch.created_by) == ([gold], admin_user)


@pytest.mark.parametrize("chosen", ["", "nonsense", "r1", "0", "9" * 40, "9" * 5000, "other"])
def test_only_a_video_of_the_family_can_be_chosen(admin_client: Client, chosen: str) -> None:
    sea, other = make_clip(), make_clip()
    value = other.pk if chosen == "other" else chosen

    assert admin_client.post(tree_url(sea), {"video": value}).status_code == 404
    assert not RemixBatch.objects.exists()


def test_only_what_an_endpoint_takes_has_a_button(admin_client: Client) -> None:
    sea = make_clip()
    gone = remix_of(sea, sora_id="", file="")

    page = text_of(admin_client, sea)

    assert page.count(REMIX_IT % sea.pk) == 2
    assert REMIX_IT % gone.pk not in page


def test_an_endpoint_that_fal_gave_up_takes_nothing(
    admin_client: Client, any_endpoint: None
) -> None:
    video = make_video()
    assert REMIX_IT % video.pk in text_of(admin_client, video)

    EndpointFact.objects.note_retired("fal-ai/any")

    assert REMIX_IT % video.pk not in text_of(admin_client, video)


def test_who_may_not_remix_gets_no_button_and_no_draft(client: Client) -> None:
    log_in(client, "view_video", "view_remix")
    video = make_clip()

    assert REMIX_IT % video.pk not in text_of(client, video)
    assert client.post(tree_url(video), {"video": video.pk}).status_code == 403
    assert not RemixBatch.objects.exists()


def test_who_may_not_see_videos_sees_no_tree(client: Client) -> None:
    log_in(client, "view_remix", "remix_video")
    video = make_clip()

    assert show(client, video).status_code == 403
    assert client.post(tree_url(video), {"video": video.pk}).status_code == 403


def test_a_site_may_hide_single_videos(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sea, secret = make_clip(), make_clip(title="secret")

    def may_view(self: Any, request: Any, obj: Video | None = None) -> bool:
        return obj is None or obj.title != "secret"

    monkeypatch.setattr(VideoAdmin, "has_view_permission", may_view)

    assert show(admin_client, sea).status_code == 200
    assert show(admin_client, secret).status_code == 403


def test_who_is_not_logged_in_is_asked_to(client: Client) -> None:
    assert "/login/" in show(client, make_clip()).headers["Location"]


def test_a_video_that_is_not_there_has_no_tree(admin_client: Client) -> None:
    assert admin_client.get("/admin/sora_remix/video/1/tree/").status_code == 404


def test_the_tree_is_not_changed_by_other_methods(admin_client: Client) -> None:
    assert admin_client.delete(tree_url(make_clip())).status_code == 405


def test_who_may_not_see_remixes_sees_videos_and_what_their_pages_say(client: Client) -> None:
    log_in(client, "view_video", "remix_video")
    sea = make_clip()
    made = remix_of(sea, title="A night", prompt="make it noir")
    waiting = make_remix(source=sea, prompt="of no result")

    page = text_of(client, sea)

    assert drawn(client, sea) == keys(sea, made)
    assert "make it noir" in page and "costs and states are hidden" in page
    for hidden in ("$0.42", "Kling O3", "succeeded", "of no result", change_url(waiting)):
        assert hidden not in page
    assert REMIX_IT % made.pk in page


def test_lists_and_pages_lead_to_the_tree_of_what_has_one(admin_client: Client) -> None:
    sea = make_clip(title="Sea")
    noir = remix_of(sea)
    alone = make_clip()

    page = admin_client.get(LIST).content.decode()
    for video, has_tree in ((sea, True), (noir, True), (alone, False)):
        assert (f'href="{tree_url(video)}"' in page) is has_tree
        opened = admin_client.get(change_url(video)).content.decode()
        assert (f'href="{tree_url(video)}"' in opened) is has_tree


def test_a_remix_leads_to_the_tree_of_its_result_else_of_its_source(admin_client: Client) -> None:
    sea = make_clip()
    noir = remix_of(sea)
    waiting = make_remix(source=sea)

    for remix, video in ((noir.remix, noir), (waiting, sea)):
        page = admin_client.get(change_url(remix)).content.decode()
        assert f'href="{tree_url(video)}"' in page


def test_a_remix_leads_nobody_to_a_tree_who_may_not_see_videos(client: Client) -> None:
    log_in(client, "view_remix")
    remix = make_remix()

    page = client.get(change_url(remix)).content.decode()

    assert tree_url(remix.source) not in page


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("two words " * 9, ["two words two words", "two words two words…"]),
        ("x" * 99, ["x" * LETTERS, "x" * (LETTERS - 1) + "…"]),
        ("海" * 99, ["海" * (LETTERS // 2), "海" * (LETTERS // 2 - 1) + "…"]),
        (" ", []),
    ],
)
def test_a_card_takes_as_much_of_a_text_as_it_has_room_for(text: str, lines: list[str]) -> None:
    assert cut(text, 2) == lines
