"""New videos are reviewed by keyboard."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from sora_remix.models import RemixBatch, Video
from tests.admin_urls import compare_url, review_url
from tests.browser.test_preview import keep
from tests.factories import make_remix, make_video


def _results(many: int, clip: Path) -> list[Video]:
    results = []
    for number in range(many):
        result = keep(make_video(title=f"Sea {number}", sora_id="", width=160, height=90), clip)
        make_remix(status="succeeded", result=result)
        results.append(result)
    return results


def _approvals(results: list[Video]) -> list[str]:
    found = Video.objects.in_bulk([video.pk for video in results])
    return [found[video.pk].approval for video in results]


def _is_reached(page: Page, title: str) -> None:
    """Wait for the page of a video until it hears keys: its script starts after its heading."""
    expect(page.locator("h2")).to_contain_text(title)
    page.wait_for_load_state()


def test_ten_results_are_approved_by_keyboard(page: Page, clip: Path) -> None:
    results = _results(10, clip)
    page.goto(review_url())

    for number in range(10):
        _is_reached(page, f"Sea {number}")
        page.keyboard.press("a")

    expect(page.get_by_text("No video is waiting for a decision.")).to_be_visible()
    assert _approvals(results) == ["approved"] * 10


def test_keys_write_a_note_reject_skip_go_back_and_undo(page: Page, clip: Path) -> None:
    results = _results(3, clip)
    page.goto(review_url())

    page.keyboard.press("n")
    page.keyboard.type("a blur, ready")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    _is_reached(page, "Sea 1")
    assert _approvals(results) == ["rejected", "new", "new"]
    assert Video.objects.get(pk=results[0].pk).approval_note == "a blur, ready"
    page.keyboard.press("j")
    _is_reached(page, "Sea 2")
    page.keyboard.press("k")
    _is_reached(page, "Sea 1")
    page.keyboard.press("A")
    _is_reached(page, "Sea 2")
    page.keyboard.press("u")
    _is_reached(page, "Sea 1")
    page.keyboard.press("r")
    _is_reached(page, "Sea 2")

    assert _approvals(results) == ["rejected", "rejected", "new"]


def test_modified_and_held_keys_are_ignored(page: Page, clip: Path) -> None:
    results = _results(2, clip)
    page.goto(review_url())

    for keys in ("Control+a", "Alt+r", "Meta+a"):
        page.keyboard.press(keys)
    page.evaluate(
        """() => document.body.dispatchEvent(
            new KeyboardEvent("keydown", { key: "a", repeat: true, bubbles: true }))"""
    )
    page.keyboard.press(" ")
    expect(page.locator(".sora-remix-review video")).to_have_js_property("ended", True)
    page.keyboard.press("j")

    expect(page.locator("h2")).to_contain_text("Sea 1")
    assert _approvals(results) == ["new", "new"]


def test_keys_can_be_switched_off(page: Page, clip: Path) -> None:
    results = _results(1, clip)
    page.goto(review_url())

    page.click(".sora-remix-keys summary")
    page.uncheck("#sora-remix-keys")
    page.keyboard.press("a")
    page.reload()
    page.keyboard.press("r")
    page.click(".sora-remix-keys summary")
    page.check("#sora-remix-keys")
    assert _approvals(results) == ["new"]

    page.keyboard.press("r")
    expect(page.get_by_text("No video is waiting for a decision.")).to_be_visible()
    assert _approvals(results) == ["rejected"]


def test_quick_keys_decide_about_one_video_only(page: Page, clip: Path) -> None:
    results = _results(2, clip)
    page.goto(review_url())

    page.evaluate(
        """() => ["a", "r", "j"].forEach((key) => document.body.dispatchEvent(
            new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""
    )

    expect(page.locator("h2")).to_contain_text("Sea 1")
    assert _approvals(results) == ["approved", "new"]


def test_the_switch_for_keys_holds_for_the_comparison_too(page: Page, clip: Path) -> None:
    [result] = _results(1, clip)
    page.goto(review_url())
    page.click(".sora-remix-keys summary")
    page.uncheck("#sora-remix-keys")

    page.goto(compare_url(keep(make_video(title="Sky"), clip), result))
    page.keyboard.press("2")

    expect(page.locator("#sora-remix-compare")).to_have_attribute("data-mode", "side")
    expect(page.locator("#sora-remix-keys")).not_to_be_checked()


def test_a_key_remixes_the_shown_video(page: Page, clip: Path) -> None:
    _results(2, clip)
    page.goto(review_url())
    page.keyboard.press("j")
    _is_reached(page, "Sea 1")

    page.keyboard.press("m")

    page.wait_for_url("**/confirm/")
    assert [video.title for video in RemixBatch.objects.get().videos.all()] == ["Sea 1"]
