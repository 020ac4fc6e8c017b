"""An editor of the CMS with the documented permissions does the main jobs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.files import File
from playwright.sync_api import Browser, FrameLocator, Page, expect
from pytest_django.live_server_helper import LiveServer

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix.contrib.cms.models import VideoPlugin
from sora_remix.models import Approval, Remix, Video
from tests.approved_videos import show
from tests.contrib.cms.browser.editing import (
    CLOSE_ADMINISTRATION,
    SAVE,
    add_plugin,
    choose,
    edit,
    open_administration,
    open_chooser,
)
from tests.processes import Qcluster, wait_until
from tests.sites.cms.content import place

PLAYS = """(video) => {
    video.muted = true;
    return video.play().then(() => new Promise((done) => {
        video.addEventListener("timeupdate", () => video.currentTime > 0 && done(true));
    }));
}"""
PUBLISH = ".cms-versioning-js-publish-btn"
OPTION = ".select2-results__option"


def _publish(page: Page, site: LiveServer) -> None:
    page.locator(PUBLISH).click()
    page.wait_for_url(f"{site.url}/")


def _upload(clip: Path, title: str) -> Video:
    facts = {"duration": Decimal("3.5"), "width": 1280, "height": 720, "fps": 12}
    video = Video(title=title, size=clip.stat().st_size, approval=Approval.APPROVED, **facts)
    with clip.open("rb") as file:
        video.file.save("clip.mp4", File(file))
    return video


def _remix(admin: FrameLocator, prompt: str) -> None:
    """Remix the only video in the list, and confirm what it costs."""
    admin.get_by_role("link", name="Videos", exact=True).first.click()
    admin.get_by_role("button", name="Remix").click()
    admin.locator("[name=prompt]").fill(prompt)
    admin.locator("#sora-remix-order").click()
    expect(admin.locator(".messagelist .success")).to_contain_text("1 remix was requested")


def test_editor_places_a_video_by_its_picture_and_a_visitor_plays_it(
    page: Page, home: Any, site: LiveServer, small_clip: Path, browser: Browser
) -> None:
    clip = small_clip.read_bytes()
    low, high = show(clip, title="Low tide"), show(clip, title="High tide")
    edit(page, home)

    form = add_plugin(page)
    open_chooser(form)
    choose(form, low)
    expect(form.locator(".sora-remix-chosen")).to_contain_text("Low tide")
    page.locator(SAVE).click()

    expect(page.locator(f"main video[src='{low.file.url}']")).to_be_visible()
    assert VideoPlugin.objects.get().video == low != high
    _publish(page, site)
    visitor = browser.new_page()
    visitor.goto(f"{site.url}/")
    assert visitor.locator("video").evaluate(PLAYS)
    visitor.close()


def test_search_in_the_form_finds_approved_videos_only(page: Page, home: Any) -> None:
    show(title="Low tide")
    show(title="High tide")
    show(title="High tide, not approved", approval=Approval.NEW)
    edit(page, home)

    form = add_plugin(page)
    open_chooser(form, "high")

    expect(form.locator(OPTION)).to_have_text(["High tide4 s"])


def test_editor_chooses_another_video_by_keyboard(page: Page, home: Any) -> None:
    place(home, show(title="Low tide"))
    high = show(title="High tide")
    edit(page, home)
    page.get_by_title("Toggle structure").click()
    page.locator(".cms-structure .cms-submenu-edit").first.click()
    form = page.frame_locator(".cms-modal-frame iframe")

    form.locator(".field-video .select2-selection").press("Enter")
    form.locator(".select2-search__field").fill("high")
    expect(form.locator(OPTION)).to_have_text(["High tide4 s"])
    form.locator(".select2-search__field").press("Enter")
    page.locator(SAVE).click()

    expect(page.locator(f"main video[src='{high.file.url}']")).to_be_visible()
    assert VideoPlugin.objects.get().video == high


def test_form_has_no_link_that_replaces_it(page: Page, home: Any) -> None:
    place(home, show(title="Low tide"))
    edit(page, home)
    page.get_by_title("Toggle structure").click()
    page.locator(".cms-structure .cms-submenu-edit").first.click()
    form = page.frame_locator(".cms-modal-frame iframe")

    expect(form.locator(".sora-remix-chosen")).to_contain_text("Low tide")

    assert form.locator(".view-related, .change-related, .delete-related").count() == 0
    with page.expect_popup() as opened:
        form.locator(".add-related").click()
    expect(opened.value.locator("[name=file]")).to_be_visible()


def test_editor_remixes_a_video_and_finds_the_approved_result(
    page: Page,
    home: Any,
    site: LiveServer,
    large_clip: Path,
    sandbox: SandboxProcess,
    qcluster: Qcluster,
) -> None:
    _upload(large_clip, "Sea")
    qcluster.start()
    edit(page, home)

    _remix(open_administration(page, "Harbour News"), "make it noir")
    wait_until(lambda: not Remix.objects.unsettled().exists())

    result = Remix.objects.select_related("result").get().result
    assert result and not result.is_approved and result.thumbnail, qcluster.log
    page.locator(CLOSE_ADMINISTRATION).click()
    form = add_plugin(page)
    open_chooser(form, "noir")
    expect(form.locator(OPTION)).to_have_text(["No results found"])
    result.approve()
    form.locator(".select2-search__field").fill("make it noir")
    choose(form, result)
    page.locator(SAVE).click()
    expect(page.locator(f"main video[src='{result.file.url}']")).to_be_visible()
    assert len(sandbox.accepted()) == 1
