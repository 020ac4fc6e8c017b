"""How many clicks it takes to request remixes, as an editor counts them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sora_remix.models import Remix
from tests.browser.page_states import VIDEOS
from tests.checkout import make_clip

ORDER = "#sora-remix-order"
PROMPT = "[name=prompt]"
IN_GRID = "#sora-remix-grid [data-remix]"


class Clicks:
    """A page whose clicks are counted; typing is not counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.many = page, 0

    def on(self, selector: str) -> None:
        """Click on the first such element."""
        self.many += 1
        self.page.locator(selector).first.click()

    def choose_file(self, selector: str, path: Path) -> None:
        """Press the button that opens the file dialog, then a file and “Open” in it."""
        self.many += 3
        self.page.set_input_files(selector, path)


@pytest.fixture
def clicks(page: Page) -> Clicks:
    return Clicks(page)


def test_first_remix_takes_six_clicks_from_an_empty_site(clicks: Clicks, large_clip: Path) -> None:
    page = clicks.page
    page.goto("/admin/")

    clicks.on("#content-main a[href='/admin/sora_remix/video/']")
    clicks.choose_file("#sora-remix-files", large_clip)
    clicks.on(".sora-remix-uploaded button")
    page.fill(PROMPT, "make it noir")
    clicks.on(ORDER)

    expect(page.locator(IN_GRID)).to_have_count(1)
    assert clicks.many == 6
    assert Remix.objects.get().prompt == "make it noir"


def test_all_videos_are_remixed_with_four_clicks_from_their_list(clicks: Clicks) -> None:
    for _ in range(2):
        make_clip()
    page = clicks.page
    page.goto(VIDEOS)

    clicks.on("#action-toggle")
    page.select_option("select[name=action]", "remix_selected")
    clicks.many += 1
    clicks.on("button[name=index]")
    page.fill(PROMPT, "make it noir")
    clicks.on(ORDER)

    expect(page.locator(IN_GRID)).to_have_count(2)
    assert clicks.many == 4


def test_one_video_is_remixed_with_two_clicks_from_its_card(clicks: Clicks) -> None:
    make_clip()
    page = clicks.page
    page.goto(VIDEOS)

    clicks.on("button[form=sora-remix-start-form]")
    page.fill(PROMPT, "make it noir")
    clicks.on(ORDER)

    expect(page.locator(IN_GRID)).to_have_count(1)
    assert clicks.many == 2
