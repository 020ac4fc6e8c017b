"""A tree of 500 videos is opened, folded and remixed from."""

from __future__ import annotations

import re

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Page, Request, Route, expect

from sora_remix.models import RemixBatch, Video
from sora_remix.storage import app_storage
from tests import checkout
from tests.admin_urls import tree_url
from tests.browser.page_states import settled
from tests.browser.pages import Pages
from tests.trees import grow

SAID = "#sora-remix-tree-said"
CANVAS = "#sora-remix-tree"
NODES = ".sora-remix-node"
FAN = 9
"""Videos made from each, in a tree of 500."""


@pytest.fixture
def family(site: object) -> list[Video]:
    picture = app_storage().save("sea.png", ContentFile(checkout.png(160, 90)))
    return grow([(n - 1) // FAN for n in range(1, 500)], thumbnail=picture)


def _toggle(page: Page, video: Video) -> None:
    page.click(f'[data-toggle="{video.pk}"] circle')


def _details(video: Video) -> str:
    return f'details[data-node="{video.pk}"]'


def _node(video: Video) -> str:
    return f"#sora-remix-node-{video.pk}"


def _corner(page: Page, video: Video) -> tuple[float, float]:
    box = page.locator(_node(video)).bounding_box()
    assert box
    return box["x"], box["y"]


def _is_in_sight(page: Page, video: Video) -> bool:
    (x, y), canvas = _corner(page, video), page.locator(CANVAS).bounding_box()
    assert canvas
    across = canvas["x"] <= x < canvas["x"] + canvas["width"]
    return across and canvas["y"] <= y < canvas["y"] + canvas["height"]


def test_a_tree_of_500_is_folded_in_the_drawing_and_remixed_from(
    page: Page, family: list[Video]
) -> None:
    root, near, next_to_it, far = (family[number] for number in (0, 1, 2, 450))
    page.goto(tree_url(far))
    first = page.locator(NODES).count()
    assert first < 60 and _is_in_sight(page, far)

    page.get_by_role("link", name="Expand all").click()
    expect(page.locator(SAID)).to_have_text("500 of 500 are shown")
    expect(page.locator(NODES)).to_have_count(500)
    expect(page.locator("details:not([open])")).to_have_count(0)
    assert _is_in_sight(page, far)

    _toggle(page, root)
    expect(page.locator(NODES)).to_have_count(1)
    page.get_by_role("link", name="Collapse all").click()
    expect(page).to_have_url(re.compile("show=none$"))
    _toggle(page, root)
    expect(page.locator(NODES)).to_have_count(1 + FAN)
    expect(page.locator(CANVAS)).to_be_focused()
    _toggle(page, near)
    expect(page.locator(NODES)).to_have_count(1 + 2 * FAN)
    before = _corner(page, next_to_it)
    _toggle(page, next_to_it)
    expect(page.locator(NODES)).to_have_count(1 + 3 * FAN)
    assert _corner(page, next_to_it) == before
    assert page.locator("details[open]").count() == 3

    page.reload()
    expect(page.locator(NODES)).to_have_count(1 + 3 * FAN)
    page.locator(_node(near)).get_by_text("Remix", exact=True).click()
    settled(page)
    assert list(RemixBatch.objects.get().videos.all()) == [near]


def test_the_drawing_follows_the_list_and_all_can_be_done_by_keyboard(
    page: Page, family: list[Video]
) -> None:
    root, near, leaf = family[0], family[1], family[10]
    page.goto(f"{tree_url(root)}?show=none")
    page.locator(CANVAS).focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.sora-remix-family') !== null")

    for video, shown in ((root, 1 + FAN), (near, 1 + 2 * FAN)):
        page.locator(f"{_details(video)} > summary").focus()
        page.keyboard.press("Enter")
        expect(page.locator(NODES)).to_have_count(shown)
    expect(page).to_have_url(re.compile(rf"show=none&flip={root.pk}-{near.pk}$"))

    page.get_by_role("button", name=re.compile(rf"^Remix this ?: {leaf.title}$")).focus()
    page.keyboard.press("Enter")
    settled(page)
    assert list(RemixBatch.objects.get().videos.all()) == [leaf]


def test_each_fold_is_a_step_to_go_back_by(page: Page, family: list[Video]) -> None:
    root, near = family[0], family[1]
    page.goto(tree_url(near))
    opened = page.locator(NODES).count()
    _toggle(page, near)
    expect(page.locator(NODES)).to_have_count(opened - FAN)
    page.get_by_role("link", name="Collapse all").click()
    expect(page.locator(NODES)).to_have_count(1)

    for many in (opened - FAN, opened):
        page.go_back()
        expect(page.locator(NODES)).to_have_count(many)
    expect(page).to_have_url(re.compile(r"/tree/$"))
    expect(page.locator(_details(near))).to_have_attribute("open", "")
    page.go_forward()
    expect(page.locator(NODES)).to_have_count(opened - FAN)
    expect(page.locator(_details(near))).not_to_have_attribute("open", "")

    _toggle(page, root)
    expect(page.locator(NODES)).to_have_count(1)
    expect(page).to_have_url(re.compile(rf"show=path&flip={near.pk}-{root.pk}$"))


def test_who_goes_forward_before_the_step_back_is_drawn_stays(
    page: Page, family: list[Video]
) -> None:
    page.goto(tree_url(family[0]))
    page.get_by_role("link", name="Collapse all").click()
    expect(page.locator(NODES)).to_have_count(1)
    held: list[Route] = []
    page.route("**part=drawing", lambda route: route.continue_() if held else held.append(route))

    with page.expect_request("**part=drawing"):
        page.go_back()
    page.go_forward()
    expect(page.locator(f"{CANVAS}:not([aria-busy])")).to_be_visible()

    assert held[0].request.failure  # its answer can't come any more
    assert page.locator(NODES).count() == 1
    expect(page).to_have_url(re.compile("show=none$"))


def test_a_tree_is_folded_and_remixed_from_without_scripts(
    pages: Pages, family: list[Video]
) -> None:
    page, _ = pages.open(java_script_enabled=False)
    page.goto(f"{tree_url(family[0])}?show=none")

    _toggle(page, family[0])
    page.wait_for_url("**flip=**")
    assert page.locator(NODES).count() == 1 + FAN
    page.locator(_node(family[1])).get_by_text("Remix", exact=True).click()
    page.wait_for_url("**/confirm/")


def test_pictures_are_loaded_when_they_come_into_sight(page: Page, family: list[Video]) -> None:
    for number, video in enumerate(family):
        video.thumbnail = f"{number}.png"
    Video.objects.bulk_update(family, ["thumbnail"], batch_size=100)
    asked: list[Request] = []
    page.route("**/*.png", lambda route: route.fulfill(body=checkout.png(16, 9)))
    page.on("request", lambda one: asked.append(one) if one.url.endswith(".png") else None)

    page.goto(f"{tree_url(family[0])}?show=all")
    page.wait_for_load_state("networkidle")

    assert 0 < len(asked) < 200


def test_who_has_logged_out_meanwhile_is_led_to_the_login(page: Page, family: list[Video]) -> None:
    page.goto(f"{tree_url(family[0])}?show=none")
    page.context.clear_cookies()

    _toggle(page, family[0])

    page.wait_for_url("**/login/**")
