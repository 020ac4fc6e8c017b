"""The player on the site doesn't shift the layout, works by keyboard, and shows captions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.admin_urls import change_url
from tests.approved_videos import VTT, show

BOXES = """() => [...document.querySelectorAll("video, figcaption")].map((one) => {
    const {x, y, width, height} = one.getBoundingClientRect();
    return {x, y, width, height};
})"""
READY = "() => document.querySelector('video').readyState >= HTMLMediaElement.HAVE_METADATA"
SHOW_CAPTIONS = "() => { document.querySelector('video').textTracks[0].mode = 'showing'; }"
LOADED = """() => {
    const track = document.querySelector("track");
    return track.readyState === HTMLTrackElement.LOADED && track.track.cues.length;
}"""
FOCUSED = "document.activeElement.matches('video')"


def _boxes(page: Page) -> list[dict[str, float]]:
    boxes: list[dict[str, float]] = page.evaluate(BOXES)
    return boxes


@pytest.mark.parametrize("width", [1280, 390])
def test_layout_does_not_shift_when_the_video_loads(
    page: Page, large_clip: Path, width: int
) -> None:
    show(large_clip.read_bytes(), thumbnail="")
    held: list[Route] = []
    page.route("**/*.mp4", lambda route: held.append(route), times=1)
    page.set_viewport_size({"width": width, "height": 900})
    with page.expect_request("**/*.mp4"):
        page.goto("/", wait_until="domcontentloaded")
    before = _boxes(page)

    held[0].continue_()
    page.wait_for_function(READY)

    video = before[0]
    assert _boxes(page) == before
    assert video["x"] + video["width"] <= width
    assert video["width"] / video["height"] == pytest.approx(16 / 9, rel=0.01)


def test_player_works_by_keyboard(page: Page, large_clip: Path) -> None:
    show(large_clip.read_bytes())
    page.goto("/")
    page.wait_for_function(READY)

    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED):
            break
    page.keyboard.press("Space")

    page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")


@pytest.mark.parametrize("where", ["the site", "the admin"])
def test_captions_are_shown(page: Page, large_clip: Path, where: str) -> None:
    video = show(large_clip.read_bytes(), captions_language="de")
    page.goto("/" if where == "the site" else change_url(video))

    page.evaluate(SHOW_CAPTIONS)

    assert page.wait_for_function(LOADED).json_value() == VTT.count(b"-->")
    track: Any = page.evaluate(
        "() => [document.querySelector('track').track].map((one) => [one.label, one.language])[0]"
    )
    assert track == ["Deutsch", "de"]
