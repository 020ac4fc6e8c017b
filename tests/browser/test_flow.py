"""The whole workflow of an editor in a browser, and attempts to confirm twice."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files import File
from playwright.sync_api import Page, expect

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix.models import Remix, RemixBatch, Video
from tests.browser.page_states import BATCHES, VIDEOS, act_on_all, choose, settled, unfold
from tests.browser.pages import Pages
from tests.checkout import draft, make_clip, page_of
from tests.fitting.making import phone_recording
from tests.processes import Qcluster, wait_until

PLAYS = """(video) => {
    video.muted = true;
    return video.play().then(() => new Promise((done) => {
        video.addEventListener("timeupdate", () => video.currentTime > 0 && done(video.readyState));
    }));
}"""
ORDER = "#sora-remix-order"
TOTAL = "#sora-remix-total"
CELLS = "#sora-remix-grid [data-remix]"
SUCCEEDED = f"{CELLS}[data-status=succeeded]"


@pytest.fixture
def uploads(site: object, large_clip: Path) -> list[Video]:
    """Two clips that were uploaded."""
    return [_upload(large_clip, title) for title in ("Sea", "Sky")]


def _upload(clip: Path, title: str) -> Video:
    facts = {"duration": Decimal("3.5"), "width": 1280, "height": 720, "fps": 12}
    video = Video(title=title, size=clip.stat().st_size, **facts)
    with clip.open("rb") as file:
        video.file.save("clip.mp4", File(file))
    return video


def _over() -> bool:
    return not Remix.objects.unsettled().exists()


def _open_draft(page: Page) -> RemixBatch:
    batch = draft(make_clip(), make_clip())
    page.goto(page_of(batch))
    page.fill("[name=prompt]", "make it noir")
    return batch


def test_two_videos_are_remixed_and_one_is_played(
    sandbox: SandboxProcess, qcluster: Qcluster, uploads: list[Video], page: Page
) -> None:
    qcluster.start()
    act_on_all(page, VIDEOS, "remix_selected")
    choose(page, "grok")
    before = page.inner_text(TOTAL)
    page.select_option("[name=option-resolution]", "720p")
    expect(page.locator(TOTAL)).not_to_have_text(before)
    settled(page)
    expect(page.locator(TOTAL)).to_have_text("$0.56")

    page.fill("[name=prompt]", "make it noir")
    page.click(ORDER)
    expect(page.locator(".messagelist .success")).to_contain_text("2 remixes were requested")
    expect(page.locator(CELLS)).to_have_count(2)
    wait_until(_over)

    page.reload()
    expect(page.locator(SUCCEEDED)).to_have_count(2)
    page.locator(SUCCEEDED).first.locator("a").click()
    assert page.locator("video.sora-remix-player").evaluate(PLAYS) >= 2
    assert len(sandbox.accepted()) == 2


def test_german_editor_remixes_a_video_on_a_phone(
    sandbox: SandboxProcess, qcluster: Qcluster, uploads: list[Video], pages: Pages
) -> None:
    page, _ = pages.open(locale="de", viewport={"width": 390, "height": 800})
    act_on_all(page, VIDEOS, "remix_selected")
    choose(page, "grok")
    page.fill("[name=prompt]", "schwarzweiß")
    expect(page.locator(TOTAL)).to_have_text("Kosten unbekannt")
    page.select_option("[name=option-resolution]", "720p")
    expect(page.locator(ORDER)).to_have_value(re.compile(r"^2 Remixe für 0,56\s\$ erstellen$"))
    settled(page)

    page.click(ORDER)
    expect(page.locator(".messagelist .success")).to_contain_text("2 Remixe wurden angefordert")
    expect(page.locator("#sora-remix-said")).to_have_text("0 von 2 fertig")
    qcluster.start()
    expect(page.locator("#sora-remix-said")).to_have_text("2 von 2 fertig")
    expect(page.locator(SUCCEEDED)).to_have_count(2)

    page.locator(SUCCEEDED).first.locator("a").click()
    assert page.locator("video.sora-remix-player").evaluate(PLAYS) >= 2
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert {remix.estimated_cost for remix in Remix.objects.all()} == {Decimal("0.28")}


def test_part_of_a_phone_recording_is_uploaded_chosen_fitted_and_remixed(
    sandbox: SandboxProcess, qcluster: Qcluster, page: Page, tmp_path: Path
) -> None:
    recording = tmp_path / "IMG_0001.MOV"
    recording.write_bytes(phone_recording())
    qcluster.start()
    page.goto(VIDEOS)
    page.set_input_files("#sora-remix-files", recording)
    page.click(".sora-remix-uploaded button")
    choose(page, "flux-3")
    video = Video.objects.get()
    unfold(page, "#sora-remix-left-out")  # it is too long as a whole
    page.click(f"#sora-remix-part-{video.pk} summary")
    page.fill(f"#id_start-{video.pk}", "0:12")
    page.fill(f"#id_end-{video.pk}", "0:20")
    page.fill("[name=prompt]", "make it noir")
    expect(page.locator(TOTAL)).to_have_text("$0.24")
    settled(page)

    page.click(ORDER)

    expect(page.locator(SUCCEEDED)).to_have_count(1)
    clip = Remix.objects.get().clip
    assert clip
    assert (clip.duration, clip.video_codec) == (Decimal(8), "h264")
    assert len(sandbox.accepted()) == 1


def test_two_videos_are_remixed_without_scripts(
    sandbox: SandboxProcess, qcluster: Qcluster, uploads: list[Video], pages: Pages
) -> None:
    qcluster.start()
    page, _ = pages.open(java_script_enabled=False)
    page.goto(VIDEOS)
    for box in page.locator("[name=_selected_action]").all():
        box.check()
    page.select_option("select[name=action]", "remix_selected")
    page.click("button[name=index]")
    page.wait_for_selector("#confirm-form")
    unfold(page, "#sora-remix-more-models")
    page.check("[name=endpoint][value=grok]")
    with page.expect_navigation():
        page.click("[name=_recalculate]")
    unfold(page, "#sora-remix-options")
    page.select_option("[name=option-resolution]", "720p")
    page.click("[name=_recalculate]")
    expect(page.locator(TOTAL)).to_have_text("$0.56")

    page.fill("[name=prompt]", "make it noir")
    page.click(ORDER)
    expect(page.locator(CELLS)).to_have_count(2)
    wait_until(_over)

    page.reload()
    expect(page.locator(SUCCEEDED)).to_have_count(2)
    assert len(sandbox.accepted()) == 2


def test_back_and_reload_after_confirming_request_nothing_twice(page: Page) -> None:
    batch = _open_draft(page)
    page.click(ORDER)
    page.wait_for_url(f"**{BATCHES}*/change/")

    page.reload()
    page.go_back()
    expect(page.locator(".messagelist .info")).to_contain_text("already confirmed")
    page.reload()

    assert Remix.objects.filter(batch=batch).count() == Remix.objects.count() == 2


def test_draft_open_in_two_tabs_is_confirmed_once(page: Page) -> None:
    batch = _open_draft(page)
    other = page.context.new_page()
    other.goto(page_of(batch))
    other.fill("[name=prompt]", "make it gold")

    for one in (page, other):
        one.click(ORDER)
        one.wait_for_url(f"**{BATCHES}*/change/")

    expect(other.locator(".messagelist .info")).to_contain_text("already confirmed")
    assert [remix.prompt for remix in Remix.objects.filter(batch=batch)] == ["make it noir"] * 2


def test_double_click_confirms_once(page: Page) -> None:
    batch = _open_draft(page)

    page.dblclick(ORDER)
    # The second click aborts the navigation of the first, which `wait_for_url` takes for an error.
    expect(page).to_have_url(re.compile(rf"{BATCHES}\d+/change/$"))

    expect(page.locator(CELLS)).to_have_count(2)
    assert Remix.objects.filter(batch=batch).count() == 2
