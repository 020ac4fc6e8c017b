"""Editors learn which videos are left out, why, and what they can do."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sora_remix.endpoints.builtin import BUILT_IN
from sora_remix.models import EndpointFact
from tests.checkout import draft, make_clip, page_of
from tests.html import find, find_all, inner_text, texts

pytestmark = pytest.mark.django_db


def _fold(page: Any) -> Any:
    return find(page, "details", id="sora-remix-left-out")


def _summary(page: Any) -> str:
    return inner_text(find(_fold(page), "summary"))


def test_one_video_is_left_out_with_its_reason_and_what_to_do(admin_client: Client) -> None:
    cover = make_clip(title="Cover", file="videos/c.mp4", container="mp4", video_codec="")

    page = admin_client.get(page_of(draft(make_clip(), cover)))

    reason = "It has no moving picture, only sound or a single image."
    assert _summary(page) == f"1 video left out “Cover”: {reason}"
    [row] = find_all(find(_fold(page), "tbody"), "tr")
    assert texts(row, "td") == [
        reason,
        "No model takes it. Upload another version of this video.",
    ]


def test_several_reasons_are_counted_in_one_line(admin_client: Client) -> None:
    clips = [make_clip(duration=length) for length in (4, 5, 6, 20, 20, "0.5")]
    odd = make_clip(file="videos/sea.txt")

    # FLUX 3 takes fewer of them than the one that is chosen at first.
    page = admin_client.post(page_of(draft(*clips, odd)), {"endpoint": "flux-3", "_enter": "1"})

    assert _summary(page) == (
        "4 videos left out 2 × It fits only with visible changes: cut to the first 14.9 s. "
        "1 × It is a file of type TXT, but only MP4 can be sent. …"
    )


@pytest.mark.parametrize(
    ("gone", "advice"),
    [
        ((), "Gemini Omni Flash 1.1 and 3 more models take it."),
        (("gemini-omni", "grok"), "Lucy Restyle and Luma Ray 3.2 take it."),
    ],
)
def test_models_that_take_a_video_are_named(
    admin_client: Client, gone: tuple[str, ...], advice: str
) -> None:
    for key in gone:
        EndpointFact.objects.note_retired(BUILT_IN[key].endpoint_id)
    batch = draft(make_clip(), make_clip(duration="0.5"))

    page = admin_client.post(page_of(batch), {"endpoint": "flux-3", "_enter": "1"})

    assert advice in texts(_fold(page), "td")


def test_more_than_twelve_are_in_the_table_of_remixes(admin_client: Client) -> None:
    batch = draft(make_clip(), *(make_clip(duration=20) for _ in range(15)))

    page = admin_client.post(page_of(batch), {"endpoint": "flux-3", "_enter": "1"})

    assert len(find_all(find(_fold(page), "tbody"), "tr")) == 12
    assert "and 3 more" in texts(_fold(page), "a")
    assert len(find_all(find(find(page, id="sora-remix-refused"), "tbody"), "tr")) == 3


def test_videos_that_are_all_taken_have_no_such_line(admin_client: Client) -> None:
    page = admin_client.get(page_of(draft(make_clip())))

    assert not find_all(page, id="sora-remix-left-out")


def test_reasons_are_open_when_no_video_can_be_remixed(admin_client: Client) -> None:
    page = admin_client.get(page_of(draft(make_clip(file="videos/sea.txt"))))

    assert _fold(page).get("open") is not None


@pytest.mark.parametrize(
    ("clip", "advice"),
    [
        ({"duration": 70}, "Allow visible changes below, or choose a part."),
        ({"width": 3000, "height": 1000}, "Choose below whether to crop or to pad it."),
    ],
)
def test_video_that_would_change_visibly_has_advice_to_allow_that(
    admin_client: Client, clip: dict[str, Any], advice: str
) -> None:
    batch = draft(make_clip(), make_clip(**clip))

    page = admin_client.post(page_of(batch), {"endpoint": "happy-horse", "_enter": "1"})

    assert advice in texts(_fold(page), "td")
