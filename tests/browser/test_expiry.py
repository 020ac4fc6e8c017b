"""Pages continue to work after their signed S3 URLs have expired."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from sora_remix.models import Video
from tests.admin_urls import change_url, compare_url
from tests.browser import policy
from tests.browser.page_states import VIDEOS
from tests.browser.pages import Pages
from tests.browser.test_preview import SCREEN, keep, playing
from tests.factories import make_video
from tests.processes import wait_until
from tests.s3 import SECONDS, s3_server, storage_on

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
    page, page_errors = pages.open()
    page_errors.expect("403")
    return page


def _wait_until_it_has_run_out(address: str) -> None:
    assert f"X-Amz-Expires={SECONDS}" in address
    wait_until(lambda: httpx.get(address, trust_env=False).status_code == 403)


def _plays(video: Locator) -> None:
    expect(video).to_have_js_property("ended", True, timeout=90_000)  # slow on a busy machine
    assert video.evaluate("(one) => one.error") is None


def test_lazy_pictures_are_shown_after_their_urls_expired(page: Page, video: Video) -> None:
    Video.objects.bulk_create(Video(title="Above", sora_id=f"a{number}") for number in range(99))
    address = _open(page, VIDEOS, "jpg")
    last = page.locator("img.sora-remix-thumbnail")
    _wait_until_it_has_run_out(address)
    assert last.evaluate("(picture) => picture.naturalWidth") == 0

    last.scroll_into_view_if_needed()

    expect(last).to_have_js_property("naturalWidth", 640)


def test_video_listed_long_ago_can_be_previewed(page: Page, video: Video) -> None:
    _wait_until_it_has_run_out(_open(page, VIDEOS, "jpg"))

    page.get_by_role("button", name="Play a preview of “Sea”").click()

    playing(page.locator(f"{SCREEN} video"))


def test_admin_player_continues_after_its_url_expired(page: Page, video: Video) -> None:
    address = _open(page, change_url(video))
    _play_on_after_it_has_run_out(page.locator("video.sora-remix-player"), address)


def test_site_player_continues_after_its_url_expired(page: Page, video: Video) -> None:
    video.approve()
    address = _open(page, "/")
    _play_on_after_it_has_run_out(page.locator("video"), address)


def test_comparison_continues_after_its_urls_expired(
    page: Page, video: Video, large_clip: Path
) -> None:
    other = keep(make_video(title="Noir", width=1280, height=720), large_clip)
    _wait_until_it_has_run_out(_open(page, compare_url(video, other)))

    page.get_by_role("button", name="Play", exact=True).click()

    for player in page.locator(".sora-remix-stage video").all():
        _plays(player)


def _open(page: Page, url: str, extension: str = "mp4") -> str:
    """Open a page; return the address of a file as it was sent: it may be another one soon."""
    response = page.goto(url)
    assert response
    found = re.search(rf' src="(http[^"]+\.{extension}[^"]+)"', response.text())
    assert found
    return unescape(found[1])


def _play_on_after_it_has_run_out(player: Locator, address: str) -> None:
    player.evaluate(HAS_LENGTH)
    player.evaluate("(one) => { one.muted = true; one.playbackRate = 2; one.currentTime = 1; }")
    _wait_until_it_has_run_out(address)
    player.evaluate("(one) => { one.play().catch(() => {}); }")  # a fresh URL may interrupt it
    _plays(player)
