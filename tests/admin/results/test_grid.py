"""A batch shows the results of each video with each prompt."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import FileSystemStorage
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sora_remix import services
from sora_remix.admin.results import grid
from sora_remix.endpoints import SORA_2
from sora_remix.models import Remix, RemixBatch
from sora_remix.models.status import Status
from tests.checkout import draft, page_of
from tests.factories import make_remix, make_video, moment
from tests.forms import submit
from tests.html import find, find_all, inner_text, listed
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db


def make_batch() -> RemixBatch:
    batch = RemixBatch.objects.start([], by=AnonymousUser())
    batch.confirm()
    return batch


def url_of(batch: RemixBatch) -> str:
    return f"/admin/sora_remix/remixbatch/{batch.pk}/change/"


def show(client: Client, batch: RemixBatch, query: str = "") -> Any:
    return client.get(url_of(batch) + query)


def text_of(client: Client, batch: RemixBatch) -> str:
    page: str = show(client, batch).content.decode()
    return page


def shape(response: Any) -> list[list[int | None]]:
    """Return the primary keys of the remixes in the cells of the grid, row by row."""
    rows = find_all(find(find(response, id="sora-remix-grid"), "tbody"), "tr")
    return [[_remix_of(cell) for cell in find_all(row, "td")] for row in rows]


def _remix_of(cell: Element) -> int | None:
    boxes = find_all(cell, "input", name="cell")
    return int(boxes[0].get("value", "")) if boxes else None


def allowed_in(cell: Element) -> set[str]:
    [part] = [one for one in find_all(cell) if one.get("data-allows") is not None]
    return {*part.get("data-allows", "").split()}


def prompts(response: Any) -> list[str]:
    """Return the prompts above the columns of the grid."""
    heads = find_all(find(find(response, id="sora-remix-grid"), "thead"), "th")
    return [inner_text(head) for head in heads[1:]]


def fill(batch: RemixBatch, videos: int, prompts: int) -> list[Remix]:
    """Make succeeded remixes of this number of videos with each of this number of prompts."""
    sources = [make_video(title=f"Video {number}") for number in range(videos)]
    return Remix.objects.bulk_create(
        Remix(
            source=source,
            prompt=f"prompt {number}",
            batch=batch,
            status=Status.SUCCEEDED,
            result=make_video(thumbnail="a.jpg"),
        )
        for source in sources
        for number in range(prompts)
    )


def test_rows_are_videos_and_columns_are_prompts_in_order_of_request(admin_client: Client) -> None:
    batch, sea, wood = make_batch(), make_video(title="Sea"), make_video(title="Wood")
    noir, gold = (make_remix(batch=batch, source=sea, prompt=one) for one in ("noir", "gold"))
    wooden = make_remix(batch=batch, source=wood, prompt="gold")
    make_remix(source=wood, prompt="of no batch")

    response = show(admin_client, batch)

    assert prompts(response) == ["noir", "gold"]
    assert shape(response) == [[noir.pk, gold.pk], [None, wooden.pk]]
    assert "not requested" in response.content.decode()


def test_cell_shows_a_thumbnail_or_the_word_video_or_the_state(admin_client: Client) -> None:
    batch, sea = make_batch(), make_video()
    pictured = make_video(title="Noir sea", thumbnail="noir.jpg")
    values: list[dict[str, Any]] = [
        {"status": Status.SUCCEEDED, "result": pictured},
        {"status": Status.SUCCEEDED, "result": make_video()},
        {"status": Status.FAILED, "error_code": "given_up"},
    ]
    remixes = [
        make_remix(batch=batch, source=sea, prompt=f"{number}", **one)
        for number, one in enumerate(values)
    ]

    page = text_of(admin_client, batch)

    first, second, third = (
        f'<a href="/admin/sora_remix/remix/{one.pk}/change/">' for one in remixes
    )
    assert f'{first}<img class="sora-remix-thumbnail" src="/media/noir.jpg" alt="Noir sea"' in page
    assert f"{second}video</a>" in page
    assert f"{third}{remixes[2]}</a>" in page
    assert "It was given up. It was never found out whether fal received it." in page


def test_cell_shows_its_newest_remix_and_links_the_others(
    admin_client: Client,
) -> None:
    batch, sea = make_batch(), make_video()
    first, second, third = (make_remix(batch=batch, source=sea) for _ in range(3))

    response = show(admin_client, batch)

    others = f"/admin/sora_remix/remix/?id__in={first.pk}%2C{second.pk}"
    assert shape(response) == [[third.pk]]
    assert f'<a href="{others}">2 earlier</a>' in response.content.decode()
    assert {*listed(admin_client.get(others))} == {first.pk, second.pk}


def test_long_prompt_is_shortened_and_can_be_expanded(admin_client: Client) -> None:
    batch, prompt = make_batch(), "make it noir " * 20
    make_remix(batch=batch, prompt=prompt)

    page = text_of(admin_client, batch)

    assert f'</summary><bdi dir="auto">{prompt}</bdi></details>' in page


def test_page_contains_only_the_start_of_a_very_long_prompt(admin_client: Client) -> None:
    batch = make_batch()
    make_remix(batch=batch, prompt="x" * 5000)

    page = text_of(admin_client, batch)

    assert f'<bdi dir="auto">{"x" * (grid.PROMPT_OPENED - 1)}…</bdi>' in page


def test_prompt_with_placeholders_is_one_column_for_all_videos(admin_client: Client) -> None:
    videos = [make_video(title=title) for title in ("Sea", "Wood", "Town")]
    batch = draft(*videos)
    services.confirm(batch, ["{title} at night", "make it noir"], by=None)

    response = show(admin_client, batch)

    assert prompts(response) == ["{title} at night", "make it noir"]
    made = dict(batch.remixes.values_list("pk", "prompt"))
    rows = [[made[pk] for pk in row if pk] for row in shape(response)]
    assert rows == [[f"{video.title} at night", "make it noir"] for video in videos]


def test_retry_stays_in_the_column_of_its_template(admin_client: Client) -> None:
    batch = draft(make_video(title="Sea"))
    [first] = services.confirm(batch, ["{title} at night"], by=None)
    services.cancel(first, by=None)

    again = services.retry(first, by=None)

    response = show(admin_client, batch)
    assert shape(response) == [[again.pk]]
    assert prompts(response) == ["{title} at night"]


@pytest.mark.parametrize(
    ("one", "other"), [("Add 🔥", "Add 🎉"), ("noir", "NOIR"), ("cafe", "café"), ("a", "a ")]
)
def test_similar_prompts_have_separate_columns(admin_client: Client, one: str, other: str) -> None:
    batch, video = make_batch(), make_video()
    remixes = [make_remix(batch=batch, source=video, prompt=prompt) for prompt in (one, other)]

    assert shape(show(admin_client, batch)) == [[remix.pk for remix in remixes]]
    assert len({remix.prompt_digest for remix in remixes}) == 2


def test_prompts_beyond_the_last_column_are_counted(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch()
    fill(batch, 2, 5)
    monkeypatch.setattr(grid, "MOST_CELLS", 3)

    response = show(admin_client, batch)

    assert [len(row) for row in shape(response)] == [3]
    assert "2 more prompts aren't shown here." in response.content.decode()


def test_prompts_and_titles_are_shown_as_text(admin_client: Client) -> None:
    batch = make_batch()
    source, result = make_video(title="<script>1"), make_video(title="<script>2", thumbnail="a.jpg")
    make_remix(batch=batch, source=source, prompt="<script>3")
    make_remix(batch=batch, source=source, prompt="<script>4" * 20, result=result)

    page = text_of(admin_client, batch)

    for number in range(1, 5):
        assert f"<script>{number}" not in page
        assert f"&lt;script&gt;{number}" in page


def test_page_shows_50_videos(admin_client: Client) -> None:
    batch = make_batch()
    fill(batch, 51, 1)

    first, second = show(admin_client, batch), show(admin_client, batch, "?p=2")

    assert [len(shape(page)) for page in (first, second)] == [50, 1]
    assert '<a href="?p=2#sora-remix-grid">Next videos</a>' in first.content.decode()
    assert '<a href="?p=1#sora-remix-grid">Previous videos</a>' in second.content.decode()


def test_page_never_has_more_checkboxes_than_django_accepts(admin_client: Client) -> None:
    batch = make_batch()
    fill(batch, 3, 400)

    response = show(admin_client, batch)

    assert len(shape(response)) == 2
    assert response.content.decode().count('name="cell"') == 800


def test_grid_needs_as_many_queries_for_1000_remixes_as_for_10(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for videos, prompts in ((5, 2), (50, 20)):
        batch = make_batch()
        fill(batch, videos, prompts)
        show(admin_client, batch)  # content types are read once in a process

        with django_assert_num_queries(10):
            show(admin_client, batch)


def test_grid_makes_no_storage_call_except_building_urls(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch()
    fill(batch, 2, 2)

    def refuse(*args: Any) -> None:
        raise AssertionError

    for name in ("exists", "open", "size", "get_modified_time"):
        monkeypatch.setattr(FileSystemStorage, name, refuse)

    assert text_of(admin_client, batch).count("/media/a.jpg") == 4


def test_batch_shows_its_progress(admin_client: Client) -> None:
    batch = make_batch()
    for status in (Status.SUCCEEDED, Status.CANCELLED, Status.PROCESSING):
        make_remix(batch=batch, status=status)

    page = text_of(admin_client, batch)

    assert '<progress id="sora-remix-bar" max="3" value="2" aria-labelledby' in page
    assert '<p id="sora-remix-said" role="status">2 of 3 are done</p>' in page
    assert f'data-batch="{batch.pk}"' in page


def test_draft_has_no_grid_and_links_to_the_confirm_page(admin_client: Client) -> None:
    batch = draft()

    page = text_of(admin_client, batch)

    assert page_of(batch) in page
    assert "sora-remix-grid" not in page


def test_batch_without_remixes_is_explained(admin_client: Client) -> None:
    assert "This batch has no remixes" in text_of(admin_client, make_batch())


def test_grid_needs_permission_to_view_remixes(client: Client) -> None:
    batch = make_batch()
    make_remix(batch=batch)
    log_in(client, "view_video", "remix_video")

    page = f"/admin/sora_remix/remixbatch/{batch.pk}/change/"
    assert client.get(page).status_code == 403


def test_user_with_view_permission_is_offered_no_action(client: Client) -> None:
    batch = make_batch()
    remix = make_remix(batch=batch)
    log_in(client, "view_remix")

    page = text_of(client, batch)

    assert str(remix) in page
    assert 'name="cell"' not in page
    assert 'form="sora-remix-cells-form" class="button"' not in page


def test_grid_is_a_named_scrollable_region(admin_client: Client) -> None:
    batch = make_batch()
    make_remix(batch=batch)

    page = text_of(admin_client, batch)

    assert 'role="region" aria-labelledby="sora-remix-grid-name" tabindex="0"' in page
    assert 'id="sora-remix-grid-name"' in page


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({"status": Status.QUEUED}, {"cancel"}),
        ({"status": Status.PROCESSING}, {"cancel"}),
        ({"status": Status.PROCESSING, "cancel_requested_at": moment(2026, 11, 29)}, set()),
        ({"status": Status.STORING}, set()),
        ({"status": Status.FAILED}, {"retry"}),
        ({"status": Status.FAILED, "request_id": "id"}, {"retry", "collect_again"}),
        ({"status": Status.CANCELLED}, {"retry"}),
        ({"status": Status.SUCCEEDED}, set()),
    ],
)
def test_each_cell_says_which_actions_its_state_allows(
    admin_client: Client, values: dict[str, Any], allowed: set[str]
) -> None:
    batch = make_batch()
    make_remix(batch=batch, **values)

    [cell] = find_all(find(show(admin_client, batch), id="sora-remix-grid"), "td")

    assert allowed_in(cell) == allowed


def test_cell_with_a_video_can_be_remixed_and_compared(admin_client: Client) -> None:
    batch = make_batch()
    make_remix(batch=batch, status=Status.SUCCEEDED, result=make_video())

    [cell] = find_all(find(show(admin_client, batch), id="sora-remix-grid"), "td")

    assert allowed_in(cell) == {"further", "compare"}


def test_buttons_are_active_without_a_script_and_say_what_they_need(admin_client: Client) -> None:
    batch = make_batch()
    make_remix(batch=batch)

    buttons = find_all(show(admin_client, batch), "button", name="action")

    assert [one.get("value") for one in buttons] == [
        "cancel",
        "retry",
        "collect_again",
        "further",
        "compare",
    ]
    for button in buttons:
        assert not {"disabled", "aria-disabled"}.intersection(button.keys())
        assert button.get("data-unavailable", "").startswith("Select ")


def test_page_names_each_model_with_its_options_in_words(admin_client: Client) -> None:
    batch, source = make_batch(), make_video()
    for number in range(2):
        make_remix(batch=batch, source=source, prompt=f"{number}", options={"delete_video": True})
    make_remix(batch=batch, source=source, prompt="2", endpoint="gone", options={"cfg_scale": 2})

    shown = find_all(show(admin_client, batch), class_="sora-remix-requested")

    assert [inner_text(one) for one in shown] == [
        f"{SORA_2} Delete the result at the provider: Yes",
        "gone Cfg scale: 2",
    ]


def test_each_result_can_be_remixed_from_its_cell(admin_client: Client) -> None:
    batch, source, result = make_batch(), make_video(), make_video(title="Noir sea")
    make_remix(batch=batch, source=source, prompt="a", status=Status.SUCCEEDED, result=result)
    cleared = make_video(sora_id="")
    make_remix(batch=batch, source=source, prompt="b", status=Status.SUCCEEDED, result=cleared)
    make_remix(batch=batch, source=source, prompt="c")
    page = show(admin_client, batch)

    [button] = find_all(page, "button", name="video")
    response = submit(admin_client, page, {}, f"video={result.pk}")

    assert inner_text(button) == "Remix: Noir sea"
    new = RemixBatch.objects.drafts().get()
    assert response.headers["Location"] == page_of(new)
    assert list(new.videos.all()) == [result]


def test_result_can_be_remixed_only_with_the_permission(client: Client) -> None:
    batch = make_batch()
    make_remix(batch=batch, status=Status.SUCCEEDED, result=make_video())

    for held, many in ((["view_video"], 0), (["view_video", "remix_video"], 1)):
        log_in(client, "view_remix", *held, username=f"editor-{many}")

        assert len(find_all(show(client, batch), "button", name="video")) == many
