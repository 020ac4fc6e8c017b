"""Our pages can be seen and read under every theme."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import ALL, COLOURS, look_at
from tests.browser.page_states import PAGE_STATES
from tests.browser.themes.site import ThemedSite

MAIN_CONTROLS = {
    "list_of_videos": ".sora-remix-thumbnail",
    "list_of_videos_in_rows": "#result_list .sora-remix-thumbnail",
    "uploads_on_the_list": "#sora-remix-upload",
    "list_with_notices": ".sora-remix-notices button",
    "list_of_remixes": "#sora-remix-live",
    "add_video": "[name=title]",
    "add_preset": "[name=text]",
    "video_made_by_a_remix": "button[form=sora-remix-start-form]",
    "remix_at_fal": "a[href*='/cancel/']",
    "remix_that_nobody_knows_of": "a[href*='/send-again/']",
    "wrong_request_id": "[name=request_id]",
    "cancel_many": ".submit-row .default",
    "clear_selected_videos": ".submit-row .deletelink",
    "confirm_some": "#sora-remix-order",
    "confirm_with_more_options": "#confirm-form .collapse label",
    "confirm_with_errors": "[name=prompt]",
    "confirm_with_images": ".sora-remix-kept label",
    "grid_of_a_batch": "button[name=action][value=retry]",
    "compare_a_result_with_its_source": "[data-do=play]",
    "history_of_a_remix": "#change-history table",
    "tree_of_a_video": ".sora-remix-node button",
    "review_of_a_result": "[name=decision][value=approve]",
}
"""What each page is for, by state."""
DARKEN = """() => {
    const html = document.documentElement;
    html.classList.toggle("dark", html.hasAttribute("x-data"));
    if (html.dataset.bsTheme) {
        html.dataset.bsTheme = "dark";
    }
}"""
OURS = "[class*='sora-remix-']:not(body)"
WIDE = ("grappelli",)
"""Themes whose pages are made for wide screens only."""


@pytest.mark.parametrize("state", MAIN_CONTROLS)
def test_page_shows_its_main_control_and_can_be_read(
    page: Page, themed_site: ThemedSite, state: str
) -> None:
    PAGE_STATES[state](page)

    _assert_in_sight(page, MAIN_CONTROLS[state])
    faults = _look_at_ours(page, ALL)
    _darken(page)
    faults += _look_at_ours(page, COLOURS)
    assert not faults, "\n\n".join(faults)
    if themed_site.theme not in WIDE:
        page.set_viewport_size({"width": 390, "height": 844})
        _assert_in_sight(page, MAIN_CONTROLS[state])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def _assert_in_sight(page: Page, selector: str) -> None:
    control = page.locator(selector).first
    control.scroll_into_view_if_needed()
    box, screen = control.bounding_box(), page.viewport_size
    assert box and screen
    assert box["width"] > 20 and box["height"] > 10
    assert box["x"] >= 0 and box["x"] + box["width"] <= screen["width"]


def _look_at_ours(page: Page, rules: dict[str, Any]) -> list[str]:
    return look_at(page, rules, OURS).faults if page.locator(OURS).count() else []


def _darken(page: Page) -> None:
    """Ask for dark colours as a browser does, and as unfold and jazzmin remember a choice."""
    page.add_style_tag(content="* { transition: none !important; }")
    page.emulate_media(color_scheme="dark")
    page.evaluate(DARKEN)
