"""An editor of the CMS with the documented permissions does the main jobs."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.test import Client
from playwright.sync_api import Browser, Page, expect

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix.models import Remix, RemixBatch, Video
from tests.admin_urls import review_url
from tests.approved_videos import show
from tests.browser.page_states import choose, settled
from tests.browser.pages import Pages
from tests.browser.test_flow import PLAYS
from tests.checkout import make_clip
from tests.processes import Qcluster, wait_until
from tests.sites.wagtail.models import StoryPage
from tests.sites.wagtail.people import make_editor

SHAPE = {"duration": Decimal("3.5"), "fps": 12, "container": "mp4", "video_codec": "h264"}
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


def _add_block(page: Page, video: Video) -> None:
    """Choose a video in the first block of a story."""
    page.locator("#panel-child-content-body-content button[title='Insert a block']").click()
    page.get_by_role("option", name="Video").click()
    _choose(page, "[id^='body-0-value'].chooser", video)


def _play_as_visitor(browser: Browser, page: Page, story: StoryPage, many: int) -> None:
    visitor = browser.new_page()
    visitor.goto(page.url.partition("/cms/")[0] + story.url)
    assert visitor.locator("video").count() == many
    for video in visitor.locator("video").all():
        assert video.evaluate(PLAYS) >= 2
    visitor.close()


def _approve_result(browser: Browser, page: Page) -> None:
    """Approve the newest video, as somebody else who may do so."""
    client = Client()
    client.force_login(make_editor("view_video", "approve_video", name="chief"))
    url = page.url.partition("/cms/")[0]
    chief = Pages(browser, url, client.cookies["sessionid"].value)
    opened, errors = chief.open()
    opened.goto(review_url())
    opened.get_by_role("button", name="Approve").click()
    expect(opened.locator("#content-main")).to_contain_text("No video is waiting for a decision.")
    assert errors.unexpected == []
    chief.close()


def _publish(page: Page) -> None:
    page.locator("footer [data-w-dropdown-target=toggle]").click()
    page.get_by_role("button", name="Publish").click()
    # Its address may be the same before: Wagtail saves pages by itself.
    expect(page.locator(".messages")).to_contain_text("published.")


def test_editor_places_videos_on_a_page_and_a_visitor_plays_them(
    page: Page, home: Any, small_clip: Path, browser: Browser
) -> None:
    clip = small_clip.read_bytes()
    first, second = show(clip, title="Low tide"), show(clip, title="High tide")
    _start_story(page, home)

    _choose(page, CHOOSER, first)
    _add_block(page, second)
    _publish(page)

    story = StoryPage.objects.get()
    assert story.live and story.video == first and story.body[0].value == second
    _play_as_visitor(browser, page, story, 2)


def test_result_of_a_remix_gets_onto_a_page(
    page: Page,
    home: Any,
    large_clip: Path,
    browser: Browser,
    sandbox: SandboxProcess,
    qcluster: Qcluster,
) -> None:
    source = show(large_clip.read_bytes(), title="Low tide", sora_id="", **SHAPE)
    show(title="High tide")
    qcluster.start()
    _start_story(page, home)
    _choose(page, CHOOSER, source)
    _publish(page)
    story = StoryPage.objects.get()
    _play_as_visitor(browser, page, story, 1)

    page.goto(LIST)
    page.get_by_role("button", name=re.compile("Remix….*Low tide")).click()
    page.wait_for_selector("#confirm-form")
    choose(page, "grok")
    page.fill("[name=prompt]", "make it noir")
    settled(page)
    page.click("#sora-remix-order")
    expect(page.locator(".messagelist .success")).to_contain_text("1 remix was requested")
    wait_until(lambda: Remix.objects.filter(status=Remix.Status.SUCCEEDED).exists())

    page.goto(f"{LIST}{source.pk}/")
    expect(page.locator("table.listing")).to_contain_text("make it noir")
    expect(page.locator("table.listing")).to_contain_text("succeeded")
    result = Remix.objects.get().result
    assert result and len(sandbox.accepted()) == 1
    _approve_result(browser, page)
    page.goto(f"/cms/pages/{story.pk}/edit/")
    _add_block(page, result)
    _publish(page)
    _play_as_visitor(browser, page, story, 2)


def test_search_in_the_window_finds_a_video(page: Page, home: Any) -> None:
    low, high = show(title="Low tide"), show(title="High tide")
    _start_story(page, home)
    page.locator(f"{CHOOSER} .unchosen button").click()

    page.locator(f"{WINDOW} input[name=q]").fill("high")

    expect(page.locator(f"{WINDOW} img[src='{low.thumbnail.url}']")).to_have_count(0)
    expect(page.locator(f"{WINDOW} img[src='{high.thumbnail.url}']")).to_be_visible()


def test_video_is_chosen_by_keyboard(page: Page, home: Any) -> None:
    video = show(title="Low tide", duration=4)
    _start_story(page, home)
    page.locator(f"{CHOOSER} .unchosen button").press("Enter")
    link = page.get_by_role("link", name="Length: 0:04 Low tide", exact=True)
    expect(link).to_be_visible()

    for _ in range(30):
        if link.evaluate("(link) => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator(f"{CHOOSER} [data-chooser-title]")).to_have_text(video.title)


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

    # Wagtail loads the results again when the search field is left.
    with page.expect_response(re.compile("/results/")):
        page.get_by_label("Select: Low tide").check()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_label("Select: Low tide")).to_be_checked()
    page.get_by_label("Select: High tide").check()
    page.get_by_role("button", name="Remix selected…").click()

    page.wait_for_selector("#confirm-form")
    chosen = RemixBatch.objects.get().videos
    assert {*chosen.values_list("title", flat=True)} == {"Low tide", "High tide"}
