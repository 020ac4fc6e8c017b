"""Editors see the cost of a selection, and of each video, before they pay."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from sora_remix.models import Video
from tests.checkout import choose, draft, filled_in, make_clip, options, page_of, rows_of, text_of
from tests.factories import make_video
from tests.html import find, inner_text

pytestmark = pytest.mark.django_db


def test_page_shows_the_cost_of_each_video_and_the_total(admin_client: Client) -> None:
    batch = draft(make_video(title="Sea", duration=4), make_video(title="Sky", duration="8.25"))

    page = text_of(admin_client, batch)

    assert rows_of(page) == [
        ["8.25 s", "Sky × Prompt $0.83"],
        ["4 s", "Sea × Prompt $0.40"],
    ]
    assert 'value="Make 2 remixes for $1.23"' in page
    assert "Sora 2" in page


def test_unknown_length_has_unknown_cost_and_never_zero(admin_client: Client) -> None:
    batch = draft(*(make_video(title="Sea", duration=length) for length in (None, None, 12)))

    page = text_of(admin_client, batch)

    assert ["unknown", "Sea × Prompt cost unknown"] in rows_of(page)
    assert 'value="Make 3 remixes for $1.20 + 2 of unknown cost"' in page
    assert "$0.00" not in page


def test_button_says_when_the_cost_is_unknown(admin_client: Client) -> None:
    page = text_of(admin_client, draft(make_video(duration=None)))

    assert 'value="Make 1 remix (cost unknown)"' in page


def test_total_is_approximate_when_the_price_is_not_firm(
    admin_client: Client, any_endpoint: None
) -> None:
    page = text_of(admin_client, draft())

    assert 'value="Make 1 remix for about $0.40"' in page


def test_page_says_which_videos_can_not_be_remixed_and_why(admin_client: Client) -> None:
    batch = draft(make_video(), make_video(sora_id="", title="Upload"))

    page = text_of(admin_client, batch)

    fold = find(page, "details", id="sora-remix-left-out")
    assert inner_text(find(fold, "summary")) == (
        "1 video left out “Upload”: It is not a Sora generation: it has no Sora id."
    )
    assert fold.get("open") is None
    assert 'value="Make 1 remix for $0.40"' in page


def test_draft_without_remixable_videos_has_no_confirm_button(admin_client: Client) -> None:
    batch = draft(make_video(sora_id=""))

    page = text_of(admin_client, batch)

    assert "none of the selected videos can be remixed" in page
    assert 'type="submit" class="default"' not in page


def test_draft_whose_videos_were_deleted_is_explained(admin_client: Client) -> None:
    batch = draft()
    Video.objects.all().delete()

    assert "the videos of this selection were deleted" in text_of(admin_client, batch)


def test_cost_of_each_video_is_approximate_when_the_price_is_not_firm(
    admin_client: Client, any_endpoint: None
) -> None:
    page = text_of(admin_client, draft(make_video(title="Sea")))

    assert rows_of(page) == [["4 s", "Sea × Prompt about $0.40"]]


def test_option_with_unknown_price_is_never_shown_as_free(admin_client: Client) -> None:
    batch = draft(make_clip())

    page = choose(admin_client, batch, "grok").content.decode()

    assert 'value="Make 1 remix (cost unknown)"' in page
    assert "$0.00" not in page


def test_cost_depends_on_the_options(admin_client: Client) -> None:
    batch = draft(make_clip())
    values = filled_in(choose(admin_client, batch, "grok"))

    response = admin_client.post(
        page_of(batch), {**values, **options(resolution="720p"), "_recalculate": "1"}
    )

    assert 'value="Make 1 remix for $0.32"' in response.content.decode()


def test_cut_off_seconds_are_shown_for_each_video_and_in_total(admin_client: Client) -> None:
    batch = draft(make_clip(duration=9), make_clip(duration=20), make_clip(duration=4))

    page = choose(admin_client, batch, "grok").content.decode()

    assert "2 × Only its first 8 s are used." in page
    assert page.count("Only its first 8 s are used.") == 3


def test_sound_note_depends_on_the_options(admin_client: Client) -> None:
    batch = draft(make_clip())
    shown = choose(admin_client, batch, "kling-o3")
    values = {name: value for name, value in filled_in(shown).items() if "audio" not in name}

    response = admin_client.post(page_of(batch), {**values, "_recalculate": "1"})

    assert "The video&#x27;s sound is kept." in shown.content.decode()
    assert "The video&#x27;s sound is removed." in response.content.decode()


def test_page_shows_the_facts_of_the_endpoint(admin_client: Client) -> None:
    page = text_of(admin_client, draft(make_clip()))

    assert "Length: at least 0.7 s, under 15 s" in page
    assert "The result has 24 frames per second" in page
    assert "about 40 seconds" in page
    url = "https://fal.ai/models/blackforestlabs/flux-3/edit-video/api"
    assert f'<a href="{url}" target="_blank" rel="noopener">' in page


@pytest.mark.parametrize(
    ("videos", "time"),
    [
        (2, "about 3 minutes</span>"),
        (3, "about 6 minutes if fal makes 2 at a time"),
        (100, "about 2 hours if fal makes 2 at a time"),
    ],
)
def test_page_says_how_long_the_batch_takes_with_a_new_account(
    admin_client: Client, videos: int, time: str
) -> None:
    page = text_of(admin_client, draft(*(make_video() for _ in range(videos))))

    assert f'id="sora-remix-whole-time">{time}' in page


def test_page_of_a_thousand_videos_is_fast(admin_client: Client) -> None:
    batch = draft(
        *Video.objects.bulk_create(
            Video(title=f"Clip {number}", file="videos/sea.mp4", duration=4)
            for number in range(1000)
        )
    )
    start = time.thread_time()

    page = choose(admin_client, batch, "luma-3.2").content.decode()

    assert "Make 1000 remixes for $720.00" in page
    assert time.thread_time() - start < 5  # however much others do meanwhile
