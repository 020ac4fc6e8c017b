"""An editor with the documented permissions gets from a video to one that visitors play."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.page_errors import PageErrors
from tests.browser.pages import SECONDS
from tests.browser.test_flow import PLAYS
from tests.browser.themes.conftest import FILES_OF_UNFOLD
from tests.demo import Started, running_demo

SITES = ("unfold", "clips", "foreign")
PROMPT = "At night"
RESULT = f"Sea in the morning – {PROMPT}"
IS_LOADED = "(image) => image.complete && image.naturalWidth > 0"


@pytest.fixture(scope="module", params=SITES)
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Started]:
    """Each site in turn."""
    if request.param == "unfold":
        pytest.importorskip("unfold")
    folder = tmp_path_factory.getbasetemp() / "demo"  # one for all, so that clips are drawn once
    with running_demo(folder, "--site", request.param, "--port", "0") as started:
        yield started


@pytest.fixture
def page(browser: Browser, started: Started) -> Iterator[Page]:
    """The first page of the site, after the editor has logged in."""
    context = browser.new_context(base_url=started.url, reduced_motion="reduce")
    context.set_default_timeout(SECONDS * 1000)
    page_errors = PageErrors(context)
    page_errors.expect(FILES_OF_UNFOLD)
    page = context.new_page()
    page.goto(started.path)
    page.fill("[name=username]", started.username)
    page.fill("[name=password]", started.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**{started.path}")
    yield page
    context.close()
    assert not page_errors.unexpected


def test_editor_remixes_a_video_and_a_visitor_plays_the_result(
    page: Page, started: Started, browser: Browser
) -> None:
    admin = started.path[: started.path.index("admin/")] + "admin/"

    _start_remix(page)
    _confirm(page)
    _approve(page)
    _place_on_an_article(page, admin)

    visitor = browser.new_page(base_url=started.url)
    visitor.goto("/articles/1/")
    assert visitor.locator("video").evaluate(PLAYS) >= 2
    visitor.close()


def _start_remix(page: Page) -> None:
    """Press the button on the card with the picture, or choose the action of the site's list."""
    if page.url.endswith("/clips/clip/"):
        page.get_by_role("row", name="Sea in the morning").locator(".action-select").check()
        page.select_option("select[name=action]", "remix_selected")
        page.click("button[name=index]")
        return
    card = page.locator(".sora-remix-card", has_text="Sea in the morning")
    _assert_loaded(card.locator("img"))
    card.locator("button[form=sora-remix-start-form]").click()


def _confirm(page: Page) -> None:
    page.fill("[name=prompt]", PROMPT)
    page.click("#sora-remix-order")
    expect(page.locator("#sora-remix-grid [data-status=succeeded]")).to_have_count(1)


def _approve(page: Page) -> None:
    page.locator("a[href*='/video/review/']").first.click()
    with page.expect_navigation():
        page.click("[name=decision][value=approve]")


def _place_on_an_article(page: Page, admin: str) -> None:
    """Find the result by its picture in the chooser, and choose it."""
    page.goto(f"{admin}clips/article/add/")
    page.fill("[name=name]", "News")
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill(PROMPT)
    option = page.locator(".select2-results__option", has_text=RESULT)
    _assert_loaded(option.locator("img"))
    expect(page.locator(".select2-results__option")).to_have_count(1)
    option.click()
    expect(page.locator(".sora-remix-chosen")).to_contain_text(RESULT)
    page.click("[name=_save]")
    page.wait_for_url(re.compile(r"/article/$"))


def _assert_loaded(image: Locator) -> None:
    expect(image).to_be_visible()
    assert image.evaluate(f"async (one) => {{ await one.decode(); return ({IS_LOADED})(one); }}")
