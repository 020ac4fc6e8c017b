"""Our pages are mirrored in languages that are written from right to left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.page_states import PAGE_STATES
from tests.browser.pages import Pages

MIRRORED = {
    "list_of_remixes": ("td.field-state", "td.field-source_video"),
    "list_with_notices": (".sora-remix-notices form p", ".sora-remix-notices form button"),
    "video_made_by_a_remix": (".sora-remix-tools > :first-child", ".sora-remix-tools > a"),
    "remix_that_nobody_knows_of": (".sora-remix-choices > :first-child", "a[href*='/send-again/']"),
    "cancel_many": (".submit-row .default", ".submit-row .sora-remix-back"),
    "confirm_some": ("#sora-remix-total", "#sora-remix-order"),
    "grid_of_a_batch": ("#sora-remix-grid tbody th", "#sora-remix-grid tbody td"),
    "review_of_a_result": (".sora-remix-review-parts > :first-child", ".sora-remix-facts"),
    "tree_of_a_video": (".sora-remix-node .sora-remix-thumbnail", ".sora-remix-node > button"),
    "compare_a_result_with_its_source": (".sora-remix-choose label", ".sora-remix-choose select"),
    "history_of_a_remix": ("#change-history th", "#change-history td"),
}
"""On each page, what comes first in a line and what comes after it."""


@pytest.fixture
def page(pages: Pages) -> Page:
    """An empty page of an editor who reads Arabic."""
    return pages.open(locale="ar")[0]


@pytest.mark.parametrize("state", MIRRORED)
def test_page_is_mirrored_and_fits_into_its_window(page: Page, state: str) -> None:
    PAGE_STATES[state](page)

    first, second = (_centre(page, selector) for selector in MIRRORED[state])

    assert page.evaluate("document.documentElement.dir") == "rtl"
    assert first > second
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def _centre(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2
