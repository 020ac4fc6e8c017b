"""On S3, what a page shows goes on after the addresses that it was made with have run out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from sora_remix.admin.display import change_url, compare_url
from sora_remix.models import Video
from tests.browser import policy
from tests.browser.opening import Pages
from tests.browser.places import VIDEOS
from tests.browser.test_preview import SCREEN, keep, playing
from tests.factories import make_video
from tests.processes import wait_until
from tests.s3 import s3_server, storage_on

HAS_LENGTH = """(one) => one.readyState > 0
    || new Promise((done) => one.addEventListener("loadedmetadata", done, { once: true }))"""


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture
def on_s3(site: object, s3: str, settings: Settings) -> None:
    """Keep all files on S3, which the site's policy lets the browser load from."""
    settings.STORAGES = {**settings.STORAGES, "default": storage_on(s3)}
    allowed = {name: [*policy.POLICY[name], s3] for name in ("img-src", "media-src")}
    settings.SECURE_CSP = {**policy.POLICY, **allowed}


@pytest.fixture
def video(on_s3: None, large_clip: Path) -> Video:
    return keep(make_video(title="Sea", width=1280, height=720), large_clip)


@pytest.fixture
def page(pages: Pages, on_s3: None) -> Page:
    page, complaints = pages.open()
    complaints.expect("403")
    return page


def _wait_until_it_has_run_out(address: str | None) -> None:
    assert address and "X-Amz-Expires=2" in address
    wait_until(lambda: httpx.get(address, trust_env=False).status_code == 403)


def _plays(video: Locator) -> None:
    expect(video).to_have_js_property("ended", True)
    assert video.evaluate("(one) => one.error") is None


def test_pictures_that_are_scrolled_to_late_are_shown(page: Page, video: Video) -> None:
    Video.objects.bulk_create(Video(title="Above", sora_id=f"a{number}") for number in range(99))
    page.goto(VIDEOS)
    last = page.locator("img.sora-remix-thumbnail")
    _wait_until_it_has_run_out(last.get_attribute("src"))
    assert last.evaluate("(picture) => picture.naturalWidth") == 0

    last.scroll_into_view_if_needed()

    expect(last).to_have_js_property("naturalWidth", 640)


def test_a_video_is_previewed_that_was_listed_long_ago(page: Page, video: Video) -> None:
    page.goto(VIDEOS)
    _wait_until_it_has_run_out(page.get_attribute("img.sora-remix-thumbnail", "src"))

    page.get_by_role("button", name="Play a preview of “Sea”").click()

    playing(page.locator(f"{SCREEN} video"))


def test_the_player_of_the_admin_goes_on_where_it_was(page: Page, video: Video) -> None:
    page.goto(change_url(video))
    _play_on_after_it_has_run_out(page.locator("video.sora-remix-player"))


def test_the_player_on_the_site_goes_on_where_it_was(page: Page, video: Video) -> None:
    video.approve()
    page.goto("/")
    _play_on_after_it_has_run_out(page.locator("video"))


def _play_on_after_it_has_run_out(player: Locator) -> None:
    first = player.get_attribute("src")
    player.evaluate(HAS_LENGTH)
    player.evaluate("(one) => { one.muted = true; one.playbackRate = 2; one.currentTime = 1; }")
    _wait_until_it_has_run_out(first)
    player.evaluate("(one) => one.play()")
    _plays(player)


def test_two_videos_that_are_compared_go_on_where_they_were(
    page: Page, video: Video, large_clip: Path
) -> None:
    other = keep(make_video(title="Noir", width=1280, height=720), large_clip)
    page.goto(compare_url(video, other))
    players = page.locator(".sora-remix-stage video")
    _wait_until_it_has_run_out(players.first.get_attribute("src"))

    page.get_by_role("button", name="Play", exact=True).click()

    for player in players.all():
        _plays(player)
