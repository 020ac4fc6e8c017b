"""The tree of a video shows its family, and any node of it can be remixed."""

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
from sora_remix.admin.tree.outline import DEEPEST, SMALL
from sora_remix.models import EndpointFact, Remix, RemixBatch, Video
from tests.admin_urls import change_url, confirm_url, tree_url
from tests.checkout import make_clip
from tests.factories import make_remix, make_video
from tests.forms import submit
from tests.html_validation import faults
from tests.remix_actions import log_in
from tests.trees import grow, remix_of

pytestmark = pytest.mark.django_db

Status = Remix.Status
LIST = "/admin/sora_remix/video/"
REMIX_IT = 'name="video" value="%s"'


def show(client: Client, video: Video) -> Any:
    return client.get(tree_url(video))


def text_of(client: Client, video: Video) -> str:
    page: str = show(client, video).content.decode()
    return page


def list_of(page: str) -> str:
    """Return the nested list."""
    found = re.search(r'<ul class="sora-remix-tree".*</ul>', page, re.DOTALL)
    assert found
    return found[0]


def listed(client: Client, video: Video) -> list[str]:
    """Return the URLs that the titles of the nodes link to, in order."""
    page = list_of(text_of(client, video))
    return re.findall(r'<a href="(\S+)"(?: id="\S+" aria-current="true")?><bdi>', page)


def is_open(page: str, video: Video) -> bool:
    """Tell whether what was made from a video is shown."""
    [opened] = re.findall(rf"<details( open)?><summary>[^<]*<span[^>]*>: {video.title}<", page)
    return bool(opened)


def urls(*rows: Video | Remix) -> set[str]:
    return {change_url(row) for row in rows}


def test_the_same_family_is_shown_from_each_of_its_videos(admin_client: Client) -> None:
    sea = make_clip(title="Sea")
    noir = remix_of(sea, prompt="noir")
    gold = remix_of(noir, prompt="gold")
    rain = remix_of(sea, prompt="rain")
    waiting = make_remix(source=rain, prompt="snow")

    for video in (sea, noir, gold, rain):
        assert set(listed(admin_client, video)) == urls(sea, noir, gold, rain, waiting)


def test_nodes_are_in_the_order_of_their_requests(admin_client: Client) -> None:
    sea = make_clip()
    waiting = make_remix(source=sea)
    noir = remix_of(sea)
    failed = make_remix(source=sea, status=Status.FAILED)

    in_order = [change_url(row) for row in (sea, waiting, noir, failed)]
    assert listed(admin_client, noir) == in_order


def test_families_do_not_mix(admin_client: Client) -> None:
    sea, wood = make_clip(title="Sea"), make_clip(title="Wood")
    noir, gold = remix_of(sea), remix_of(wood)
    make_remix(source=gold)

    assert set(listed(admin_client, noir)) == urls(sea, noir)


def test_a_video_without_family_is_a_tree_of_one(admin_client: Client) -> None:
    video = make_video()
    make_video()

    assert set(listed(admin_client, video)) == urls(video)


def test_nodes_show_prompt_endpoint_cost_and_state(admin_client: Client) -> None:
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

    said = list_of(text_of(admin_client, made))

    for text in ("Sea", "uploaded", "A night", "noir", "Kling O3", "$0.42", "succeeded"):
        assert text in said
    for text in ("make it gold", "FLUX 3", "about $0.80", "failed"):
        assert text in said
    assert said.count("this video") == said.count('aria-current="true"') == 1


def test_nodes_explain_failures_and_link_to_remixes(admin_client: Client) -> None:
    sea = make_video(title="Sea")
    made = remix_of(sea)
    failed = make_remix(source=sea, status=Status.FAILED, error_code="credentials_refused")

    page = list_of(text_of(admin_client, sea))

    assert "Sora generation" in page
    assert "Nothing was charged." in page
    assert f'href="{change_url(failed)}"' in page
    assert f'href="{change_url(made.remix)}"' in page


def test_a_deleted_result_is_not_shown_as_pending(admin_client: Client) -> None:
    sea = make_clip()
    gone = make_remix(source=sea, status=Status.SUCCEEDED)
    waiting = make_remix(source=sea)

    page = list_of(text_of(admin_client, sea))

    assert set(listed(admin_client, sea)) == urls(sea, gone, waiting)
    assert page.count("result deleted") == 1
    assert page.count("queued") >= 1


def test_remixes_of_a_removed_endpoint_show_its_key(
    admin_client: Client, settings: Settings
) -> None:
    sea = make_clip()
    make_remix(source=sea, endpoint="of-old")
    assert "of-old" in text_of(admin_client, sea)

    settings.SORA_REMIX_ENDPOINTS = {"wrong": {}}

    page = text_of(admin_client, sea)
    assert "of-old" in page
    assert REMIX_IT % sea.pk not in page


def test_titles_and_prompts_are_escaped(admin_client: Client) -> None:
    hostile = '</title></svg><script>alert("1")</script>\'"><img src=x onerror=alert(1)>'
    sea = make_clip(title=hostile)
    remix_of(sea, title="A", prompt=hostile, thumbnail='a".png')
    make_remix(source=sea, prompt=hostile)

    page = text_of(admin_client, sea)

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert faults(page) == []


def test_500_nodes_need_as_many_queries_as_5(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for many in (4, 499):
        videos = grow([n // 3 for n in range(many)], thumbnail="a.jpg")
        make_remix(source=videos[1])

        with django_assert_num_queries(10):
            page = text_of(admin_client, videos[2])

        assert page.count('class="sora-remix-node') == many + 2
        assert page.count(REMIX_IT % videos[-1].pk) == 1


@pytest.mark.parametrize("many", [300, 3000])
def test_a_chain_of_any_length_is_shown(admin_client: Client, many: int) -> None:
    videos = grow(range(many - 1))

    page = text_of(admin_client, videos[150])

    assert list_of(page).count("<li>") == min(many, nodes.MOST)
    assert faults(page) == []


def test_the_depth_of_the_list_is_limited(admin_client: Client) -> None:
    videos = grow(range(DEEPEST + 2))

    page = list_of(text_of(admin_client, videos[0]))

    assert page.count("<details") == DEEPEST
    assert page.count("made from Video") == 2
    assert f"made from {videos[DEEPEST].title}" in page


def test_a_ring_of_videos_made_from_each_other_is_shown(admin_client: Client) -> None:
    sea = make_clip()
    noir = remix_of(sea)
    Remix.objects.create(source=noir, result=sea, endpoint="kling-o3", status=Status.SUCCEEDED)

    assert set(listed(admin_client, noir)) == urls(sea, noir)


def test_the_nearest_part_of_a_too_large_tree_is_shown(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "MOST", 3)
    sea, noir, _, gold, _ = grow([0, 0, 1, 2])

    page = text_of(admin_client, gold)

    assert set(listed(admin_client, gold)) == urls(sea, noir, gold)
    assert "2 videos and remixes further away aren't shown." in page


def test_a_list_says_how_much_is_below_each_node(admin_client: Client) -> None:
    videos = grow([0, 1, 2])

    page = text_of(admin_client, videos[0])

    assert "1 made from it, 3 in total" in page and "1 made from it, 2 in total" in page
    assert page.count("in total") == 2


def test_a_large_tree_is_open_along_the_path_to_its_video(admin_client: Client) -> None:
    small = grow([n // 2 for n in range(SMALL - 1)])
    large = grow([n // 2 for n in range(SMALL)])

    assert list_of(text_of(admin_client, small[9])).count("<details>") == 0
    page = list_of(text_of(admin_client, large[9]))
    path, others = (0, 1, 4, 9), (2, 3, 5, 8)
    assert all(is_open(page, large[number]) for number in path)
    assert not any(is_open(page, large[number]) for number in others)


def test_any_node_can_be_remixed_from(admin_client: Client, admin_user: User) -> None:
    sea, _, gold = grow([0, 1])

    response = submit(admin_client, tree_url(sea), {}, f"video={gold.pk}")

    batch = RemixBatch.objects.get()
    assert response.headers["Location"] == confirm_url(batch)
    assert (list(batch.videos.all()), batch.created_by) == ([gold], admin_user)


def test_only_videos_that_an_endpoint_accepts_have_a_button(admin_client: Client) -> None:
    sea = make_clip()
    gone = remix_of(sea, sora_id="", file="")

    page = text_of(admin_client, sea)

    assert page.count(REMIX_IT % sea.pk) == 1
    assert REMIX_IT % gone.pk not in page


def test_a_retired_endpoint_accepts_nothing(admin_client: Client, any_endpoint: None) -> None:
    video = make_video()
    assert REMIX_IT % video.pk in text_of(admin_client, video)

    EndpointFact.objects.note_retired("fal-ai/any")

    assert REMIX_IT % video.pk not in text_of(admin_client, video)


def test_remixing_needs_the_permission(client: Client) -> None:
    log_in(client, "view_video", "view_remix")
    video = make_clip()

    assert REMIX_IT % video.pk not in text_of(client, video)
    assert "sora-remix-start-form" not in text_of(client, video)


def test_the_tree_needs_the_permission_to_view_videos(client: Client) -> None:
    log_in(client, "view_remix", "remix_video")
    video = make_clip()

    assert show(client, video).status_code == 403


def test_a_site_can_hide_single_videos(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sea, secret = make_clip(), make_clip(title="secret")

    def may_view(self: Any, request: Any, obj: Video | None = None) -> bool:
        return obj is None or obj.title != "secret"

    monkeypatch.setattr(VideoAdmin, "has_view_permission", may_view)

    assert show(admin_client, sea).status_code == 200
    assert show(admin_client, secret).status_code == 403


def test_the_tree_needs_a_login(client: Client) -> None:
    assert "/login/" in show(client, make_clip()).headers["Location"]


def test_a_missing_video_is_not_found(admin_client: Client) -> None:
    assert admin_client.get("/admin/sora_remix/video/1/tree/").status_code == 404


def test_other_methods_are_refused(admin_client: Client) -> None:
    for method in (admin_client.post, admin_client.delete):
        assert method(tree_url(make_clip())).status_code == 405


def test_without_view_remix_only_videos_and_prompts_are_shown(client: Client) -> None:
    log_in(client, "view_video", "remix_video")
    sea = make_clip()
    made = remix_of(sea, title="A night", prompt="make it noir")
    waiting = make_remix(source=sea, prompt="of no result")

    page = text_of(client, sea)

    assert set(listed(client, sea)) == urls(sea, made)
    assert "make it noir" in page and "costs and states are hidden" in page
    for hidden in ("$0.42", "Kling O3", "succeeded", "of no result", change_url(waiting)):
        assert hidden not in page
    assert REMIX_IT % made.pk in page


def test_lists_and_pages_link_to_trees_of_more_than_one_node(admin_client: Client) -> None:
    sea = make_clip(title="Sea")
    noir = remix_of(sea)
    alone = make_clip()

    page = admin_client.get(LIST).content.decode()
    for video, has_tree in ((sea, True), (noir, True), (alone, False)):
        assert (f'href="{tree_url(video)}"' in page) is has_tree
        opened = admin_client.get(change_url(video)).content.decode()
        assert (f'href="{tree_url(video)}"' in opened) is has_tree


def test_a_remix_links_to_the_tree_of_its_result_or_its_source(admin_client: Client) -> None:
    sea = make_clip()
    noir = remix_of(sea)
    waiting = make_remix(source=sea)

    for remix, video in ((noir.remix, noir), (waiting, sea)):
        page = admin_client.get(change_url(remix)).content.decode()
        assert f'href="{tree_url(video)}"' in page


def test_a_remix_hides_the_tree_without_view_video(client: Client) -> None:
    log_in(client, "view_remix")
    remix = make_remix()

    page = client.get(change_url(remix)).content.decode()

    assert tree_url(remix.source) not in page
