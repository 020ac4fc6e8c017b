"""Our elements have the same width as those of Django, on every version of Django."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import FloatRect, Page

from sora_remix.models import RemixBatch
from sora_remix.models.status import Status
from tests.admin_urls import change_url, review_url
from tests.browser.page_errors import PageErrors
from tests.browser.page_states import BATCHES, PAGE_STATES, VIDEOS
from tests.checkout import make_clip, page_of
from tests.factories import make_remix

ADDED = {
    "grid_of_a_batch": ("#sora-remix-grid", "#remixbatch_form .module"),
    "remix_that_nobody_knows_of": (".sora-remix-above", "#remix_form .module.aligned"),
    "list_of_remixes": ("#sora-remix-live", "#changelist-form"),
}
"""Ours, and what of Django's it must be as wide as."""


LONG = "W" * 200


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


@pytest.fixture
def long_titles(admin_user: User) -> dict[str, str]:
    """Pages about a video and its result, whose titles are one long word, by name."""
    source, result = make_clip(title=LONG), make_clip(title=LONG)
    draft, batch = (RemixBatch.objects.start([source.pk], by=admin_user) for _ in range(2))
    batch.confirm()
    made = {"source": source, "result": result, "batch": batch, "request_id": "1"}
    make_remix(status=Status.SUCCEEDED, prompt=LONG, endpoint="flux-3", **made)
    return {
        "list": VIDEOS,
        "video": change_url(result),
        "tree": f"{VIDEOS}{result.pk}/tree/",
        "review": review_url(),
        "confirm": page_of(draft),
        "grid": f"{BATCHES}{batch.pk}/change/",
    }


@pytest.mark.parametrize("width", [1280, 390])
def test_long_titles_widen_no_page(
    page: Page, page_errors: PageErrors, long_titles: dict[str, str], width: int
) -> None:
    page_errors.expect("Failed to load resource")  # their files
    page.set_viewport_size({"width": width, "height": 900})
    wide = {}

    for name, url in long_titles.items():
        page.goto(url)
        wide[name] = page.evaluate("document.documentElement.scrollWidth")

    assert {name: many for name, many in wide.items() if many > width} == {}
