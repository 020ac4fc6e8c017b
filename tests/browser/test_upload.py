"""Editors upload several videos at once, and nothing is lost when one of them fails."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import JSHandle, Locator, Page, Route, expect

from sora_remix.models import RemixBatch, Video
from tests.browser.page_errors import PageErrors
from tests.browser.page_states import VIDEOS
from tests.browser.pages import Pages
from tests.checkout import retire_models_for_any_length
from tests.decoding.recordings import record
from tests.factories import make_video

UPLOAD = "**/video/upload/"
LINES = ".sora-remix-uploads > li"
CHOOSE = "#sora-remix-files"
NOT_A_VIDEO = "This is not a readable video. Upload an MP4, MOV or WebM."
ONCE = "{ capture: true, once: true }"
LOST = "The connection was lost. Send it again."

# What a browser hands to a page when files are dropped on it.
DROPPED = """(files) => {
    const dropped = new DataTransfer();
    for (const { name, content } of files) {
        const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
        dropped.items.add(new File([bytes], name, { lastModified: 1 }));
    }
    return dropped;
}"""


def _drop(page: Page, on: str = "#changelist", **files: bytes) -> None:
    """Drop files, named by their keys with “.mp4”, on a part of the page."""
    given = [
        {"name": f"{name}.mp4", "content": b64encode(content).decode()}
        for name, content in files.items()
    ]
    dropped: JSHandle = page.evaluate_handle(DROPPED, given)
    page.dispatch_event(on, "drop", {"dataTransfer": dropped})


def _line(page: Page, name: str) -> Locator:
    return page.locator(LINES, has_text=name)


def _names_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _lose_first(page: Page, *, arrives: bool) -> None:
    """Break the connection of the first upload, before or after the server has it."""
    lost: list[Route] = []

    def lose(route: Route) -> None:
        if lost or route.request.method != "POST":
            route.continue_()
            return
        lost.append(route)
        if arrives:
            route.fetch()
        route.abort()

    page.route(UPLOAD, lose)


def test_file_chosen_before_the_script_is_there_is_uploaded(page: Page, large_clip: Path) -> None:
    given = [{"name": "sea.mp4", "content": b64encode(large_clip.read_bytes()).decode()}]
    choose = f"document.querySelector('{CHOOSE}').files = ({DROPPED})({json.dumps(given)}).files"
    # The document is read by then, and no script that waits for that has run.
    page.add_init_script(f"addEventListener('readystatechange', () => {{ {choose} }}, {ONCE})")

    page.goto(VIDEOS)

    expect(page.locator(".sora-remix-uploaded button")).to_be_visible()
    assert Video.objects.count() == 1


def test_three_files_are_dropped_and_a_broken_one_keeps_none_of_the_others_back(
    page: Page, large_clip: Path, small_clip: Path
) -> None:
    page.goto(VIDEOS)

    _drop(page, sea_at_dawn=large_clip.read_bytes(), broken=b"no", night=small_clip.read_bytes())

    expect(page.locator(".sora-remix-upload [role=status]")).to_have_text(
        "2 of 3 uploaded. 1 failed."
    )
    expect(_line(page, "broken.mp4")).to_contain_text(NOT_A_VIDEO)
    expect(_line(page, "sea_at_dawn.mp4").get_by_label("Title")).to_have_value("sea at dawn")
    page.click("text=Remix these 2 videos")
    page.wait_for_selector("#confirm-form")
    batch = RemixBatch.objects.get()
    assert {video.title for video in batch.videos.all()} == {"sea at dawn", "night"}


def test_title_from_a_long_file_name_is_cut(page: Page, small_clip: Path) -> None:
    page.goto(VIDEOS)

    _drop(page, "#changelist", **{"😀" * 60 + "x" * 160: small_clip.read_bytes()})

    expect(page.locator(".sora-remix-upload [role=status]")).to_have_text("1 of 1 uploaded.")
    assert Video.objects.get().title == "😀" * 60 + "x" * 140


def test_video_that_no_model_accepts_has_a_warning_beside_it(page: Page) -> None:
    retire_models_for_any_length()
    page.goto(VIDEOS)

    _drop(page, film=record("matroska"))

    expect(_line(page, "film.mp4")).to_contain_text("It can't be remixed:")


def test_uploaded_videos_are_shown_in_the_list(page: Page, small_clip: Path) -> None:
    make_video(title="Older")
    page.goto(VIDEOS)
    page.set_input_files(CHOOSE, small_clip)

    page.click("text=Show them")

    page.wait_for_url("**?id__in=*")
    assert "Older" not in page.inner_text("#result_list")


@pytest.mark.parametrize("arrives", [True, False])
def test_file_whose_connection_was_lost_is_sent_again_and_is_one_video(
    page: Page, page_errors: PageErrors, small_clip: Path, media_root: Path, arrives: bool
) -> None:
    page_errors.expect("ERR_FAILED")
    page.goto(VIDEOS)
    _lose_first(page, arrives=arrives)
    page.set_input_files(CHOOSE, small_clip)
    expect(_line(page, "clip.mp4")).to_contain_text(LOST)

    _line(page, "clip.mp4").get_by_role("button", name="Send again clip.mp4").click()

    expect(_line(page, "clip.mp4")).to_contain_text("Uploaded")
    assert _names_in(media_root) == {*Video.objects.get().stored_files}


def test_file_that_is_dropped_twice_is_named_and_sent_once(page: Page, small_clip: Path) -> None:
    page.goto(VIDEOS)
    for _ in range(2):
        _drop(page, sea=small_clip.read_bytes())

    expect(page.locator(LINES).last).to_contain_text("This file is already in the list.")
    expect(page.locator(LINES).first).to_contain_text("Uploaded")
    assert Video.objects.count() == 1


def test_file_that_the_web_server_refuses_as_too_large_is_named(
    page: Page, page_errors: PageErrors, small_clip: Path
) -> None:
    page_errors.expect("413")
    page.route(UPLOAD, lambda route: route.fulfill(status=413, body="<h1>Too large</h1>"))
    page.goto(VIDEOS)

    page.set_input_files(CHOOSE, small_clip)

    expect(_line(page, "clip.mp4")).to_contain_text("larger than this site accepts")


def test_title_is_changed_after_the_upload(page: Page, small_clip: Path) -> None:
    page.goto(VIDEOS)
    page.set_input_files(CHOOSE, small_clip)
    expect(_line(page, "clip.mp4")).to_contain_text("Uploaded")

    with page.expect_response("**/title/"):
        page.get_by_label("Title").fill("Sea")
        page.get_by_label("Title").press("Tab")

    assert Video.objects.get().title == "Sea"


def test_file_whose_video_was_deleted_is_sent_again(
    page: Page, page_errors: PageErrors, small_clip: Path
) -> None:
    page_errors.expect("Failed to load resource")
    page.goto(VIDEOS)
    page.set_input_files(CHOOSE, small_clip)
    title = page.locator(LINES).get_by_label("Title")
    expect(page.locator(LINES)).to_contain_text("Uploaded")
    Video.objects.all().delete()
    title.fill("Night")
    title.press("Tab")

    page.locator(LINES).get_by_role("button").wait_for()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.click("text=Send again")

    assert Video.objects.get().title == "Night"


def test_title_is_changed_while_the_file_is_sent(page: Page, small_clip: Path) -> None:
    held: list[Route] = []
    page.route(UPLOAD, lambda route: held.append(route))
    page.goto(VIDEOS)
    with page.expect_request(UPLOAD):
        page.set_input_files(CHOOSE, small_clip)
    page.get_by_label("Title").fill("Sea")
    page.get_by_label("Title").press("Tab")

    with page.expect_response("**/title/"):
        held[0].continue_()

    assert Video.objects.get().title == "Sea"


def test_file_is_sent_again_after_its_user_has_logged_in_again(
    page: Page, page_errors: PageErrors, small_clip: Path, admin_user: User
) -> None:
    page_errors.expect("401")
    page.goto(VIDEOS)
    page.context.clear_cookies(name="sessionid")
    page.set_input_files(CHOOSE, small_clip)
    expect(_line(page, "clip.mp4")).to_contain_text("You were logged out. Log in in another tab")

    _log_in(page, admin_user)
    page.click("text=Send again")

    expect(_line(page, "clip.mp4")).to_contain_text("Uploaded")
    assert Video.objects.get().created_by == admin_user


def _log_in(page: Page, user: User) -> None:
    """Log in as in another tab, which changes the token of every form."""
    page.context.clear_cookies()
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": page.url}])


def test_page_is_not_left_by_mistake_while_a_file_is_sent(page: Page, small_clip: Path) -> None:
    held: list[Route] = []
    page.route(UPLOAD, lambda route: held.append(route))
    page.goto(VIDEOS)
    page.click("#header")  # a browser asks only those who have used the page
    with page.expect_request(UPLOAD):
        page.set_input_files(CHOOSE, small_clip)
    expect(_line(page, "clip.mp4")).to_contain_text("Uploading")

    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.reload())")

    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    held[0].continue_()
    expect(_line(page, "clip.mp4")).to_contain_text("Uploaded")


@pytest.mark.parametrize("on", ["#changelist", ".sora-remix-drop", "#header"])
def test_files_are_uploaded_once_wherever_they_are_dropped(
    page: Page, small_clip: Path, on: str
) -> None:
    page.goto(VIDEOS)

    _drop(page, on, sea=small_clip.read_bytes())

    expect(page.locator(LINES)).to_have_count(1)
    expect(_line(page, "sea.mp4")).to_contain_text("Uploaded")


def test_files_are_uploaded_by_keyboard(page: Page, small_clip: Path) -> None:
    page.goto(VIDEOS)
    with page.expect_file_chooser() as chosen:
        page.press(CHOOSE, "Enter")

    chosen.value.set_files(small_clip)

    expect(_line(page, "clip.mp4")).to_contain_text("Uploaded")


def test_several_files_are_uploaded_without_scripts(
    pages: Pages, small_clip: Path, tmp_path: Path
) -> None:
    page, _ = pages.open(java_script_enabled=False)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no")
    page.goto(VIDEOS)
    page.set_input_files(CHOOSE, [broken, small_clip])

    page.click(".sora-remix-drop button")

    expect(page.locator(LINES, has_text="broken.mp4")).to_contain_text(NOT_A_VIDEO)
    page.click("text=Remix this video")
    page.wait_for_selector("#confirm-form")
    assert RemixBatch.objects.get().videos.get().title == "clip"
