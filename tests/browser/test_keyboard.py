"""Everything works by keyboard, with a visible focus."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from sora_remix.models import Remix
from tests.browser.page_states import VIDEOS, settled
from tests.checkout import make_clip

MOST_STEPS = 80

# The look of what has the focus, and of the card around it, with the focus and without.
LOOKS = """() => {
    const element = document.activeElement;
    const look = () => [element, element.closest("label"), element.closest("summary")]
        .filter(Boolean)
        .map((one) => getComputedStyle(one))
        .map(({outlineStyle, outlineWidth, outlineColor, boxShadow}) =>
            [outlineStyle, outlineWidth, outlineColor, boxShadow].join(" "))
        .join();
    const focused = look();
    element.blur();
    const blurred = look();
    element.focus({focusVisible: true, preventScroll: true});
    return {html: element.outerHTML.slice(0, 200), ours: Boolean(element.closest("#content")),
            visible: focused !== blurred};
}"""


HIDE_FOCUS = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { outline: none !important; box-shadow: none !important; }");
    document.adoptedStyleSheets = [sheet];
}"""


def _tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until this has the focus; it must be visible at each step of ours."""
    for _ in range(MOST_STEPS):
        page.keyboard.press(key)
        looks = page.evaluate(LOOKS)
        assert looks["visible"] or not looks["ours"], looks["html"]
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} can't be reached")


def test_video_is_remixed_by_keyboard(page: Page) -> None:
    make_clip()
    page.goto(VIDEOS)

    _tab_to(page, "select[name=action]")
    page.keyboard.type("Remix")
    _tab_to(page, "[name=_selected_action]")
    page.keyboard.press("Space")
    _tab_to(page, "button[name=index]", "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#confirm-form")

    _tab_to(page, "[name=prompt]")
    page.keyboard.type("make it noir")
    _tab_to(page, "#sora-remix-more-models > summary")
    page.keyboard.press("Enter")
    _tab_to(page, "[name=endpoint]:checked", "Shift+Tab")
    while not page.is_checked("[name=endpoint][value=grok]"):
        page.keyboard.press("ArrowDown")
        settled(page)
    page.wait_for_selector("#sora-remix-options-grok", state="attached")
    _tab_to(page, "#sora-remix-options > summary")
    page.keyboard.press("Enter")
    _tab_to(page, "[name=option-resolution]")
    page.keyboard.type("720p")
    expect(page.locator("#sora-remix-total")).to_have_text("$0.32")
    _tab_to(page, "#sora-remix-order")
    page.keyboard.press("Enter")

    expect(page.locator("#sora-remix-grid [data-remix]")).to_have_count(1)
    assert Remix.objects.get().options["resolution"] == "720p"


def test_invisible_focus_is_found(page: Page) -> None:
    make_clip()
    page.goto(VIDEOS)
    page.evaluate(HIDE_FOCUS)

    with pytest.raises(AssertionError, match="<"):
        _tab_to(page, "[name=_selected_action]")
