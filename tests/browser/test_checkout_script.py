"""The confirm page follows the input, whatever the network does."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.page_errors import PageErrors
from tests.browser.page_states import choose, settled
from tests.checkout import draft, make_clip, page_of

TOTAL = "#sora-remix-total"
PROGRESS = "#sora-remix-progress"
POSTS = re.compile(r"/confirm/$")


@pytest.fixture
def order(page: Page) -> Page:
    """The page to confirm one clip of four seconds, with a prompt typed."""
    page.goto(page_of(draft(make_clip())))
    choose(page, "grok")
    page.fill("[name=prompt]", "make it noir")
    return page


def _choose(page: Page, resolution: str) -> None:
    page.select_option("[name=option-resolution]", resolution)


def test_newer_answer_replaces_a_slow_older_one(order: Page) -> None:
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    order.route(POSTS, hold_the_first)
    with order.expect_request(POSTS):
        _choose(order, "480p")
    _choose(order, "720p")
    expect(order.locator(TOTAL)).to_have_text("$0.32")
    settled(order)

    assert held[0].request.failure  # its answer can't come any more
    assert order.input_value("[name=option-resolution]") == "720p"
    expect(order.locator(PROGRESS)).to_have_text("")


@pytest.mark.parametrize(
    "fail",
    [lambda route: route.abort(), lambda route: route.fulfill(status=500)],
    ids=["no answer", "500"],
)
def test_failed_request_is_shown_and_the_input_is_kept(
    order: Page, page_errors: PageErrors, fail: Callable[[Route], None]
) -> None:
    page_errors.expect("Failed to load resource")
    order.route(POSTS, fail)

    _choose(order, "720p")

    expect(order.locator(PROGRESS)).to_contain_text("Your input is kept")
    assert order.input_value("[name=prompt]") == "make it noir"
    assert order.input_value("[name=option-resolution]") == "720p"

    order.unroute(POSTS)
    order.click("[name=_recalculate]")
    expect(order.locator(TOTAL)).to_have_text("$0.32")
    assert order.input_value("[name=prompt]") == "make it noir"


def test_input_typed_during_a_request_is_kept(order: Page) -> None:
    held: list[Route] = []
    order.route(POSTS, lambda route: held.append(route))
    with order.expect_request(POSTS):
        _choose(order, "720p")
    order.focus("[name=prompt]")
    order.keyboard.press("End")
    order.keyboard.type(", at night")

    held[0].continue_()
    expect(order.locator(TOTAL)).to_have_text("$0.32")
    order.keyboard.type(", in rain")

    assert order.input_value("[name=prompt]") == "make it noir, at night, in rain"
