"""Two videos are compared on one page, which lists, grids and pages of results link to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sora_remix.admin.compare.views import MOST_OFFERED, SCRIPTS
from sora_remix.models import Remix, RemixBatch, Video
from tests.admin_urls import change_url, compare_url
from tests.checkout import make_clip
from tests.factories import make_remix, make_video
from tests.html import find, find_all, messages, texts
from tests.remix_actions import LIST as REMIXES
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

Status = Remix.Status
COMPARE = "/admin/sora_remix/video/compare/"
VIDEOS = "/admin/sora_remix/video/"
NOT_TWO = "Select exactly two videos to compare."
NO_PAIR = "Select two remixes with a video, or one to compare it with its source."


def _made(source: Video | None = None, **values: Any) -> Remix:
    """Return a remix with a result, both of whose videos have files."""
    source = source or make_clip(title="Source")
    result = make_clip(title="Result", root=source)
    return make_remix(source=source, result=result, status=Status.SUCCEEDED, **values)


def _pair(remix: Remix) -> str:
    assert remix.result
    return compare_url(remix.source, remix.result)


def _page(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def _act(client: Client, url: str, rows: list[Any]) -> Any:
    ticked = [str(row.pk) for row in rows]
    data = {"action": "compare_selected", "_selected_action": ticked}
    return client.post(url, data)


def test_both_videos_are_shown_with_their_facts(admin_client: Client) -> None:
    remix = _made(prompt="<b>noir</b>", billed_cost=Decimal("0.4"))
    Video.objects.filter(remix=remix).update(thumbnail="noir.jpg", fps=30)

    page = _page(admin_client, _pair(remix))

    assert page.count("<video") == page.count('preload="auto"') == 2
    assert 'data-fps="24.000"' in page and 'data-fps="30.000"' in page
    assert 'poster="/media/noir.jpg"' in page
    for fact in ("&lt;b&gt;noir&lt;/b&gt;", "$0.40", "Sora 2", "1280 by 720 pixels", "976.6"):
        assert fact in page
    for video in (remix.source, remix.result):
        assert video and f'<a href="{change_url(video)}">{video.title}</a>' in page


def test_unknown_facts_are_left_out(admin_client: Client) -> None:
    facts = {"width": None, "height": None, "fps": None, "size": None}
    videos = [make_clip(**facts), make_clip(**facts)]

    response = admin_client.get(compare_url(*videos))

    sides = find_all(find(response, "div", "sora-remix-sides"), "section")
    assert [texts(side, "dt") + texts(side, "dd") for side in sides] == [["Length", "4 s"]] * 2
    assert "data-fps" not in response.content.decode()


def test_titles_are_escaped(admin_client: Client) -> None:
    title = '"><script>1</script>'

    page = _page(admin_client, compare_url(make_clip(title=title), make_clip(title=title)))

    assert "<script>1" not in page


def test_sides_are_swapped_by_a_link(admin_client: Client) -> None:
    left, right = make_clip(), make_clip()

    page = _page(admin_client, compare_url(left, right))

    assert f'href="{compare_url(right, left).replace("&", "&amp;")}"' in page


def test_a_video_without_a_file_leaves_the_other_playable(admin_client: Client) -> None:
    page = _page(admin_client, compare_url(make_video(), make_clip()))

    assert page.count("The site has no file for this video.") == 1
    assert page.count("<video") == 1
    assert all(script in page for script in SCRIPTS)


def test_without_files_there_are_no_controls(admin_client: Client) -> None:
    page = _page(admin_client, compare_url(make_video(), make_video()))

    assert page.count("The site has no file for this video.") == 2
    assert "sora-remix-controls" not in page


def test_videos_of_the_same_family_can_be_chosen(admin_client: Client) -> None:
    source = make_clip(title="Source")
    one, two = _made(source).result, _made(source).result
    make_clip(title="Stranger")
    make_video(title="Without a file", root=source)
    assert one and two

    response = admin_client.get(f"{COMPARE}?left={one.pk}&right={source.pk}")

    options = find_all(find(response, "select", name="right"), "option")
    offered = {one.get("value"): one.get("selected") is not None for one in options}
    assert offered == {str(two.pk): False, str(source.pk): True}


def test_a_video_of_another_family_stays_chosen(admin_client: Client) -> None:
    left, right = make_clip(), make_clip(title="Stranger")

    page = _page(admin_client, compare_url(left, right))

    assert f'<option value="{right.pk}" selected>Stranger (no. {right.pk})</option>' in page


@pytest.mark.parametrize("again", [True, False])
def test_one_video_alone_asks_for_another(admin_client: Client, again: bool) -> None:
    left = make_clip()

    page = _page(admin_client, f"{COMPARE}?left={left.pk}&right={left.pk if again else ''}")

    assert ("You chose the same video twice" in page) == again
    assert "No other video with a file comes from the same source:" in page
    assert page.count("<video") == 1 and "Swap sides" not in page


def test_without_a_video_the_list_is_shown(admin_client: Client) -> None:
    response = admin_client.get(COMPARE, follow=True)

    assert response.redirect_chain == [(VIDEOS, 302)]
    assert messages(response) == ["Choose two videos to compare."]


@pytest.mark.parametrize("query", ["left=x&right=1", "left=999&right=1", "left=1&right=-1"])
def test_missing_videos_are_not_found(admin_client: Client, query: str) -> None:
    make_clip(pk=1)

    assert admin_client.get(f"{COMPARE}?{query}").status_code == 404


def test_comparing_needs_the_permission_to_view_videos(client: Client) -> None:
    url = _pair(_made())
    log_in(client, "view_remix")

    assert client.get(url).status_code == 403
    assert "/login/" in Client().get(url)["Location"]


def test_remixes_are_hidden_without_view_remix(client: Client) -> None:
    remix = _made(prompt="as film noir")
    log_in(client, "view_video")

    page = _page(client, _pair(remix))

    assert "1280 by 720 pixels" in page
    assert "as film noir" not in page and "Cost" not in page


def test_a_large_family_needs_as_many_queries_as_a_small_one(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    remix = _made()
    for many in (1, MOST_OFFERED):
        Video.objects.bulk_create(
            Video(title="Other", file="videos/a.mp4", root=remix.source) for _ in range(many)
        )
        with django_assert_num_queries(5):
            response = admin_client.get(_pair(remix))

    assert len(find_all(find(response, "select", name="right"), "option")) == MOST_OFFERED + 1


def test_exactly_two_videos_of_the_list_are_compared(admin_client: Client) -> None:
    videos = [make_clip() for _ in range(3)]

    assert _act(admin_client, VIDEOS, videos[:2])["Location"] == compare_url(*videos[:2])
    for some in (videos, videos[:1]):
        response = _act(admin_client, VIDEOS, some)
        assert messages(admin_client.get(response["Location"])) == [NOT_TWO]


def test_remixes_of_the_list_are_compared(admin_client: Client) -> None:
    remixes = [_made(), _made()]
    one, two = (remix.result for remix in remixes)
    waiting = make_remix()
    assert one and two

    assert _act(admin_client, REMIXES, remixes)["Location"] == compare_url(one, two)
    assert _act(admin_client, REMIXES, remixes[:1])["Location"] == _pair(remixes[0])
    for some in ([*remixes, _made()], [waiting], [waiting, remixes[0]]):
        response = _act(admin_client, REMIXES, some)
        assert messages(admin_client.get(response["Location"])) == [NO_PAIR]


def test_pages_of_a_remix_and_its_result_link_to_the_comparison(admin_client: Client) -> None:
    remix = _made()
    assert remix.result

    for row, is_offered in ((remix, True), (remix.result, True), (remix.source, False)):
        page = _page(admin_client, change_url(row))
        assert (_pair(remix).replace("&", "&amp;") in page) == is_offered


def test_a_source_without_a_file_is_not_offered(admin_client: Client) -> None:
    remix = _made(make_video())
    assert remix.result

    for row in (remix, remix.result):
        assert "Compare with its source" not in _page(admin_client, change_url(row))


@pytest.fixture
def batch() -> RemixBatch:
    batch = RemixBatch.objects.start([], by=AnonymousUser())
    batch.confirm()
    return batch


def test_results_of_a_grid_link_to_the_comparison(admin_client: Client, batch: RemixBatch) -> None:
    remix = _made(batch=batch)
    make_remix(batch=batch)

    page = _page(admin_client, change_url(batch))

    assert page.count(COMPARE) == 1
    assert _pair(remix).replace("&", "&amp;") in page


def test_two_cells_of_a_grid_are_compared(admin_client: Client, batch: RemixBatch) -> None:
    remixes = [_made(batch=batch), _made(batch=batch)]
    one, two = (remix.result for remix in remixes)
    waiting = make_remix(batch=batch)
    url = f"/admin/sora_remix/remixbatch/{batch.pk}/cells/"
    assert one and two

    def press(*cells: Remix) -> Any:
        return admin_client.post(url, {"action": "compare", "cell": [cell.pk for cell in cells]})

    assert press(*remixes)["Location"] == compare_url(one, two)
    assert messages(admin_client.get(press(waiting)["Location"])) == [NO_PAIR]


def test_links_to_the_comparison_need_view_video(client: Client, batch: RemixBatch) -> None:
    _made(batch=batch)
    log_in(client, "view_remix")

    page = _page(client, change_url(batch))

    assert COMPARE not in page and 'value="compare"' not in page
