"""Pictures of videos move when they are asked to, and load nothing before."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Locator, Page, Request, expect

from example_project.fal_sandbox.stills import draw_sheet
from sora_remix import media
from sora_remix.models import Video
from sora_remix.storage import app_storage, new_name
from tests.browser.opening import Pages
from tests.browser.places import REMIXES, VIDEOS
from tests.factories import make_remix, make_video

SCREEN = ".sora-remix-preview-screen"
HEAVY = ("/file/file/", "/file/spritesheet/", "/videos/", "/spritesheets/")


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
def filmed(site: object, clip: Path) -> Video:
    """A video with a file and a thumbnail."""
    return keep(make_video(title="Sea", width=160, height=90), clip)


@pytest.fixture
def sheeted(filmed: Video, clip: Path) -> Video:
    """A video with a sprite sheet as well, of 3 × 2 pictures of which the last is empty."""
    filmed.spritesheet = _stored("spritesheets", ".jpg", draw_sheet(clip, 3, 2, moments=5))
    filmed.sheet_columns, filmed.sheet_rows, filmed.sheet_frames = 3, 2, 5
    filmed.save()
    return filmed


def _moving_page(pages: Pages, **options: object) -> Page:
    page, _complaints = pages.open(**options)
    page.emulate_media(reduced_motion="no-preference")
    return page


def _pictures_seen(page: Page) -> None:
    """Wait until each picture of the sheet was shown once, and the screen is gone again."""
    seen = page.evaluate_handle("window.seen")
    page.wait_for_function("(seen) => seen.size === 5", arg=seen)
    expect(page.locator(SCREEN)).to_have_count(0)
    assert page.evaluate("[...seen].join()", seen) == ("0% 0%,50% 0%,100% 0%,0% 100%,50% 100%")


WATCH = """
window.seen = new Set();
new MutationObserver(() => {
    const place = document.querySelector(".sora-remix-preview-screen > span");
    if (place?.style.backgroundPosition) {
        window.seen.add(place.style.backgroundPosition);
    }
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


def test_pointing_at_a_picture_plays_each_picture_of_its_sprite_sheet_once(
    pages: Pages, sheeted: Video
) -> None:
    page = _moving_page(pages)
    page.goto(VIDEOS)
    page.evaluate(WATCH)

    page.hover(".sora-remix-preview")

    _pictures_seen(page)


def test_reaching_a_link_by_keyboard_plays_its_picture_and_escape_stops_it(
    pages: Pages, sheeted: Video
) -> None:
    make_remix(result=sheeted, status="succeeded")
    page = _moving_page(pages)
    page.goto(REMIXES)
    page.focus(".field-result_link a")
    page.keyboard.press("Shift+Tab")

    page.keyboard.press("Tab")

    expect(page.locator(f"{SCREEN} > span")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(SCREEN)).to_have_count(0)


def test_without_a_sprite_sheet_the_video_plays_without_sound_until_it_is_left(
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
    video.evaluate(
        """(one) => new Promise((done) => {
            const look = () => (one.currentTime > 0 ? done() : requestAnimationFrame(look));
            look();
        })"""
    )


@pytest.mark.parametrize(("columns", "rows"), [(1, 2), (3, 1)])
def test_pictures_that_are_wide_or_tall_are_not_squeezed(
    pages: Pages, sheeted: Video, columns: int, rows: int
) -> None:
    Video.objects.update(sheet_columns=columns, sheet_rows=rows)
    page, _complaints = pages.open()
    page.goto(VIDEOS)

    page.get_by_role("button", name="Play a preview of “Sea”").click()

    box = page.locator(f"{SCREEN} > span").bounding_box()
    with sheeted.spritesheet.open() as file:
        sheet = media.image_facts(file)
    assert box
    shape = (sheet.width / columns) / (sheet.height / rows)
    assert box["width"] / box["height"] == pytest.approx(shape, rel=0.05)


def test_nothing_moves_by_itself_for_who_wants_less_motion(pages: Pages, sheeted: Video) -> None:
    page, _complaints = pages.open()
    page.goto(VIDEOS)
    page.evaluate(WATCH)
    button = page.get_by_role("button", name="Play a preview of “Sea”")

    page.hover(".sora-remix-preview")
    page.focus(".field-title a")
    page.hover("h1")
    assert page.locator(SCREEN).count() == 0
    button.click()

    _pictures_seen(page)


def test_who_touches_has_a_button_and_links_stay_links(pages: Pages, sheeted: Video) -> None:
    remix = make_remix(result=sheeted, status="succeeded")
    page = _moving_page(
        pages, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800}
    )
    page.goto(REMIXES)
    page.evaluate(WATCH)

    page.get_by_role("button", name="Play a preview of “Sea”").tap()
    _pictures_seen(page)
    page.locator(".field-result_link a").tap()

    page.wait_for_url(f"**/video/{sheeted.pk}/change/")
    assert remix.result == sheeted


def test_a_list_of_100_videos_loads_none_until_it_is_asked_to(pages: Pages, sheeted: Video) -> None:
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

    expect(page.locator(f"{SCREEN} > span")).to_be_visible()
    assert {url.rpartition("/admin/")[2] for url in asked if "/admin/" in url} == {
        f"sora_remix/video/{Video.objects.order_by('-pk')[50].pk}/file/spritesheet/"
    }


def test_a_sprite_sheet_that_is_gone_gives_way_to_the_video(pages: Pages, sheeted: Video) -> None:
    app_storage().delete(str(sheeted.spritesheet.name))
    page, complaints = pages.open()
    complaints.expect("spritesheets")
    page.goto(VIDEOS)

    page.get_by_role("button", name="Play a preview of “Sea”").click()

    playing(page.locator(f"{SCREEN} video"))
