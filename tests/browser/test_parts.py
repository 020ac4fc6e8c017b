"""A part of a video is chosen by typing, with the mouse, by keyboard, and without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Page, expect

from example_project.fal_sandbox.clips import draw_clip
from example_project.media_files import serve_parts
from sora_remix.models import RemixBatch, Video
from sora_remix.storage import app_storage
from tests.admin_urls import change_url, confirm_url
from tests.browser.page_states import choose, settled
from tests.browser.pages import Pages
from tests.checkout import draft
from tests.factories import make_video
from tests.processes import wait_until

FPS = 24
SECONDS = 12
TOTAL = "#sora-remix-total"
AT = "document.querySelector('.sora-remix-part-video').currentTime"
READY = """(() => { const one = document.querySelector('.sora-remix-part-video');
    return Boolean(one) && !one.seeking && one.readyState >= 2; })()"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path: Path = tmp_path_factory.mktemp("film") / "film.mp4"
    draw_clip(path, "sea", float(SECONDS), 320, 180, FPS)
    return path.read_bytes()


@pytest.fixture
def video(site: object, film: bytes, monkeypatch: pytest.MonkeyPatch) -> Video:
    """A clip of twelve seconds, which the live server sends in parts as every storage does."""
    monkeypatch.setattr("django.test.testcases.serve", serve_parts)
    facts = {"width": 1280, "height": 720, "fps": FPS, "size": len(film), "duration": SECONDS}
    name = app_storage().save("film.mp4", ContentFile(film))
    kind = {"container": "mp4", "video_codec": "h264"}
    return make_video(sora_id="", title="Sea", file=name, **kind, **facts)


def _open(page: Page, video: Video) -> None:
    """Open the page to confirm with a model that charges by the second, with the player."""
    page.goto(confirm_url(draft(video)))
    choose(page, "flux-3")
    page.click(f"#sora-remix-part-{video.pk} summary")
    wait_until(lambda: page.evaluate(READY))


def _seek(page: Page, seconds: float) -> None:
    page.evaluate(f"{AT} = {seconds}")
    wait_until(lambda: page.evaluate(READY))


def test_price_follows_the_times_that_are_typed(page: Page, video: Video) -> None:
    _open(page, video)
    expect(page.locator(TOTAL)).to_have_text("$0.36")

    page.fill(f"#id_start-{video.pk}", "0:02")
    page.fill(f"#id_end-{video.pk}", "0:08")
    expect(page.locator(TOTAL)).to_have_text("$0.18")
    settled(page)

    page.fill(f"#id_end-{video.pk}", "0:01")
    expect(page.locator(f"#id_start-{video.pk}_error")).to_have_text(
        "The end must be after the start."
    )
    expect(page.locator(f"#id_end-{video.pk}")).to_be_focused()


def test_part_is_chosen_with_the_mouse(page: Page, video: Video) -> None:
    _open(page, video)
    whole = page.inner_text(TOTAL)

    _seek(page, 3.01)
    page.get_by_role("button", name="Start here").click()
    _seek(page, 9.01)
    page.get_by_role("button", name="End here").click()

    assert page.input_value(f"#id_start-{video.pk}") == "0:03"
    assert page.input_value(f"#id_end-{video.pk}") == "0:09"
    expect(page.locator(TOTAL)).not_to_have_text(whole)


def test_part_is_chosen_frame_by_frame_with_the_keyboard(page: Page, video: Video) -> None:
    _open(page, video)
    _seek(page, 2.01)

    page.get_by_role("button", name="Start here").focus()
    for key in ("Period", "Period", "Comma", "Period"):
        page.keyboard.press(key)
        wait_until(lambda: page.evaluate(READY))
    page.keyboard.press("i")
    _seek(page, 5.01)
    page.keyboard.press("o")

    assert page.input_value(f"#id_start-{video.pk}") == "0:02.083"  # two frames of 24
    assert page.input_value(f"#id_end-{video.pk}") == "0:05"


def test_player_stays_while_the_page_recalculates(page: Page, video: Video) -> None:
    _open(page, video)
    _seek(page, 4.01)

    page.fill(f"#id_end-{video.pk}", "0:08")
    expect(page.locator(TOTAL)).to_have_text("$0.24")
    settled(page)

    assert page.evaluate(AT) == pytest.approx(4.01)


def test_part_is_remixed_from_the_page_of_a_video(page: Page, video: Video) -> None:
    page.goto(change_url(video))
    page.click("#sora-remix-part summary")
    wait_until(lambda: page.evaluate(READY))

    page.fill("#id_part_start", "2")
    page.fill("#id_part_end", "8")
    page.get_by_role("button", name="Remix this part").click()

    expect(page.locator(f"#id_start-{video.pk}")).to_have_value("2")
    expect(page.locator(f"#id_end-{video.pk}")).to_have_value("8")


def test_part_is_chosen_without_scripts(pages: Pages, video: Video) -> None:
    page, _errors = pages.open(java_script_enabled=False)
    page.goto(confirm_url(draft(video)))
    page.check("[name=endpoint][value=flux-3]")
    page.click(f"#sora-remix-part-{video.pk} summary")
    page.fill(f"#id_start-{video.pk}", "0:02")
    page.fill(f"#id_end-{video.pk}", "0:08")
    page.fill("[name=prompt]", "make it noir")
    with page.expect_navigation():
        page.click("[name=_recalculate]")
    page.click("#sora-remix-order")

    expect(page.get_by_text("1 remix was requested.")).to_be_visible()
    remix = RemixBatch.objects.get().remixes.get()
    assert '"start":"2"' in remix.recipe and '"end":"8"' in remix.recipe
