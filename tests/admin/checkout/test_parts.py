"""Editors choose a part of each video; its price and its errors stand beside it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sora_remix.models import RemixBatch, Video
from tests.admin_urls import change_url, video_url
from tests.checkout import draft, make_clip, page_of, recalculate
from tests.factories import make_video
from tests.forms import submit
from tests.html import find, find_all, texts

pytestmark = pytest.mark.django_db


def _typed(video: Video, start: str, end: str) -> dict[str, str]:
    return {f"_start-{video.pk}": start, f"_end-{video.pk}": end}


def _open(client: Client, video: Video, start: str, end: str, *more: Video) -> Any:
    """Choose a part of a video with FLUX 3."""
    page = recalculate(client, draft(video, *more), {"endpoint": "flux-3"})
    return submit(client, page, _typed(video, start, end), "_recalculate")


def _button(page: Any) -> str:
    return find(page, "input", id="sora-remix-order").get("value", "")


def _fold(page: Any, video: Video) -> Any:
    return find(page, "details", id=f"sora-remix-part-{video.pk}")


@pytest.mark.parametrize(("start", "end"), [("0:08", "0:12"), ("8", "12"), ("16", "")])
def test_price_is_that_of_the_part(admin_client: Client, start: str, end: str) -> None:
    page = _open(admin_client, make_clip(duration=20), start, end)
    whole = recalculate(admin_client, draft(make_clip(duration=4)), {"endpoint": "flux-3"})

    assert _button(page) == _button(whole)
    assert "sora-remix-left-out" not in page.content.decode()


def test_part_is_remixed(admin_client: Client) -> None:
    video, other = make_clip(duration=20), make_clip(duration=5)
    page = _open(admin_client, video, "0:08.5", "12", other)

    submit(admin_client, page, {"prompt": "noir"}, "")

    made = dict(RemixBatch.objects.get().remixes.values_list("source", "recipe"))
    assert json.loads(made[video.pk]) == {"start": "8.5", "end": "12", "max_bytes": 49999999}
    assert made[other.pk] == ""


@pytest.mark.parametrize(
    ("start", "end", "error"),
    [
        ("soon", "", "Enter a time such as “0:12.5”, or seconds such as “12.5”."),
        ("5", "3", "The end must be after the start."),
        ("5", "30", "The video is only 20 s long."),
        ("25", "", "The end must be after the start."),
    ],
)
def test_wrong_part_is_explained_beside_its_fields(
    admin_client: Client, start: str, end: str, error: str
) -> None:
    video = make_clip(duration=20)
    page = _open(admin_client, video, start, end)

    fold = _fold(page, video)
    assert fold.get("open") is not None
    assert texts(fold, "li") == [error]
    assert find(fold, "input", name=f"_start-{video.pk}").get("value") == start
    submit(admin_client, page, {"prompt": "noir"}, "")
    assert not RemixBatch.objects.get().remixes.exists()


def test_part_that_is_too_short_for_the_model_is_left_out_with_its_reason(
    admin_client: Client,
) -> None:
    video = make_clip(duration=20)

    page = _open(admin_client, video, "5", "5.5", make_clip())

    assert texts(_fold(page, video), "li") == [
        "It is 0.5 s long, but the model accepts at least 0.7 s."
    ]
    assert _button(page).startswith("Make 1 remix ")
    assert find(page, "details", id="sora-remix-left-out").get("open") is not None


@pytest.mark.parametrize(("start", "end"), [("", ""), ("0", ""), ("0:00", "4")])
def test_whole_video_is_taken_as_it_is(admin_client: Client, start: str, end: str) -> None:
    page = _open(admin_client, make_clip(duration=4), start, end)

    submit(admin_client, page, {"prompt": "noir"}, "")

    assert RemixBatch.objects.get().remixes.get().recipe == ""


def test_part_that_the_page_has_not_shown_is_not_confirmed(admin_client: Client) -> None:
    video = make_clip(duration=20)
    page = _open(admin_client, video, "8", "12")

    submit(admin_client, page, {"prompt": "noir", **_typed(video, "8", "13")}, "")

    assert not RemixBatch.objects.get().remixes.exists()


def test_parts_of_videos_on_another_page_are_kept(admin_client: Client) -> None:
    videos = [make_clip(duration=20) for _ in range(120)]
    batch = draft(*videos)
    page = recalculate(admin_client, batch, {"endpoint": "flux-3"})
    page = submit(admin_client, page, {"_agree": "1"}, "_recalculate")
    shown = [one for one in videos if find_all(page, "input", name=f"_start-{one.pk}")]
    assert len(shown) < len(videos)
    typed = shown[0]

    page = submit(admin_client, page, _typed(typed, "1", "5"), "_recalculate")
    page = submit(admin_client, page, {}, "_page=2")
    assert not find_all(page, "input", name=f"_start-{typed.pk}")
    submit(admin_client, page, {"prompt": "noir"}, "")

    recipe = batch.remixes.get(source=typed).recipe
    assert json.loads(recipe)["end"] == "5"


def test_only_files_that_can_be_decoded_have_parts(admin_client: Client) -> None:
    generation = make_video()

    page = admin_client.get(page_of(draft(generation)))

    assert not find_all(page, "details", id=f"sora-remix-part-{generation.pk}")


@pytest.mark.parametrize("sent", ["[]", "{", '{"1": 5, "x": ["1"]}', "null"])
def test_what_is_no_list_of_parts_is_ignored(admin_client: Client, sent: str) -> None:
    page = recalculate(admin_client, draft(make_clip()), {"_parts": sent})

    assert page.status_code == 200
    assert _button(page).startswith("Make 1 remix ")


def test_part_is_chosen_on_the_page_of_a_video(admin_client: Client) -> None:
    video = make_clip(duration=20)

    shown = admin_client.get(change_url(video))
    response = submit(admin_client, shown, {"start": "0:08", "end": "0:12"}, "")
    page = admin_client.get(response.url)

    assert _fold(page, video).get("open") is not None
    assert find(page, "input", name=f"_start-{video.pk}").get("value") == "0:08"
    assert find(page, "input", name=f"_end-{video.pk}").get("value") == "0:12"
    assert RemixBatch.objects.get().parts == {str(video.pk): ["0:08", "0:12"]}


def test_draft_without_a_part_keeps_none(admin_client: Client) -> None:
    admin_client.post(video_url("remix"), {"video": make_clip().pk, "start": " ", "end": ""})

    assert RemixBatch.objects.get().parts == {}


def test_cleared_video_has_no_part_to_choose(admin_client: Client) -> None:
    video = make_clip(file="", container="", sora_id="video_1", duration=Decimal(4))

    assert "Remix this part" not in admin_client.get(change_url(video)).content.decode()


def test_confirm_page_takes_no_more_queries_for_more_parts(admin_client: Client) -> None:
    counts = []
    for many in (2, 20):
        batch = draft(*(make_clip(duration=20 + number) for number in range(many)))
        batch.parts = {str(pk): ["1", "5"] for pk in batch.videos.values_list("pk", flat=True)}
        batch.save()
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(page_of(batch))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_part_that_was_typed_while_logged_out_is_kept(admin_client: Client) -> None:
    video = make_clip(duration=20)
    batch = draft(video, by=User.objects.get())
    admin_client.logout()
    typed = {**_typed(video, "1", "5"), "_agree": "1", "_shape": "pad", "endpoint": "flux-3"}
    admin_client.post(page_of(batch), typed)

    admin_client.force_login(User.objects.get())
    page = admin_client.get(page_of(batch))

    assert find(page, "input", name=f"_end-{video.pk}").get("value") == "5"
    assert find(page, "input", name="_shape").get("value") == "pad"
