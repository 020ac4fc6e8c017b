"""Our elements have the same width as those of Django, on every version of Django."""

from __future__ import annotations

import pytest
from playwright.sync_api import FloatRect, Page

from tests.browser.page_states import PAGE_STATES

ADDED = {
    "grid_of_a_batch": ("#sora-remix-grid", "#remixbatch_form .module"),
    "remix_that_nobody_knows_of": (".sora-remix-above", "#remix_form .module.aligned"),
    "list_of_remixes": ("#sora-remix-live", "#changelist-form"),
}
"""Ours, and what of Django's it must be as wide as."""


def _box(page: Page, selector: str) -> FloatRect:
    box = page.locator(selector).first.bounding_box()
    assert box
    return box


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ADDED)
def test_our_elements_are_as_wide_as_the_page_and_below_its_title(
    page: Page, name: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    PAGE_STATES[name](page)

    ours, theirs = (_box(page, selector) for selector in ADDED[name])
    title = _box(page, "#content h1")
    assert ours["width"] == pytest.approx(theirs["width"], abs=2)
    assert ours["y"] >= title["y"] + title["height"]
