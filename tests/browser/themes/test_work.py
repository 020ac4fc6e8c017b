"""An editor gets through the work under every theme."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from sora_remix.models import PromptPreset, Remix, Video
from tests.admin_urls import confirm_url, review_url
from tests.browser.page_states import PAGE_STATES, REMIXES, act_on_all, made, settled
from tests.checkout import draft, make_clip
from tests.factories import make_remix
from tests.remix_actions import ACTIONS

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
