"""An editor gets through the work under every theme."""

from __future__ import annotations

import re
from pathlib import Path

from django.core.files.base import ContentFile
from playwright.sync_api import Page, expect

from sora_remix.models import PromptPreset, Remix, RemixBatch, Video
from tests.admin_urls import confirm_url, review_url
from tests.approved_videos import show
from tests.browser.accessibility import COLOURS, look_at
from tests.browser.page_states import PAGE_STATES, REMIXES, act_on_all, made, settled
from tests.checkout import draft, make_clip
from tests.factories import make_remix
from tests.remix_actions import ACTIONS
from tests.sites.clips.models import Article, Clip

Status = Remix.Status
CONFIRM = ".submit-row .default"


def test_batch_is_confirmed(page: Page) -> None:
    batch = draft(make_clip())
    page.goto(confirm_url(batch))
    page.fill("[name=prompt]", "make it noir")
    settled(page)

    page.click("#sora-remix-order")

    expect(page.locator("#sora-remix-grid")).to_be_visible()
    assert Remix.objects.get().prompt == "make it noir"


def test_action_on_the_list_of_remixes_is_confirmed(page: Page) -> None:
    remix = make_remix()
    act_on_all(page, REMIXES, ACTIONS["cancel"])

    with page.expect_navigation():  # to the address that the page has already
        page.click(CONFIRM)

    page.wait_for_url(re.compile(rf"{REMIXES}$"))
    remix.refresh_from_db()
    assert remix.status == Status.CANCELLED


def test_result_is_approved_in_review(page: Page) -> None:
    result = made().result
    assert result
    page.goto(review_url(video=result.pk))

    page.click("[name=decision][value=approve]")

    expect(page.get_by_text("No video is waiting for a decision.")).to_be_visible()
    assert Video.objects.get(pk=result.pk).is_approved


def test_failed_remix_is_retried_on_the_grid(page: Page) -> None:
    PAGE_STATES["grid_of_a_batch"](page)
    failed = Remix.objects.get(status=Status.FAILED)
    page.check(f"[name=cell][value='{failed.pk}']")

    page.click("button[name=action][value=retry]")
    page.click(CONFIRM)

    page.wait_for_url(re.compile(r"/remix/\?batch"))
    assert Remix.objects.filter(retry_of=failed).count() == 1


def test_preset_is_saved(page: Page) -> None:
    page.goto("/admin/sora_remix/promptpreset/add/")
    page.fill("[name=name]", "Noir")
    page.fill("[name=text]", "{title} as film noir")

    page.click("[name=_save]")

    page.wait_for_url(re.compile(r"/promptpreset/$"))
    assert PromptPreset.objects.get().text == "{title} as film noir"


def test_video_is_chosen_by_its_picture_and_shown_below_the_field(page: Page) -> None:
    video = show(title="A title that is too long for the field, " * 3)
    page.goto("/admin/clips/article/add/")
    page.fill("[name=name]", "News")

    page.locator(".select2-selection").click()
    expect(page.locator(".select2-results__option--highlighted img")).to_be_visible()
    assert look_at(page, COLOURS, ".select2-results").faults == []
    page.locator(".select2-results__option--highlighted").click()

    expect(page.locator(".sora-remix-chosen img")).to_be_visible()
    field = page.locator(".select2-selection").bounding_box()
    chosen = page.locator(".sora-remix-chosen").bounding_box()
    assert field and chosen and page.viewport_size
    assert field["width"] > 200 and field["height"] < 50
    assert chosen["y"] >= field["y"] + field["height"]
    assert chosen["x"] + chosen["width"] <= page.viewport_size["width"]
    page.click("[name=_save]")
    page.wait_for_url(re.compile(r"/article/$"))
    assert Article.objects.get().video == video


def test_clip_is_remixed_by_a_button_that_can_be_read(page: Page, small_clip: Path) -> None:
    mine = Clip.objects.create(name="Sea")
    mine.clip.save("sea.mp4", ContentFile(small_clip.read_bytes()))
    page.goto(f"/admin/clips/clip/{mine.pk}/change/")
    assert look_at(page, COLOURS, ".sora-remix-tools").faults == []

    page.click(".sora-remix-tools button")

    page.wait_for_url(re.compile(r"/confirm/$"))
    assert RemixBatch.objects.get().videos.get().source_object == mine
