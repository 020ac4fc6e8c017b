"""Editors untick single cells, on all pages of a draft."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from sora_remix.models import Remix, RemixBatch, Video
from tests.checkout import (
    draft,
    errors,
    filled_in,
    make_clip,
    page_of,
    recalculate,
    rows_of,
    text_of,
)
from tests.factories import make_video

pytestmark = pytest.mark.django_db

TWO = ["noir", "gold <i>x</i>"]


@pytest.fixture
def videos(db: None) -> list[Video]:
    """Two videos; the page shows the newer one first."""
    return [make_video(title=title) for title in ("Sea", "Sky")]


@pytest.fixture
def batch(videos: list[Video]) -> RemixBatch:
    return draft(*videos)


def _untick(values: dict[str, Any], *cells: str) -> dict[str, Any]:
    """Return the data that a browser sends after unticking these boxes."""
    ticked = values["_cell"] if isinstance(values["_cell"], list) else [values["_cell"]]
    return {**values, "_cell": [cell for cell in ticked if cell not in cells]}


def _shown(client: Client, batch: RemixBatch, prompts: list[str] = TWO) -> dict[str, Any]:
    return {**filled_in(recalculate(client, batch, {"prompt": prompts})), "prompt": prompts}


def _again(client: Client, batch: RemixBatch, values: dict[str, Any], **more: Any) -> Any:
    return client.post(page_of(batch), {**values, **({"_recalculate": "1"} | more)})


def test_every_cell_has_a_checkbox_labelled_with_video_and_prompt(
    admin_client: Client, batch: RemixBatch
) -> None:
    response = recalculate(admin_client, batch, {"prompt": TWO})

    assert rows_of(response.content.decode()) == [
        ["4 s", "Sky × Prompt 1 $0.40", "Sky × Prompt 2 $0.40"],
        ["4 s", "Sea × Prompt 1 $0.40", "Sea × Prompt 2 $0.40"],
    ]


def test_columns_and_rows_have_headings(admin_client: Client, batch: RemixBatch) -> None:
    page = recalculate(admin_client, batch, {"prompt": TWO}).content.decode()

    grid = page.split('id="sora-remix-cells"')[1]
    assert grid.count('<th scope="col"') == 4
    assert grid.count('<th scope="row">') == 2
    assert "gold &lt;i&gt;x&lt;/i&gt;</span>" in page
    assert 'role="region" aria-labelledby="sora-remix-cells-caption" tabindex="0"' in page


def test_unticked_cells_are_neither_counted_nor_priced(
    admin_client: Client, batch: RemixBatch, videos: list[Video]
) -> None:
    values = _untick(_shown(admin_client, batch), f"{videos[0].pk}:1")

    page = _again(admin_client, batch, values).content.decode()

    assert rows_of(page)[1][1:] == ["Sea × Prompt 1 $0.40", "Sea × Prompt 2 $0.40 (off)"]
    assert 'value="Make 3 remixes for $1.20"' in page
    assert "2 videos × 2 prompts, 1 unticked" in page


def test_unticked_cells_are_not_remixed(
    admin_client: Client, batch: RemixBatch, videos: list[Video]
) -> None:
    values = _untick(_shown(admin_client, batch), f"{videos[0].pk}:1", f"{videos[1].pk}:0")
    agreed = {**filled_in(_again(admin_client, batch, values)), "prompt": TWO}

    response = admin_client.post(page_of(batch), agreed)

    assert response.status_code == 302
    made = {(remix.source, remix.prompt) for remix in batch.remixes.all()}
    assert made == {(videos[0], TWO[0]), (videos[1], TWO[1])}


def test_unticking_a_box_changes_the_terms(
    admin_client: Client, batch: RemixBatch, videos: list[Video]
) -> None:
    values = _untick(_shown(admin_client, batch), f"{videos[0].pk}:1")

    response = admin_client.post(page_of(batch), values)

    assert "Nothing was sent" in errors(response)["__all__"][0]
    assert not Remix.objects.exists()


def test_unticked_box_can_be_ticked_again(
    admin_client: Client, batch: RemixBatch, videos: list[Video]
) -> None:
    values = _shown(admin_client, batch)
    off = filled_in(_again(admin_client, batch, _untick(values, f"{videos[0].pk}:1")))

    page = _again(admin_client, batch, {**off, "prompt": TWO, "_cell": values["_cell"]})

    assert 'value="Make 4 remixes for $1.60"' in page.content.decode()


def test_draft_with_every_cell_unticked_can_not_be_confirmed(
    admin_client: Client, batch: RemixBatch
) -> None:
    values = {**_shown(admin_client, batch), "_cell": []}
    off = _again(admin_client, batch, values)

    response = admin_client.post(page_of(batch), {**filled_in(off), "prompt": TWO})

    assert 'value="Make 0 remixes (nothing)"' in off.content.decode()
    assert errors(response)["__all__"] == [
        "All remixes are unticked. Tick at least one.",
    ]


def test_column_keeps_its_unticked_cells_when_an_earlier_one_is_removed(
    admin_client: Client, batch: RemixBatch, videos: list[Video]
) -> None:
    values = _untick(_shown(admin_client, batch), f"{videos[0].pk}:1", f"{videos[1].pk}:0")

    response = _again(admin_client, batch, values, _drop="0")

    assert rows_of(response.content.decode()) == [
        ["4 s", "Sky × Prompt $0.40"],
        ["4 s", "Sea × Prompt $0.40 (off)"],
    ]


def test_unticked_cells_can_be_sent_in_one_field(
    admin_client: Client, batch: RemixBatch, videos: list[Video]
) -> None:
    """As the script sends them, which leaves out the boxes."""
    off = f"{videos[0].pk}:1 {videos[1].pk}:0 999:0 {videos[0].pk}:9 x:1 :"
    sent = {**_shown(admin_client, batch), "_without": off, "_rows": "", "_cell": []}

    response = _again(admin_client, batch, sent)

    assert filled_in(response)["_without"] == f"{videos[0].pk}:1 {videos[1].pk}:0"


def test_unticked_cells_are_kept_over_an_endpoint_that_refuses_the_video(
    admin_client: Client,
) -> None:
    batch = draft(make_clip(title="Clip"), make_clip(title="Long", duration=20))
    values = filled_in(recalculate(admin_client, batch, {"endpoint": "lucy-restyle"}))
    off = filled_in(_again(admin_client, batch, {**values, "_cell": []}))

    other = filled_in(_again(admin_client, batch, {**off, "endpoint": "flux-3"}))
    back = _again(admin_client, batch, {**other, "endpoint": "lucy-restyle"})

    assert rows_of(back.content.decode()) == [
        ["20 s", "Long × Prompt $0.20 (off)"],
        ["4 s", "Clip × Prompt $0.04 (off)"],
    ]


def test_unticked_cells_of_other_pages_are_kept(admin_client: Client) -> None:
    videos = [make_video(title="Sea") for _ in range(101)]
    batch = draft(*videos)
    first = _untick(_shown(admin_client, batch, ["noir"]), f"{videos[100].pk}:0")

    second = _again(admin_client, batch, first, _page="2")
    third = _again(admin_client, batch, {**filled_in(second), "_cell": []}, _page="1")

    assert rows_of(second.content.decode()) == [["4 s", "Sea × Prompt $0.40"]]
    page = third.content.decode()
    assert rows_of(page)[0] == ["4 s", "Sea × Prompt $0.40 (off)"]
    assert 'value="Make 99 remixes for $39.60"' in page


def test_page_without_remixable_videos_keeps_the_unticked_cells(
    admin_client: Client,
) -> None:
    videos = [make_clip() for _ in range(100)]
    batch = draft(*videos, *(make_clip(duration=20) for _ in range(13)))
    shown = filled_in(recalculate(admin_client, batch, {"endpoint": "flux-3"}))

    second = _again(admin_client, batch, _untick(shown, f"{videos[0].pk}:0"), _page="2")

    assert filled_in(second)["_without"] == f"{videos[0].pk}:0"
    assert rows_of(second.content.decode()) == []


@pytest.mark.parametrize(("prompts", "rows"), [(1, 100), (6, 100), (8, 85), (600, 1)])
def test_page_has_no_more_fields_than_django_accepts(
    admin_client: Client, prompts: int, rows: int
) -> None:
    batch = draft(*(make_video() for _ in range(120)))

    response = recalculate(admin_client, batch, {"prompt": ["noir"] * prompts})

    assert len(rows_of(response.content.decode())) == rows


def test_two_thousand_cells_are_shown_and_confirmed_without_a_script(
    admin_client: Client,
) -> None:
    batch = draft(*(make_video() for _ in range(200)))
    prompts = ["{title} noir"] * 10
    start = time.process_time()

    values = _shown(admin_client, batch, prompts)
    response = admin_client.post(page_of(batch), values)

    assert (response.status_code, batch.remixes.count()) == (302, 2000)
    assert time.process_time() - start < 10


def test_one_prompt_is_shown_as_a_plain_list_of_costs(
    admin_client: Client, batch: RemixBatch
) -> None:
    page = text_of(admin_client, batch)

    assert '<th scope="col" id="sora-remix-column-0">Cost</th>' in page
    assert "sora-remix-wide" not in page
