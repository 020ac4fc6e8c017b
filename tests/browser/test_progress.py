"""An open page keeps the progress of its remixes up to date."""

from __future__ import annotations

from playwright.sync_api import Page, Response, expect

from sora_remix.models import Remix
from tests.browser.page_states import REMIXES
from tests.factories import make_remix

Status = Remix.Status
PROGRESS = "**/progress/**"


def _ask(page: Page) -> Response:
    """Return the next response about the progress."""
    with page.expect_response(PROGRESS) as waiting:
        pass
    return waiting.value


def test_unchanged_progress_is_not_loaded_again(page: Page, site: object) -> None:
    remix = make_remix(status=Status.PROCESSING)
    with page.expect_response(PROGRESS) as waiting:
        page.goto(REMIXES)

    first, second = waiting.value, _ask(page)
    Remix.objects.filter(pk=remix.pk).update(queue_position=4)
    expect(page.locator(".sora-remix-far")).to_contain_text("Place 5 in fal's queue")

    assert "if-none-match" not in first.request.all_headers()
    assert second.request.all_headers()["if-none-match"] == first.headers["etag"]


def test_a_state_and_a_log_are_shown_when_they_change(page: Page, site: object) -> None:
    remix = make_remix()
    page.goto(REMIXES)

    for status, log in ((Status.PROCESSING, ["loading", "step 1"]), (Status.STORING, [])):
        Remix.objects.filter(pk=remix.pk).update(status=status, progress_log=log)
        expect(page.locator(".sora-remix-status")).to_have_text(str(status.label))
        expect(page.locator(".sora-remix-log bdi")).to_have_text(log)
    Remix.objects.filter(pk=remix.pk).update(status=Status.CANCELLED)

    expect(page.locator("#sora-remix-said")).to_have_text("cancelled")
