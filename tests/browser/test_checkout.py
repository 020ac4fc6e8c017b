"""Editors confirm on a page that follows their decisions, by mouse and by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from sora_remix.models import PromptPreset, Remix
from tests.admin_urls import change_url
from tests.browser.page_errors import PageErrors
from tests.browser.page_states import BATCHES, choose, settled, unfold
from tests.browser.pages import Pages
from tests.budgets import make_budget
from tests.checkout import draft, make_clip, page_of
from tests.factories import make_video

BAR = "#sora-remix-summary"
ORDER = "#sora-remix-order"
TOTAL = "#sora-remix-total"
PROMPTS = "textarea[name=prompt]"
SIZES = [{"width": 1280, "height": 900}, {"width": 390, "height": 844}]

# The element that has the focus, if the bar covers its middle. A table is as high as it likes.
COVERED_BY = """() => {
    const {left, top, width, height} = document.activeElement.getBoundingClientRect();
    if (height > 200) {
        return "";
    }
    const over = document.elementFromPoint(left + width / 2, top + height / 2);
    const bar = over?.closest("#sora-remix-summary");
    return bar && !bar.contains(document.activeElement) ? document.activeElement.outerHTML : "";
}"""

# Whether the bar covers the lower end of an element.
IS_COVERED = """(element) => {
    const {left, bottom, width} = element.getBoundingClientRect();
    const over = document.elementFromPoint(left + width / 2, bottom - 2);
    return Boolean(over.closest("#sora-remix-summary"));
}"""


def test_two_videos_are_remixed_with_their_titles_in_the_prompt(page: Page) -> None:
    page.goto(page_of(draft(make_clip(title="Sea"), make_clip(title="Sky"))))
    expect(page).to_have_title("Remix 2 videos | Django site admin")
    page.locator(PROMPTS).fill("noir")
    page.locator(PROMPTS).press("Home")
    page.click("[data-insert='{title}']")
    page.keyboard.type(" as ")

    page.click(ORDER)

    page.wait_for_url(f"**{BATCHES}*/change/")
    assert {one.prompt for one in Remix.objects.all()} == {"Sea as noir", "Sky as noir"}


def test_video_is_remixed_from_its_page_with_two_clicks_and_a_prompt(
    page: Page, page_errors: PageErrors
) -> None:
    page_errors.expect("Failed to load resource")  # its file
    page.goto(change_url(make_clip()))
    page.click("text=Remix this video")
    page.wait_for_selector("#confirm-form")
    page.fill(PROMPTS, "noir")
    page.click(ORDER)

    page.wait_for_url(f"**{BATCHES}*/change/")
    assert Remix.objects.get().prompt == "noir"


def test_preset_is_inserted_as_soon_as_it_is_chosen(page: Page) -> None:
    preset = PromptPreset.objects.create(name="Noir", text="{title} as film noir", is_shared=True)
    page.goto(page_of(draft(make_clip())))
    expect(page.locator("#sora-remix-use")).to_be_hidden()

    for number in (1, 2):
        page.locator("#id_preset").dispatch_event("pointerdown")
        page.select_option("#id_preset", str(preset.pk))
        expect(page.locator(PROMPTS)).to_have_count(number)
        expect(page.locator(PROMPTS).last).to_have_value(preset.text)
        settled(page)

    expect(page.locator("#id_preset")).to_have_value("")


def test_preset_that_is_passed_by_keyboard_is_not_inserted(page: Page) -> None:
    for name in ("Gold", "Noir"):
        PromptPreset.objects.create(name=name, text=f"make it {name}", is_shared=True)
    page.goto(page_of(draft(make_clip())))

    page.focus("#id_preset")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.locator("#sora-remix-use")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator(PROMPTS)).to_have_value("make it Noir")


def test_options_come_back_with_their_model(page: Page) -> None:
    page.goto(page_of(draft(make_clip())))
    choose(page, "grok")
    page.select_option("[name=option-resolution]", "720p")
    expect(page.locator(TOTAL)).to_have_text("$0.32")
    expect(page.locator("#sora-remix-changed")).to_have_text("· 720p")

    choose(page, "kling-o3")
    page.uncheck("[name=option-keep_audio]")
    expect(page.locator("#sora-remix-choice-kling-o3")).to_contain_text("removes the sound")
    choose(page, "grok")

    assert page.input_value("[name=option-resolution]") == "720p"
    choose(page, "kling-o3")
    assert not page.is_checked("[name=option-keep_audio]")


def test_title_follows_what_the_chosen_model_takes(page: Page) -> None:
    page.goto(page_of(draft(make_clip(), make_clip(duration=20))))
    expect(page.locator("h1").last).to_have_text("Remix 2 videos")

    choose(page, "flux-3")

    expect(page.locator("#content h1")).to_have_text("Remix 1 video")
    expect(page).to_have_title("Remix 1 video | Django site admin")
    expect(page.locator("#sora-remix-left-out > summary")).to_contain_text("1 video left out")


@pytest.mark.parametrize("size", SIZES)
def test_summary_stays_in_sight_and_never_covers_what_has_the_focus(
    pages: Pages, size: Any
) -> None:
    page, _ = pages.open(viewport=size)
    page.goto(page_of(draft(*(make_clip() for _ in range(8)))))
    for part in ("more-models", "about", "options", "remixes"):
        unfold(page, f"#sora-remix-{part}")
    page.evaluate("window.scrollTo(0, 0); document.activeElement.blur()")
    expect(page.locator(ORDER)).to_be_in_viewport(ratio=1)

    for _ in range(100):
        page.keyboard.press("Tab")
        assert page.evaluate(COVERED_BY) == ""
        if page.evaluate(f"document.activeElement.matches('{ORDER}')"):
            break
    else:
        raise AssertionError("The button can't be reached.")
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_page_for_three_videos_is_hardly_higher_than_a_screen(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 600})
    page.goto(page_of(draft(*(make_clip() for _ in range(3)))))

    assert page.evaluate("document.documentElement.scrollHeight") < 1000


def test_prompt_grows_with_its_text(page: Page) -> None:
    page.goto(page_of(draft(make_clip())))
    heights = []
    for lines in (1, 3, 9):
        page.fill(PROMPTS, "\n".join("noir" for _ in range(lines)))
        box = page.locator(PROMPTS).bounding_box()
        heights.append(box["height"] if box else 0)

    assert heights[0] == heights[1] < heights[2]


def test_input_survives_the_end_of_the_session(
    page: Page, page_errors: PageErrors, admin_user: User
) -> None:
    batch = draft(make_clip())
    page.goto(page_of(batch))
    page.fill(PROMPTS, "make it noir")
    page.context.clear_cookies(name="sessionid")
    page.check("[name=endpoint][value=kling-o3]")
    expect(page.locator("#sora-remix-progress")).to_contain_text("no longer logged in")

    page.click("[name=_recalculate]")
    page.fill("[name=username]", admin_user.username)
    page.fill("[name=password]", "password")
    page.click("[type=submit]")

    expect(page.locator(PROMPTS)).to_have_value("make it noir")
    expect(page.locator("[name=endpoint][value=kling-o3]")).to_be_checked()
    expect(page.locator(".messagelist")).to_contain_text("Your input is kept")
    assert not Remix.objects.exists()


def test_switched_off_model_must_be_chosen_by_hand(page: Page) -> None:
    page.goto(page_of(draft(make_video())))
    page.fill(PROMPTS, "noir")
    page.click(ORDER)
    assert page.evaluate("document.activeElement.name") == "endpoint"

    page.check("[name=endpoint]")
    settled(page)
    page.click(ORDER)

    page.wait_for_url(f"**{BATCHES}*/change/")
    assert Remix.objects.get().endpoint == "sora-2"


@pytest.mark.parametrize("size", SIZES)
def test_budget_that_is_exceeded_is_named_in_sight_and_leads_to_what_is_left(
    page: Page, size: Any
) -> None:
    page.set_viewport_size(size)
    make_budget("0.01")
    page.goto(page_of(draft(make_clip())))
    warning = page.locator("#sora-remix-budgets .sora-remix-warning")
    assert page.evaluate("scrollY") == 0

    named = page.locator(BAR).get_by_text("Over budget")
    expect(named).to_be_in_viewport()
    named.focus()
    page.keyboard.press("Enter")

    expect(warning).to_be_in_viewport(ratio=1)
    assert warning.evaluate(IS_COVERED) is False
