"""A tree of 500 videos is folded and remixed from, with and without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Locator, Page, Request, expect

from sora_remix.models import RemixBatch, Video
from sora_remix.storage import app_storage
from tests import checkout
from tests.admin_urls import tree_url
from tests.browser.page_states import settled
from tests.browser.pages import Pages
from tests.browser.test_preview import keep
from tests.trees import grow, remix_of

NODES = ".sora-remix-node"
FAN = 9
"""Videos made from each, in a tree of 500."""
DEEP = 30


@pytest.fixture
def family(site: object) -> list[Video]:
    picture = app_storage().save("sea.png", ContentFile(checkout.png(160, 90)))
    return grow([(n - 1) // FAN for n in range(1, 500)], thumbnail=picture)


def _named(video: Video, what: str) -> re.Pattern[str]:
    """Match the name of what belongs to a node."""
    return re.compile(rf"{what} ?: {video.title}$")


def _summary(page: Page, video: Video) -> Locator:
    return page.locator("summary", has_text=_named(video, "made from it.*"))


def _button(page: Page, video: Video) -> Locator:
    return page.get_by_role("button", name=_named(video, "^Remix this"))


def _shown(page: Page) -> int:
    """Return the number of nodes that aren't folded away."""
    return page.locator(f"{NODES}:visible").count()


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_tree_of_500_is_folded_and_remixed_from(
    pages: Pages, family: list[Video], has_scripts: bool
) -> None:
    page, _ = pages.open(java_script_enabled=has_scripts)
    root, near, far = family[0], family[1], family[450]
    page.goto(tree_url(far))
    assert page.locator(NODES).count() == 500
    first = _shown(page)
    assert first < 60

    _summary(page, near).click()
    assert _shown(page) == first + FAN
    _summary(page, root).click()
    assert _shown(page) == 1
    _summary(page, root).click()
    assert _shown(page) == first + FAN

    _button(page, near).click()
    page.wait_for_url("**/confirm/")
    assert list(RemixBatch.objects.get().videos.all()) == [near]


def test_a_tree_is_folded_and_remixed_from_by_keyboard(page: Page, family: list[Video]) -> None:
    root, leaf = family[0], family[FAN]
    page.goto(tree_url(root))
    assert _shown(page) == 1 + FAN

    for shown in (1, 1 + FAN):
        _summary(page, root).focus()
        page.keyboard.press("Enter")
        assert _shown(page) == shown
    _button(page, leaf).focus()
    page.keyboard.press("Enter")
    settled(page)

    assert list(RemixBatch.objects.get().videos.all()) == [leaf]


def test_the_current_video_of_a_large_tree_is_reached_by_a_link(
    page: Page, family: list[Video]
) -> None:
    page.goto(tree_url(family[450]))
    current = page.locator("[aria-current=true]")
    expect(current).to_have_text(family[450].title)

    page.get_by_role("link", name="Go to this video").click()

    expect(current).to_be_in_viewport()


def test_a_video_is_previewed_in_its_node(page: Page, site: object, large_clip: Path) -> None:
    root = keep(checkout.make_clip(), large_clip)
    page.emulate_media(reduced_motion="no-preference")
    page.goto(tree_url(root))

    page.hover(".sora-remix-preview")

    expect(page.locator(".sora-remix-preview-screen video")).to_have_count(1)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_deep_tree_can_be_read_at_any_width(
    page: Page, site: object, width: int, direction: str
) -> None:
    videos = grow(range(DEEP - 1))
    remix_of(videos[0])
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(tree_url(videos[-1]))
    page.evaluate("(direction) => { document.documentElement.dir = direction; }", direction)

    widths = page.locator(NODES).evaluate_all("(all) => all.map((one) => one.clientWidth)")
    assert len(widths) == DEEP + 1
    assert min(widths) > max(widths) / 2
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_pictures_are_loaded_when_they_come_into_sight(page: Page, family: list[Video]) -> None:
    for number, video in enumerate(family):
        video.thumbnail = f"{number}.png"
    Video.objects.bulk_update(family, ["thumbnail"], batch_size=100)
    asked: list[Request] = []
    page.route("**/*.png", lambda route: route.fulfill(body=checkout.png(16, 9)))
    page.on("request", lambda one: asked.append(one) if one.url.endswith(".png") else None)

    page.goto(tree_url(family[0]))
    page.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
    page.wait_for_load_state("networkidle")

    assert 0 < len(asked) < 200
