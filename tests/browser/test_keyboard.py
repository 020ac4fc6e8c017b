"""Everything works by keyboard, with a visible focus."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from sora_remix.models import Remix
from tests.browser.keyboard import tab_to
from tests.browser.page_states import VIDEOS, settled
from tests.checkout import make_clip

HIDE_FOCUS = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { outline: none !important; box-shadow: none !important; }");
    document.adoptedStyleSheets = [sheet];
}"""


def test_video_is_remixed_by_keyboard(page: Page) -> None:
    make_clip()
    page.goto(VIDEOS)

    tab_to(page, "select[name=action]")
    page.keyboard.type("Remix")
    tab_to(page, "[name=_selected_action]")
    page.keyboard.press("Space")
    tab_to(page, "button[name=index]", "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#confirm-form")
    page.wait_for_load_state()

    tab_to(page, "[name=prompt]")
    page.keyboard.type("make it noir")
    tab_to(page, "#sora-remix-more-models > summary")
    page.keyboard.press("Enter")
    tab_to(page, "[name=endpoint]:checked", "Shift+Tab")
    while not page.is_checked("[name=endpoint][value=grok]"):
        page.keyboard.press("ArrowDown")
        settled(page)
    page.wait_for_selector("#sora-remix-options-grok", state="attached")
    tab_to(page, "#sora-remix-options > summary")
    page.keyboard.press("Enter")
    tab_to(page, "[name=option-resolution]")
    page.keyboard.type("720p")
    expect(page.locator("#sora-remix-total")).to_have_text("$0.32")
    tab_to(page, "#sora-remix-order")
    page.keyboard.press("Enter")

    expect(page.locator("#sora-remix-grid [data-remix]")).to_have_count(1)
    assert Remix.objects.get().options["resolution"] == "720p"


def test_invisible_focus_is_found(page: Page) -> None:
    make_clip()
    page.goto(VIDEOS)
    page.evaluate(HIDE_FOCUS)

    with pytest.raises(AssertionError, match="<"):
        tab_to(page, "[name=_selected_action]")
