"""Pages that have nothing to show say what to do next."""

from __future__ import annotations

from typing import Any, cast

import pytest
from django.contrib import admin
from django.test import Client

from sora_remix.admin import RemixAdmin
from sora_remix.models import PromptPreset, Remix, RemixBatch
from tests.admin_urls import change_url, compare_url, confirm_url, review_url, tree_url
from tests.checkout import draft, make_clip
from tests.factories import make_remix, make_video
from tests.html import find_all, inner_text, links
from tests.remix_actions import log_in
from tests.trees import remix_of

pytestmark = pytest.mark.django_db

VIDEOS = "/admin/sora_remix/video/"
REMIXES = "/admin/sora_remix/remix/"
BATCHES = "/admin/sora_remix/remixbatch/"
BUDGETS = "/admin/sora_remix/budget/"
PRESETS = "/admin/sora_remix/promptpreset/"
NO_PERMISSION = "Ask an administrator for permission to remix videos."
NOTHING_MATCHES = "Nothing matches your search and filters. Clear search and filters"
REMIXER = ("view_video", "remix_video", "view_remix")


@pytest.fixture(autouse=True)
def living_endpoint(any_endpoint: None) -> None:
    """The site offers an endpoint that lives."""


def _guidance(page: Any) -> list[str]:
    """Return the sentences on a page that say what to do next, each with its link."""
    shown = [*find_all(page, "p", "sora-remix-guidance"), *find_all(page, "p", "sora-remix-hint")]
    return [inner_text(one) for one in shown]


def _leads_to(page: Any) -> list[str]:
    """Return the addresses of their links."""
    return [url for one in find_all(page, "p", "sora-remix-guidance") for url in links(page, one)]


@pytest.mark.parametrize(
    ("url", "said", "leads_to"),
    [
        (VIDEOS, "Add your first video to remix it. Add a video", f"{VIDEOS}add/"),
        (REMIXES, "Choose videos to request your first remix. Show the videos", VIDEOS),
        (
            BATCHES,
            "Choose videos to start your first batch. Show the videos",
            VIDEOS,
        ),
        (PRESETS, "Save a prompt that you often use as a preset. Add a preset", f"{PRESETS}add/"),
    ],
)
def test_empty_list_says_how_to_fill_it(
    admin_client: Client, url: str, said: str, leads_to: str
) -> None:
    page = admin_client.get(url)

    assert _guidance(page) == [said]
    assert _leads_to(page) == [leads_to]
    assert not find_all(page, "select", name="action")


@pytest.mark.parametrize(
    ("url", "held", "said"),
    [
        (VIDEOS, "view_video", "Ask an administrator to add the first video."),
        (
            REMIXES,
            "view_remix",
            "Ask an administrator for permission to request the first remix.",
        ),
        (BATCHES, "view_remix", "Ask an administrator for permission to start the first batch."),
        (PRESETS, "view_promptpreset", "Ask an administrator to share a preset with you."),
        (BUDGETS, "view_budget", "No budget limits what remixes may cost."),
    ],
)
def test_empty_list_says_whom_to_ask_without_permission(
    client: Client, url: str, held: str, said: str
) -> None:
    log_in(client, held)

    page = client.get(url)

    assert _guidance(page) == [said]
    assert _leads_to(page) == []


@pytest.mark.parametrize(
    ("url", "query"),
    [
        (VIDEOS, "q=noir"),
        (VIDEOS, "origin=remix&o=1"),
        (REMIXES, "status__exact=failed&q=x"),
        (BATCHES, "state=confirmed"),
        (PRESETS, "is_shared__exact=1"),
    ],
)
def test_filter_that_finds_nothing_can_be_cleared(
    admin_client: Client, url: str, query: str
) -> None:
    make_remix()
    draft()
    PromptPreset.objects.create(name="Noir", text="noir")

    page = admin_client.get(f"{url}?{query}")
    [cleared] = _leads_to(page)

    assert _guidance(page) == [NOTHING_MATCHES]
    assert cleared == (f"{url}?o=1" if "o=1" in query else url)
    assert _guidance(admin_client.get(cleared)) == []


def test_list_in_a_popup_keeps_being_one_when_cleared(admin_client: Client) -> None:
    empty = admin_client.get(f"{VIDEOS}?_popup=1")
    filtered = admin_client.get(f"{VIDEOS}?_popup=1&q=noir")

    assert _guidance(empty) == []
    assert _leads_to(filtered) == [f"{VIDEOS}?_popup=1"]


def test_list_with_rows_needs_no_guidance(admin_client: Client) -> None:
    make_remix(batch=draft())
    PromptPreset.objects.create(name="Noir", text="noir")

    for url in (VIDEOS, REMIXES, BATCHES, PRESETS):
        assert _guidance(admin_client.get(url)) == [], url


def test_pages_without_remix_button_name_the_missing_permission(client: Client) -> None:
    source = make_clip()
    remix = remix_of(source).remix
    batch = draft(source)
    batch.confirm()
    Remix.objects.filter(pk=remix.pk).update(batch=batch)
    pages = [VIDEOS, change_url(source), tree_url(source), review_url(), change_url(batch)]
    log_in(client, "view_video", "view_remix", "approve_video")

    lacking = [_guidance(client.get(url)) for url in pages]
    log_in(client, *REMIXER, "approve_video", username="remixer")
    holding = [_guidance(client.get(url)) for url in pages]

    assert lacking == [[NO_PERMISSION]] * 5
    assert holding == [[]] * 5


def test_site_without_batches_asks_for_no_permission(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_video()
    log_in(client, "view_video")
    monkeypatch.delitem(cast(Any, admin.site._registry), RemixBatch)

    assert _guidance(client.get(VIDEOS)) == []


def test_draft_leads_to_its_confirmation(client: Client) -> None:
    batch = draft(by=log_in(client, *REMIXER))

    page = client.get(change_url(batch))

    assert _guidance(page) == [
        "Nothing has been sent yet: check this draft and confirm it. Check and confirm"
    ]
    assert _leads_to(page) == [confirm_url(batch)]


def test_batch_without_remixes_leads_to_the_videos(admin_client: Client) -> None:
    batch = draft()
    batch.confirm()

    page = admin_client.get(change_url(batch))

    said = "This batch has no remixes: choose videos to start another one. Choose videos"
    assert _guidance(page) == [said]
    assert _leads_to(page) == [VIDEOS]


def test_batch_of_hidden_remixes_says_whom_to_ask(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = draft()
    batch.confirm()
    make_remix(batch=batch)
    log_in(client, "view_remix")
    monkeypatch.setattr(RemixAdmin, "get_queryset", lambda self, request: Remix.objects.none())

    page = client.get(change_url(batch))

    said = "Ask an administrator for access to the remixes of this batch. Back to the batches"
    assert _guidance(page) == [said]
    assert _leads_to(page) == [BATCHES]


def test_review_of_nothing_leads_back(admin_client: Client) -> None:
    page = admin_client.get(review_url())

    assert _guidance(page) == ["No video is waiting for a decision. Back to the videos"]
    assert _leads_to(page) == [VIDEOS]


def test_review_of_a_finished_batch_leads_to_all_others(admin_client: Client) -> None:
    batch = RemixBatch.objects.get(pk=draft().pk)

    page = admin_client.get(review_url(batch=batch.pk))

    assert _guidance(page) == ["No video of this selection is waiting for a decision. Review all"]
    assert _leads_to(page) == [review_url()]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Remix this video to start its tree. Open the video"),
        (
            {"is_deleted_at_provider": True},
            "Nothing has been made from this video, and no model accepts it. Show why",
        ),
    ],
)
def test_tree_of_one_video_says_how_it_grows(
    admin_client: Client, values: dict[str, bool], said: str
) -> None:
    video = make_video(**values) if values else make_clip()

    page = admin_client.get(tree_url(video))

    assert _guidance(page) == [said]
    assert _leads_to(page) == [change_url(video)]


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (
            REMIXER,
            "No other video with a file comes from the same source: remix this one to compare it "
            "with the result. Open the video",
        ),
        (
            ("view_video",),
            "No other video with a file comes from the same source. Open the video",
        ),
    ],
)
def test_comparison_with_nothing_says_how_to_get_something(
    client: Client, held: tuple[str, ...], said: str
) -> None:
    video = make_clip()
    log_in(client, *held)

    page = client.get(compare_url(video, video).partition("&")[0])

    assert _guidance(page) == [said]
    assert _leads_to(page) == [change_url(video)]


def test_draft_of_nothing_leads_to_videos_that_can_be_remixed(admin_client: Client) -> None:
    page = admin_client.get(confirm_url(draft(make_video(is_deleted_at_provider=True))))

    assert _guidance(page) == ["Choose videos that at least one model accepts. Show them"]
    assert _leads_to(page) == [f"{VIDEOS}?remixable=yes"]
