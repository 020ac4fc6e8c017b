"""Previews play on request and load nothing before."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Locator, Page, Request, expect

from sora_remix import media
from sora_remix.models import Video
from sora_remix.storage import app_storage, new_name
from tests.browser.page_states import REMIXES, VIDEOS
from tests.browser.pages import Pages
from tests.factories import make_remix, make_video

SCREEN = ".sora-remix-preview-screen"
HEAVY = ("/file/file/", "/videos/")


def _stored(kind: str, extension: str, content: bytes) -> str:
    return app_storage().save(new_name(kind, extension), ContentFile(content))


def keep(video: Video, clip: Path) -> Video:
    """Store a clip as the file of a video, with its thumbnail."""
    with clip.open("rb") as file:
        picture = media.thumbnail(file)
    assert picture
    video.file = _stored("videos", ".mp4", clip.read_bytes())
    video.thumbnail = _stored("thumbnails", ".jpg", picture)
    video.save()
    return video


@pytest.fixture
def filmed(site: object, large_clip: Path) -> Video:
    """A video with a file and a thumbnail, whose preview is not over before a test looks at it."""
    return keep(make_video(title="Sea", width=1280, height=720), large_clip)


def _moving_page(pages: Pages, **options: object) -> Page:
    page, _complaints = pages.open(**options)
    page.emulate_media(reduced_motion="no-preference")
    return page


def test_link_plays_its_preview_on_keyboard_focus_and_escape_stops_it(
    pages: Pages, filmed: Video
) -> None:
    make_remix(result=filmed, status="succeeded")
    page = _moving_page(pages)
    page.goto(REMIXES)
    page.focus(".field-result_link a")
    page.keyboard.press("Shift+Tab")

    page.keyboard.press("Tab")

    playing(page.locator(f"{SCREEN} video"))
    page.keyboard.press("Escape")
    expect(page.locator(SCREEN)).to_have_count(0)


def test_preview_plays_muted_while_the_pointer_is_on_the_picture(
    pages: Pages, filmed: Video
) -> None:
    page = _moving_page(pages)
    page.goto(VIDEOS)

    page.hover(".sora-remix-preview")

    video = page.locator(f"{SCREEN} video")
    playing(video)
    assert video.evaluate("(one) => one.muted")
    page.hover("h1")
    expect(page.locator(SCREEN)).to_have_count(0)


def playing(video: Locator) -> None:
    """Wait until a preview moves. It starts again at its end, so that it stays to be looked at."""
    video.evaluate(
        """(one) => new Promise((done) => {
            one.loop = true;
            const look = () => (one.currentTime > 0 ? done() : requestAnimationFrame(look));
            look();
        })"""
    )


def test_nothing_moves_by_itself_with_reduced_motion(pages: Pages, filmed: Video) -> None:
    page, _complaints = pages.open()
    page.goto(VIDEOS)
    button = page.get_by_role("button", name="Play a preview of “Sea”")

    page.hover(".sora-remix-preview")
    page.focus(".sora-remix-card-title a")
    page.hover("h1")
    assert page.locator(SCREEN).count() == 0
    button.click()

    playing(page.locator(f"{SCREEN} video"))


def test_touch_users_get_a_button_and_links_stay_links(pages: Pages, filmed: Video) -> None:
    remix = make_remix(result=filmed, status="succeeded")
    page = _moving_page(
        pages, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800}
    )
    page.goto(REMIXES)

    page.get_by_role("button", name="Play a preview of “Sea”").tap()
    playing(page.locator(f"{SCREEN} video"))
    page.locator(".field-result_link a").tap()

    page.wait_for_url(f"**/video/{filmed.pk}/change/")
    assert remix.result == filmed


def test_list_of_100_videos_loads_none_until_one_is_previewed(pages: Pages, filmed: Video) -> None:
    values = Video.objects.values().get()
    Video.objects.bulk_create(
        Video(**{**values, "id": None, "sora_id": f"video_{number}"}) for number in range(99)
    )
    page = _moving_page(pages)
    asked: list[str] = []

    def note(request: Request) -> None:
        if any(part in request.url for part in HEAVY):
            asked.append(request.url)

    page.on("request", note)
    page.goto(VIDEOS, wait_until="networkidle")
    assert page.locator(".sora-remix-preview").count() == 100
    assert asked == []

    page.locator(".sora-remix-preview").nth(50).hover()

    playing(page.locator(f"{SCREEN} video"))
    assert {url.rpartition("/admin/")[2] for url in asked if "/admin/" in url} == {
        f"sora_remix/video/{Video.objects.order_by('-pk')[50].pk}/file/file/"
    }
