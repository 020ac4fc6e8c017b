"""Two videos play under one play head, whatever their frame rates and lengths."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from django.views.static import serve
from playwright.sync_api import Page, Route, expect

from example_project.fal_sandbox.clips import draw_clip
from example_project.media_files import serve_parts
from sora_remix.models import Video
from tests.admin_urls import compare_url
from tests.browser.page_errors import PageErrors
from tests.browser.pages import Pages
from tests.factories import make_video
from tests.processes import wait_until

FRAME = 1 / 30
FILM = "**/film.mp4*"
SECONDS = 10

TIMES = "[...document.querySelectorAll('video')].map((one) => one.currentTime)"
AT_REST = """[...document.querySelectorAll('video')].every(
    (one) => one.error || (one.paused && !one.seeking && one.readyState >= 2))"""
# Both times at one moment, at each frame that the browser draws.
WATCH = """(seconds) => new Promise((done) => {
    const videos = [...document.querySelectorAll("video")];
    const seen = [];
    const until = performance.now() + seconds * 1000;
    requestAnimationFrame(function look() {
        seen.push(videos.map((one) => one.currentTime));
        performance.now() < until ? requestAnimationFrame(look) : done(seen);
    });
})"""

# A clock that lags behind the other's by a twentieth.
SLOWER = """() => {
    const video = document.querySelector("video");
    const real = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "playbackRate");
    let rate = 1;
    Object.defineProperty(video, "playbackRate", {
        get: () => rate,
        set: (wanted) => real.set.call(video, Math.max(1 / 16, (rate = wanted) * 0.95)),
    });
}"""

# As if both had to wait when the other one passed its end.
HELD_BEFORE_ITS_END = """() => {
    const video = document.querySelector("video");
    video.pause();
    video.currentTime = 1.5;
}"""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Clips of two frame rates, and a short one."""
    folder = tmp_path_factory.mktemp("clips")
    clips = {"film": (24, 12.0), "video": (30, 12.0), "short": (24, 2.0)}
    for name, (fps, seconds) in clips.items():
        draw_clip(folder / f"{name}.mp4", "sea", seconds, 320, 180, fps)
    return {name: folder / f"{name}.mp4" for name in clips}


def _keep(clip: Path, media_root: Path, **values: Any) -> Video:
    (media_root / "videos").mkdir(parents=True, exist_ok=True)
    shutil.copy(clip, media_root / "videos")
    facts = {"width": 320, "height": 180, "size": clip.stat().st_size, "sora_id": ""}
    return make_video(title=clip.stem, file=f"videos/{clip.name}", **facts, **values)


@pytest.fixture(autouse=True)
def _parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the live server send parts of files, as every storage does."""
    monkeypatch.setattr("django.test.testcases.serve", serve_parts)


@pytest.fixture
def pair(site: object, clips: dict[str, Path], media_root: Path) -> tuple[Video, Video]:
    """One of 24 and one of 30 frames per second, both of twelve seconds."""
    return _keep(clips["film"], media_root, fps=24), _keep(clips["video"], media_root, fps=30)


def _open(page: Page, left: Video, right: Video) -> None:
    page.goto(compare_url(left, right))
    wait_until(lambda: page.evaluate("document.querySelector('#sora-remix-seek').max > 1"))
    _rest(page)


def _rest(page: Page) -> None:
    wait_until(lambda: page.evaluate(AT_REST))


def _times(page: Page) -> tuple[float, float]:
    left, right = page.evaluate(TIMES)
    return left, right


def _apart(page: Page) -> float:
    left, right = _times(page)
    return abs(left - right)


def _apart_mostly(seen: list[list[float]]) -> float:
    """Return the median distance, as a busy computer may delay a single correction."""
    return median(abs(left - right) for left, right in seen)


def _release(page: Page, held: list[Route]) -> None:
    """Let the held file come, and all that is asked for later."""
    while held:
        held.pop().continue_()
    page.unroute(FILM)


def _seek(page: Page, time: float) -> None:
    page.locator("#sora-remix-seek").fill(str(time))
    _rest(page)


def test_both_videos_stay_within_a_frame_while_seeking_and_playing(
    page: Page, pair: tuple[Video, Video]
) -> None:
    _open(page, *pair)

    for time in (1, 11, 3.3, 7.77, 0, 5.01, 12, 2.5, 9.99, 0.1):
        _seek(page, time)
        assert _apart(page) < FRAME, time
        assert _times(page)[0] == pytest.approx(time, abs=2 * FRAME)
    page.keyboard.press("Home")
    page.keyboard.press("k")
    seen = page.evaluate(WATCH, SECONDS)

    assert seen[-1][0] > SECONDS / 2  # a busy computer plays more slowly, but doesn't crawl
    assert _apart_mostly(seen) < FRAME


def test_the_faster_one_waits_for_the_slower_one(page: Page, pair: tuple[Video, Video]) -> None:
    _open(page, *pair)
    page.evaluate(SLOWER)

    page.keyboard.press("k")
    seen = page.evaluate(WATCH, 4)

    assert seen[-1][0] > 1
    # Alone it would be two frames behind by then.
    assert _apart_mostly(seen) < FRAME


def test_shorter_video_shows_its_last_frame_while_the_longer_plays(
    page: Page, pair: tuple[Video, Video], clips: dict[str, Path], media_root: Path
) -> None:
    short = _keep(clips["short"], media_root)
    _open(page, short, pair[0])

    _seek(page, 8)
    assert list(_times(page)) == pytest.approx([2, 8], abs=FRAME)
    _seek(page, 1.5)
    assert _apart(page) < FRAME
    page.keyboard.press("k")
    wait_until(lambda: _times(page)[1] > 2.5)
    wait_until(lambda: _times(page)[0] == pytest.approx(2, abs=FRAME))

    page.evaluate(HELD_BEFORE_ITS_END)
    wait_until(lambda: _times(page)[0] == pytest.approx(2, abs=FRAME))


def test_frames_are_stepped_at_the_finer_rate(page: Page, pair: tuple[Video, Video]) -> None:
    _open(page, *pair)

    seen = []
    for key in "...,":
        page.keyboard.press(key)
        _rest(page)
        assert _apart(page) < 0.001
        seen.append(_times(page)[1] * 30)

    assert seen == pytest.approx([1.5, 2.5, 3.5, 2.5], abs=0.01)


def test_range_is_looped_until_it_is_cleared(page: Page, pair: tuple[Video, Video]) -> None:
    _open(page, *pair)
    for time, key in ((2, "i"), (2.5, "o")):
        _seek(page, time)
        page.keyboard.press(key)
    expect(page.locator(".sora-remix-looped")).to_contain_text("0:02.00 to 0:02.50")

    page.keyboard.press("k")
    seen = page.evaluate(WATCH, 3)
    page.keyboard.press("x")
    wait_until(lambda: _times(page)[0] > 3.5)

    lefts = [left for left, _ in seen]
    ends = [earlier for earlier, later in pairwise(lefts) if later < earlier - 0.25]
    assert min(lefts) > 1.9 and median(ends) < 3  # a busy computer may delay a single turn
    assert _apart_mostly(seen) < FRAME


def test_both_videos_start_together(page: Page, pair: tuple[Video, Video]) -> None:
    held: list[Route] = []
    page.route(FILM, lambda route: held.append(route))
    page.goto(compare_url(*pair), wait_until="domcontentloaded")
    wait_until(lambda: page.evaluate("document.querySelectorAll('video')[1].readyState === 4"))

    page.keyboard.press("k")
    seen = page.evaluate(WATCH, 1)
    assert {tuple(times) for times in seen} == {(0, 0)}
    _release(page, held)
    wait_until(lambda: _times(page)[0] > 1)
    assert _apart_mostly(page.evaluate(WATCH, 1)) < FRAME

    page.route(FILM, lambda route: held.append(route))
    page.evaluate("document.querySelector('video').src += '?renewed'")
    seen = page.evaluate(WATCH, 1)
    _, before = seen[-1]
    assert {tuple(times) for times in seen[len(seen) // 2 :]} == {(0, before)}
    _release(page, held)
    wait_until(lambda: _times(page)[0] > before + 0.5)
    assert _apart_mostly(page.evaluate(WATCH, 1)) < FRAME


def test_one_video_plays_when_the_other_is_broken(
    page: Page, page_errors: PageErrors, pair: tuple[Video, Video], media_root: Path
) -> None:
    page_errors.expect("404")
    (media_root / "videos" / "film.mp4").unlink()

    _open(page, *pair)
    page.click("[data-do=play]")
    wait_until(lambda: _times(page)[1] > 0.5)

    assert "can't be played" in page.inner_text("[data-side=left] [role=alert]")
    expect(page.locator("[data-side=right] [role=alert]")).to_be_hidden()


def test_a_server_without_range_requests_is_reported(
    page: Page, pair: tuple[Video, Video], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.test.testcases.serve", serve)

    _open(page, *pair)

    expect(page.locator("[data-side=left] [role=alert]")).to_contain_text("range requests")


def test_every_control_has_a_key(page: Page, pair: tuple[Video, Video]) -> None:
    _open(page, *pair)
    stage = page.locator("#sora-remix-compare")
    right = page.locator("[data-side=right] video")
    press = page.keyboard.press

    press("2")
    press("]")
    expect(right).to_have_css("clip-path", "inset(0px 0px 0px 55%)")
    press("3")
    expect(stage).to_have_attribute("data-mode", "difference")
    expect(right).to_have_css("clip-path", "none")
    press("1")
    expect(stage).to_have_attribute("data-mode", "side")
    press("+")
    press("+")
    press("-")
    expect(page.locator("[data-do=speed][aria-pressed=true]")).to_have_text("1.5×")
    press("a")
    press("b")
    muted = page.evaluate("[...document.querySelectorAll('video')].map((one) => one.muted)")
    assert muted == [True, False]
    press("ArrowRight")
    press("ArrowRight")
    press("ArrowLeft")
    wait_until(lambda: _times(page) == (1, 1))
    press("End")
    wait_until(lambda: min(_times(page)) > 11.9)
    press("Home")
    wait_until(lambda: _times(page) == (0, 0))
    press("Space")
    expect(page.locator(".sora-remix-play")).to_have_text("Pause")
    wait_until(lambda: min(_times(page)) > 0.2)
    press("k")
    _rest(page)
    assert _apart(page) < 0.001
    press("?")
    expect(page.locator(".sora-remix-keys")).to_have_attribute("open", "")
    press("s")
    page.wait_for_url(f"**{compare_url(*reversed(pair))}")


def test_focused_controls_keep_their_keys(page: Page, pair: tuple[Video, Video]) -> None:
    _open(page, *pair)
    mode = page.locator("#sora-remix-compare")
    playing = page.locator(".sora-remix-play")

    page.keyboard.press("Control+3")
    page.focus("#sora-remix-other")
    page.keyboard.press("3")
    expect(mode).to_have_attribute("data-mode", "side")
    page.focus("[data-do=mode][data-value=wipe]")
    page.keyboard.press("Space")
    expect(mode).to_have_attribute("data-mode", "wipe")
    expect(playing).to_have_text("Play")
    page.focus("#sora-remix-wipe")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#sora-remix-wipe") == "51"
    assert _times(page) == (0, 0)
    page.focus("#sora-remix-seek")
    page.keyboard.press("ArrowRight")
    wait_until(lambda: _times(page) == pytest.approx((FRAME, FRAME), abs=0.001))
    page.keyboard.press("?")
    page.uncheck("#sora-remix-keys")
    page.keyboard.press("3")

    expect(mode).to_have_attribute("data-mode", "wipe")


def test_each_video_has_its_own_controls_without_scripts(
    pages: Pages, pair: tuple[Video, Video]
) -> None:
    page, _ = pages.open(java_script_enabled=False)

    page.goto(compare_url(*pair))

    expect(page.locator("video[controls]")).to_have_count(2)
    expect(page.locator(".sora-remix-controls")).to_be_hidden()
