"""An editor of the CMS with the documented permissions does the main jobs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from sora_remix.models import RemixBatch, Video
from tests.approved_videos import show
from tests.checkout import make_clip
from tests.sites.wagtail.models import StoryPage

CHOOSER = "#id_video-chooser"
WINDOW = ".modal"
LIST = "/cms/sora-remix/videos/"


def _start_story(page: Page, home: Any) -> None:
    page.goto(f"/cms/pages/add/wagtail_site/storypage/{home.pk}/")
    page.fill("#id_title", "The tide turns")


def _choose(page: Page, chooser: str, video: Video) -> None:
    """Choose a video by its picture."""
    page.locator(f"{chooser} .unchosen button").click()
    page.locator(f"{WINDOW} li:has(img[src='{video.thumbnail.url}']) a").click()
    expect(page.locator(f"{chooser} [data-chooser-title]")).to_have_text(video.title)
    expect(page.locator(f"{chooser} [data-chooser-picture]")).to_have_attribute(
        "src", video.thumbnail.url
    )


def _publish(page: Page) -> None:
    page.locator("footer [data-w-dropdown-target=toggle]").click()
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(re.compile(r"/cms/pages/\d+/(edit/)?$"))


def test_editor_places_videos_on_a_page_and_a_visitor_plays_them(
    page: Page, home: Any, small_clip: Path, browser: Browser
) -> None:
    clip = small_clip.read_bytes()
    first, second = show(clip, title="Low tide"), show(clip, title="High tide")
    _start_story(page, home)

    _choose(page, CHOOSER, first)
    page.locator("#panel-child-content-body-content button[title='Insert a block']").click()
    page.get_by_role("option", name="Video").click()
    _choose(page, "[id^='body-0-value'].chooser", second)
    _publish(page)

    story = StoryPage.objects.get()
    assert story.live and story.video == first and story.body[0].value == second
    visitor = browser.new_page()
    visitor.goto(page.url.partition("/cms/")[0] + story.url)
    assert visitor.locator("video").count() == 2
    visitor.wait_for_function(
        "[...document.querySelectorAll('video')].every((one) => one.readyState > 0)"
    )
    visitor.close()


def test_search_in_the_window_finds_a_video(page: Page, home: Any) -> None:
    low, high = show(title="Low tide"), show(title="High tide")
    _start_story(page, home)
    page.locator(f"{CHOOSER} .unchosen button").click()

    page.locator(f"{WINDOW} input[name=q]").fill("high")

    expect(page.locator(f"{WINDOW} img[src='{low.thumbnail.url}']")).to_have_count(0)
    expect(page.locator(f"{WINDOW} img[src='{high.thumbnail.url}']")).to_be_visible()


def test_editor_uploads_in_the_window_after_a_file_was_refused(
    page: Page, home: Any, small_clip: Path
) -> None:
    _start_story(page, home)
    page.locator(f"{CHOOSER} .unchosen button").click()
    page.get_by_role("tab", name="Upload").click()
    upload = page.locator(f"{WINDOW} [data-chooser-modal-creation-form]")

    upload.locator("input[type=file]").set_input_files(
        {"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"no video"}
    )
    upload.locator("button[type=submit]").click()
    expect(page.locator(WINDOW)).to_contain_text("This is not a readable video.")
    upload.locator("input[type=file]").set_input_files(small_clip)
    upload.locator("button[type=submit]").click()

    expect(page.locator(f"{CHOOSER} [data-chooser-title]")).to_have_text("clip")
    expect(page.locator(f"{CHOOSER} [data-chooser-warning]")).to_be_visible()
    video = Video.objects.get()
    assert video.thumbnail and not video.is_approved


def test_editor_gets_from_the_list_to_the_page_that_confirms_a_remix(page: Page, home: Any) -> None:
    video = make_clip(title="High tide")
    page.goto(LIST)

    page.get_by_role("button", name=re.compile("Remix….*High tide")).click()

    page.wait_for_selector("#confirm-form")
    assert list(RemixBatch.objects.get().videos.all()) == [video]


def test_editor_remixes_what_a_search_found(page: Page, home: Any) -> None:
    for title in ("Low tide", "High tide", "Harbour"):
        make_clip(title=title)
    page.goto(LIST)
    page.locator("#id_q").fill("tide")
    expect(page.get_by_label("Select: Harbour")).to_have_count(0)

    page.get_by_label("Select: Low tide").check()
    page.get_by_label("Select: High tide").check()
    page.get_by_role("button", name="Remix selected…").click()

    page.wait_for_selector("#confirm-form")
    chosen = RemixBatch.objects.get().videos
    assert {*chosen.values_list("title", flat=True)} == {"Low tide", "High tide"}
