"""A batch shows what it made of each video with each prompt."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import FileSystemStorage
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sora_remix import services
from sora_remix.admin.results import grid
from sora_remix.models import Remix, RemixBatch
from sora_remix.models.status import Status
from tests.deciding import log_in
from tests.factories import make_remix, make_video
from tests.ordering import draft, page_of

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


def shape(response: Any) -> list[list[Remix | None]]:
    """Return the remixes of the grid as they stand, row by row."""
    return [[cell.remix for cell in row.cells] for row in response.context["grid"].rows]


def fill(batch: RemixBatch, videos: int, prompts: int) -> list[Remix]:
    """Make remixes of so many videos with each of so many prompts, with results."""
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


def test_videos_stand_down_and_prompts_across_in_the_order_of_asking(admin_client: Client) -> None:
    batch, sea, wood = make_batch(), make_video(title="Sea"), make_video(title="Wood")
    noir, gold = (make_remix(batch=batch, source=sea, prompt=one) for one in ("noir", "gold"))
    wooden = make_remix(batch=batch, source=wood, prompt="gold")
    make_remix(source=wood, prompt="of no batch")

    response = show(admin_client, batch)

    assert [column.prompt for column in response.context["grid"].columns] == ["noir", "gold"]
    assert shape(response) == [[noir, gold], [None, wooden]]
    assert "not requested" in response.content.decode()


def test_a_cell_shows_the_picture_or_the_word_video_or_the_state(admin_client: Client) -> None:
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


def test_a_cell_shows_the_newest_of_its_remixes_and_leads_to_the_others(
    admin_client: Client,
) -> None:
    batch, sea = make_batch(), make_video()
    first, second, third = (make_remix(batch=batch, source=sea) for _ in range(3))

    response = show(admin_client, batch)

    others = f"/admin/sora_remix/remix/?id__in={first.pk}%2C{second.pk}"
    assert shape(response) == [[third]]
    assert f'<a href="{others}">2 earlier</a>' in response.content.decode()
    listed = admin_client.get(others).context["cl"].queryset
    assert {remix.pk for remix in listed} == {first.pk, second.pk}


def test_a_long_prompt_is_cut_and_can_be_opened(admin_client: Client) -> None:
    batch, prompt = make_batch(), "make it noir " * 20
    make_remix(batch=batch, prompt=prompt)

    page = text_of(admin_client, batch)

    assert f'</summary><bdi dir="auto">{prompt}</bdi></details>' in page


def test_only_the_start_of_a_very_long_prompt_is_on_the_page(admin_client: Client) -> None:
    batch = make_batch()
    make_remix(batch=batch, prompt="x" * 5000)

    page = text_of(admin_client, batch)

    assert f'<bdi dir="auto">{"x" * (grid.PROMPT_OPENED - 1)}…</bdi>' in page


def test_placeholders_make_one_column_for_all_videos(admin_client: Client) -> None:
    videos = [make_video(title=title) for title in ("Sea", "Wood", "Town")]
    batch = draft(*videos)
    services.confirm(batch, ["{title} at night", "make it noir"], by=None)

    response = show(admin_client, batch)

    columns = [column.prompt for column in response.context["grid"].columns]
    assert columns == ["{title} at night", "make it noir"]
    rows = [[cell and cell.prompt for cell in row] for row in shape(response)]
    assert rows == [[f"{video.title} at night", "make it noir"] for video in videos]


def test_a_retry_stays_in_the_column_of_its_template(admin_client: Client) -> None:
    batch = draft(make_video(title="Sea"))
    [first] = services.confirm(batch, ["{title} at night"], by=None)
    services.cancel(first, by=None)

    again = services.retry(first, by=None)

    response = show(admin_client, batch)
    assert shape(response) == [[again]]
    assert [column.prompt for column in response.context["grid"].columns] == ["{title} at night"]


@pytest.mark.parametrize(
    ("one", "other"), [("Add 🔥", "Add 🎉"), ("noir", "NOIR"), ("cafe", "café"), ("a", "a ")]
)
def test_prompts_that_a_database_may_take_for_equal_have_a_column_each(
    admin_client: Client, one: str, other: str
) -> None:
    batch, video = make_batch(), make_video()
    remixes = [make_remix(batch=batch, source=video, prompt=prompt) for prompt in (one, other)]

    assert shape(show(admin_client, batch)) == [remixes]
    assert len({remix.prompt_digest for remix in remixes}) == 2


def test_prompts_that_there_is_no_room_for_are_counted(
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


def test_50_videos_are_shown_on_a_page(admin_client: Client) -> None:
    batch = make_batch()
    fill(batch, 51, 1)

    first, second = show(admin_client, batch), show(admin_client, batch, "?p=2")

    assert [len(shape(page)) for page in (first, second)] == [50, 1]
    assert '<a href="?p=2#sora-remix-grid">Next videos</a>' in first.content.decode()
    assert '<a href="?p=1#sora-remix-grid">Previous videos</a>' in second.content.decode()


def test_a_page_never_has_more_boxes_than_django_takes(admin_client: Client) -> None:
    batch = make_batch()
    fill(batch, 3, 400)

    response = show(admin_client, batch)

    assert len(shape(response)) == 2
    assert response.content.decode().count('name="cell"') == 800


def test_the_grid_takes_as_many_queries_for_1000_remixes_as_for_10(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for videos, prompts in ((5, 2), (50, 20)):
        batch = make_batch()
        fill(batch, videos, prompts)
        show(admin_client, batch)  # content types are read once in a process

        with django_assert_num_queries(10):
            show(admin_client, batch)


def test_the_grid_builds_urls_and_asks_the_storage_nothing_else(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch()
    fill(batch, 2, 2)

    def refuse(*args: Any) -> None:
        raise AssertionError

    for name in ("exists", "open", "size", "get_modified_time"):
        monkeypatch.setattr(FileSystemStorage, name, refuse)

    assert text_of(admin_client, batch).count("/media/a.jpg") == 4


def test_a_batch_says_how_much_of_it_is_over(admin_client: Client) -> None:
    batch = make_batch()
    for status in (Status.SUCCEEDED, Status.CANCELLED, Status.PROCESSING):
        make_remix(batch=batch, status=status)

    page = text_of(admin_client, batch)

    assert '<progress id="sora-remix-bar" max="3" value="2" aria-labelledby' in page
    assert '<p id="sora-remix-said" role="status">2 of 3 are done</p>' in page
    assert f'data-batch="{batch.pk}"' in page


def test_a_draft_has_no_grid_and_leads_to_the_page_to_confirm(admin_client: Client) -> None:
    batch = draft()

    page = text_of(admin_client, batch)

    assert page_of(batch) in page
    assert "sora-remix-grid" not in page


def test_a_batch_without_remixes_says_so(admin_client: Client) -> None:
    assert "There are no remixes in this batch." in text_of(admin_client, make_batch())


def test_only_who_may_see_remixes_sees_the_grid(client: Client) -> None:
    batch = make_batch()
    make_remix(batch=batch)
    log_in(client, "view_video", "remix_video")

    page = f"/admin/sora_remix/remixbatch/{batch.pk}/change/"
    assert client.get(page).status_code == 403


def test_who_may_only_look_is_offered_nothing_to_do(client: Client) -> None:
    batch = make_batch()
    remix = make_remix(batch=batch)
    log_in(client, "view_remix")

    page = text_of(client, batch)

    assert str(remix) in page
    assert 'name="cell"' not in page
    assert 'form="sora-remix-cells-form" class="button"' not in page


def test_the_grid_scrolls_in_a_region_of_its_own_with_a_name(admin_client: Client) -> None:
    batch = make_batch()
    make_remix(batch=batch)

    page = text_of(admin_client, batch)

    assert 'role="region" aria-labelledby="sora-remix-grid-name" tabindex="0"' in page
    assert 'id="sora-remix-grid-name"' in page
