"""The list of videos as cards: by keyboard, by pointer, without scripts, and at any width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from sora_remix.admin import VideoAdmin
from sora_remix.models import GalleryLayout, Preference, RemixBatch, Video
from tests.browser.keyboard import tab_to
from tests.browser.page_states import PAGE_STATES, VIDEOS
from tests.browser.pages import Pages
from tests.browser.test_preview import SCREEN, keep, playing
from tests.checkout import make_clip
from tests.factories import make_remix, make_video

CARDS = ".sora-remix-cards"
BOX = ".action-select"
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmütze im Nebel"


@pytest.fixture
def clips(site: object) -> list[Video]:
    """Three videos that can be remixed."""
    return [make_clip(title=title) for title in ("Sea", "Sky", "Harbour")]


def _act(page: Page, action: str) -> None:
    page.select_option("select[name=action]", action)
    page.click("button[name=index]")
    page.wait_for_selector("#confirm-form")


def test_two_cards_are_remixed_by_keyboard(page: Page, clips: list[Video]) -> None:
    page.goto(VIDEOS)
    tab_to(page, "select[name=action]")
    page.keyboard.type("Remix")

    for video in (clips[2], clips[0]):
        tab_to(page, f"{BOX}[value='{video.pk}']")
        page.keyboard.press("Space")
    expect(page.locator("tr.selected")).to_have_count(2)
    expect(page.locator(".action-counter")).to_have_text("2 of 3 selected")
    tab_to(page, "button[name=index]", "Shift+Tab")
    page.keyboard.press("Enter")

    page.wait_for_selector("#confirm-form")
    assert set(RemixBatch.objects.get().videos.all()) == {clips[0], clips[2]}


def test_one_card_is_remixed_by_its_button(page: Page, clips: list[Video]) -> None:
    page.goto(VIDEOS)

    tab_to(page, f"button[name=video][value='{clips[1].pk}']")
    page.keyboard.press("Enter")

    page.wait_for_selector("#confirm-form")
    assert list(RemixBatch.objects.get().videos.all()) == [clips[1]]


def test_layout_is_switched_by_keyboard_and_stays(page: Page, clips: list[Video]) -> None:
    page.goto(f"{VIDEOS}?q=S")

    tab_to(page, "button[name=layout][value=rows]")
    page.keyboard.press("Enter")

    page.wait_for_selector(".sora-remix-rows #result_list")
    assert page.url.endswith("?q=S")
    page.goto(VIDEOS)
    expect(page.locator(CARDS)).to_have_count(0)
    expect(page.get_by_role("button", name="Rows")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("layout", GalleryLayout)
def test_all_pages_are_selected_at_once(
    page: Page,
    clips: list[Video],
    admin_user: User,
    layout: GalleryLayout,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(VideoAdmin, "list_per_page", 2)
    Preference.objects.set_gallery_layout(admin_user, layout)
    page.goto(VIDEOS)

    tab_to(page, "#action-toggle")
    page.keyboard.press("Space")
    expect(page.locator("tr.selected")).to_have_count(2)
    tab_to(page, ".actions .question a", "Shift+Tab")
    page.keyboard.press("Enter")
    _act(page, "remix_selected")

    assert set(RemixBatch.objects.get().videos.all()) == set(clips)


def test_cards_are_sorted_by_keyboard(page: Page, clips: list[Video]) -> None:
    page.goto(VIDEOS)

    tab_to(page, ".sora-remix-sort > summary")
    page.keyboard.press("Enter")
    tab_to(page, ".sora-remix-sort a")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{VIDEOS}?o=2")
    titles = page.locator(".sora-remix-card-title")
    expect(titles).to_have_text(["Harbour", "Sea", "Sky"])


def test_cards_are_chosen_without_scripts(pages: Pages, clips: list[Video]) -> None:
    page, _complaints = pages.open(java_script_enabled=False)
    page.goto(VIDEOS)
    assert page.locator("#action-toggle").is_hidden()

    page.locator(BOX).nth(1).check()
    _act(page, "remix_selected")

    assert list(RemixBatch.objects.get().videos.all()) == [clips[1]]


def test_card_plays_under_the_pointer_and_on_keyboard_focus(pages: Pages, large_clip: Path) -> None:
    video = keep(make_video(title="Sea", width=1280, height=720), large_clip)
    page, _complaints = pages.open()
    page.emulate_media(reduced_motion="no-preference")
    page.goto(VIDEOS)

    page.hover(".sora-remix-card-picture")
    playing(page.locator(f"{SCREEN} video"))
    page.hover("h1")
    expect(page.locator(SCREEN)).to_have_count(0)
    tab_to(page, f".sora-remix-card-title a[href*='/{video.pk}/']")

    playing(page.locator(f"{SCREEN} video"))


def test_preview_button_of_a_card_lies_within_its_picture(pages: Pages, large_clip: Path) -> None:
    keep(make_video(title="Sea", width=1280, height=720), large_clip)
    page, _complaints = pages.open()  # with reduced motion
    page.goto(VIDEOS)
    button = page.get_by_role("button", name="Play a preview of “Sea”")

    button.click()

    playing(page.locator(f"{SCREEN} video"))
    inner, outer = (
        one.bounding_box() for one in (button, page.locator(".sora-remix-card-picture"))
    )
    assert inner and outer
    assert outer["y"] < inner["y"] < outer["y"] + outer["height"] - inner["height"]


def _many() -> None:
    """Make videos that need as much room as videos do."""
    source = make_clip(title=LONG, duration="1234.567", approval="approved")
    make_video(title="Gone", is_deleted_at_provider=True)
    for number in range(12):
        make_remix(source=source, request_id=str(number))
    result = make_clip(title=f"{LONG} – noir")
    make_remix(source=source, result=result, status="succeeded", request_id="made")


def _overflow(page: Page, selector: str) -> Any:
    return page.evaluate(
        """(selector) => [document.documentElement, ...document.querySelectorAll(selector)]
            .filter((one) => one.scrollWidth > one.clientWidth)
            .map((one) => `${one.className}: ${one.scrollWidth} > ${one.clientWidth}`)""",
        selector,
    )


@pytest.mark.parametrize("language", ["en", "de", "fr", "ar"])
def test_rows_fit_beside_the_filters(page: Page, admin_user: User, language: str) -> None:
    page.set_extra_http_headers({"Accept-Language": language})
    _many()
    Preference.objects.set_gallery_layout(admin_user, GalleryLayout.ROWS)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{VIDEOS}?o=1.2.3.-8")  # what a header is sorted by takes room

    assert page.locator("#changelist-filter").is_visible()
    assert page.locator("#nav-sidebar").is_visible()
    assert page.locator("#result_list th.column-created_at").is_visible()
    assert _overflow(page, ".results") == []


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_phone_shows_cards_two_in_a_row(page: Page, direction: str) -> None:
    page.set_extra_http_headers({"Accept-Language": "ar" if direction == "rtl" else "en"})
    _many()
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(VIDEOS)

    assert page.evaluate("document.documentElement.dir") == direction
    places = {round(_box(card)["x"]) for card in page.locator(f"{CARDS} tr").all()}
    assert len(places) == 2
    assert _overflow(page, ".results, .sora-remix-card, .sora-remix-card-text") == []


def _box(element: Locator) -> Any:
    box = element.bounding_box()
    assert box
    return box


@pytest.mark.parametrize("width", [1280, 390])
def test_open_menu_stays_within_the_page(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})

    PAGE_STATES["list_of_videos"](page)

    menu = _box(page.locator(".sora-remix-sort > ul"))
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= width
