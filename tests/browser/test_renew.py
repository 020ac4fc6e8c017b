"""Videos that a new URL doesn't repair are left alone."""

from __future__ import annotations

import random
from pathlib import Path

from django.core.files.base import ContentFile
from playwright.sync_api import Page

from sora_remix.models import Video
from sora_remix.storage import app_storage
from tests.admin_urls import change_url, file_url
from tests.browser.pages import Pages
from tests.factories import make_video

COUNT = """
window.errors = 0;
addEventListener("error", ({ target }) => {
    window.errors += target instanceof HTMLVideoElement;
}, true);
"""
PLAY = """() => {
    const video = document.querySelector("video");
    video.muted = true;
    video.play().catch(() => {});
}"""
GIVEN_UP = "() => window.errors >= 3 && Boolean(document.querySelector('video').error)"
"""The first error may be renewed before it is told, and is then never heard."""


def _damaged(clip: Path) -> bytes:
    """Return a video of which only the first half can be decoded."""
    content = clip.read_bytes()
    start = content.index(b"mdat")
    whole = content[: start + (len(content) - start) // 2]
    return whole + random.Random(1).randbytes(len(content) - len(whole))


def _open_player(pages: Pages, **files: str) -> tuple[Page, list[str]]:
    page, page_errors = pages.open()
    page_errors.expect("404")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/file/file/" in one.url else None)
    page.add_init_script(COUNT)
    page.goto(change_url(make_video(width=1280, height=720, **files)))
    return page, asked


def test_damaged_video_is_not_requested_repeatedly(pages: Pages, large_clip: Path) -> None:
    file = app_storage().save("damaged.mp4", ContentFile(_damaged(large_clip)))
    page, asked = _open_player(pages, file=file)

    page.evaluate(PLAY)

    page.wait_for_function(GIVEN_UP)
    assert len(asked) == 3


def test_deleted_video_is_not_requested_repeatedly(pages: Pages) -> None:
    page, asked = _open_player(pages, file="gone.mp4", thumbnail="gone.jpg")

    page.wait_for_function(GIVEN_UP)
    assert len(asked) == 3
    poster = page.get_attribute("video", "poster")
    assert poster == file_url(Video.objects.get(), "thumbnail")
