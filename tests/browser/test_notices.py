"""An open page shows what stops its remixes as soon as it happens."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Response, expect

from sora_remix.admin.notices import views
from sora_remix.models import Chain, Remix
from tests.browser.accessibility import faults_everywhere
from tests.browser.page_errors import PageErrors
from tests.browser.page_states import REMIXES, VIDEOS
from tests.factories import ago, make_remix

AREA = "#sora-remix-notice-area"
SAID = "#sora-remix-notice-said"
NOTICES = "**/notices/**"
SILENT = "No worker has been active"
MINUTE = 60_000


@pytest.fixture
def remix(site: object) -> Remix:
    """A remix that waits for a worker."""
    return make_remix()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages ask for their notices each second."""
    monkeypatch.setattr(views, "ASK_SECONDS", 1)


def _due(remix: Remix, **length: float) -> None:
    Remix.objects.filter(pk=remix.pk).update(due_at=ago(**length))


def _pause() -> None:
    Chain.objects.hold_back(ago(minutes=-30), "429")


def _ask(page: Page) -> Response:
    """Return the next answer about the notices."""
    with page.expect_response(NOTICES) as waiting:
        pass
    return waiting.value


def _ask_until(page: Page, status: int) -> Response:
    """Return the next answer with this status: another one may already be on its way."""
    with page.expect_response(
        lambda answer: "/notices/" in answer.url and answer.status == status
    ) as waiting:
        pass
    return waiting.value


def test_notice_appears_within_a_minute_and_disappears(page: Page, remix: Remix) -> None:
    page.clock.install()
    page.goto(VIDEOS)
    expect(page.locator(AREA)).to_have_text("")

    _due(remix, minutes=3)
    page.clock.fast_forward(MINUTE)
    expect(page.locator(AREA)).to_contain_text(SILENT)
    expect(page.locator(SAID)).to_contain_text(SILENT)

    _due(remix, minutes=0)
    page.clock.fast_forward(MINUTE)
    expect(page.locator(AREA)).to_have_text("")
    expect(page.locator(SAID)).to_have_text("")


def test_notice_appears_with_the_progress_of_a_remix(page: Page, remix: Remix) -> None:
    page.goto(REMIXES)
    expect(page.locator(AREA)).not_to_contain_text(SILENT)

    _due(remix, minutes=3)
    expect(page.locator(AREA)).to_contain_text(SILENT)

    _due(remix, minutes=0)
    expect(page.locator(AREA)).not_to_contain_text(SILENT)


def test_unchanged_notice_stays_and_is_announced_once(
    page: Page, remix: Remix, often: None
) -> None:
    page.goto(VIDEOS)
    _due(remix, minutes=3)
    shown = page.locator(f"{AREA} p").first
    expect(shown).to_contain_text(SILENT)
    shown.evaluate("(node) => { node.dataset.kept = 'yes'; }")

    assert _ask(page).status == 304
    _pause()
    expect(page.locator(f"{AREA} form")).to_have_count(1)

    expect(page.locator(SAID)).to_contain_text("Sending to fal is paused")
    expect(page.locator(SAID)).not_to_contain_text(SILENT)


def test_notice_that_did_not_change_is_not_replaced(page: Page, remix: Remix, often: None) -> None:
    _due(remix, minutes=3)
    page.goto(VIDEOS)
    shown = page.locator(f"{AREA} p").first
    shown.evaluate("(node) => { node.dataset.kept = 'yes'; }")

    for _number in range(2):
        assert _ask(page).status == 304

    expect(shown).to_have_attribute("data-kept", "yes")
    expect(page.locator(SAID)).to_have_text("")


def test_focus_stays_on_the_button_of_a_notice(page: Page, remix: Remix, often: None) -> None:
    _pause()
    page.goto(VIDEOS)
    button = page.locator(f"{AREA} button")
    button.focus()

    _due(remix, minutes=3)
    expect(page.locator(AREA)).to_contain_text(SILENT)
    expect(button).to_be_focused()

    assert Chain.objects.lift()
    expect(button).to_have_count(0)
    expect(page.locator(AREA)).to_be_focused()


def test_button_of_a_notice_that_appeared_works(page: Page, site: object, often: None) -> None:
    page.goto(VIDEOS)
    _pause()

    page.click(f"{AREA} button")

    expect(page.locator(".messagelist")).to_contain_text("Sending to fal was resumed.")


def test_refused_account_is_shown_on_an_open_page_until_fal_accepts_a_remix(
    page: Page, remix: Remix, often: None
) -> None:
    page.goto(REMIXES)
    expect(page.locator(AREA)).to_have_text("")

    Chain.objects.hold_account("account_locked", "HTTP 403: User is locked", "digest")
    expect(page.locator(AREA)).to_contain_text("fal has locked the site's account")
    expect(page.locator(AREA)).to_contain_text("nothing is charged")
    expect(page.locator(SAID)).to_contain_text("fal has locked the site's account")
    assert faults_everywhere(page) == []

    assert Chain.objects.end_hold()
    expect(page.locator(AREA)).to_have_text("")
    expect(page.locator(SAID)).to_have_text("")


def test_button_of_a_refused_account_has_a_remix_tried(page: Page, remix: Remix) -> None:
    Chain.objects.hold_account("key_refused", "HTTP 401", "digest")
    page.goto(REMIXES)

    page.click(f"{AREA} button:has-text('Try now')")

    expect(page.locator(".messagelist")).to_contain_text("One remix is sent to fal now.")
    hold = Chain.objects.hold()
    assert hold
    assert hold.next_try is None


def test_page_that_becomes_visible_asks_at_once(page: Page, remix: Remix) -> None:
    page.clock.install()
    page.goto(VIDEOS)
    _due(remix, minutes=3)

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(1)

    expect(page.locator(AREA)).to_contain_text(SILENT)


def test_page_stops_asking_once_logged_out(page: Page, site: object, often: None) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(VIDEOS)
    page.context.clear_cookies()
    _ask_until(page, 302)
    page.clock.install()
    asked.clear()

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(MINUTE)

    assert not asked


def test_page_asks_less_often_after_errors_and_recovers(
    page: Page, page_errors: PageErrors, remix: Remix, often: None
) -> None:
    page_errors.expect("Failed to load resource")
    page.goto(VIDEOS)
    _due(remix, minutes=3)
    page.route(NOTICES, lambda route: route.fulfill(status=503))
    failed = [_ask_until(page, 503).request.timing["startTime"] for _number in range(3)]

    page.unroute(NOTICES)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    # A busy computer lengthens pauses, but never shortens them: of two and of four seconds here.
    assert failed[1] - failed[0] > 1_500
    assert failed[2] - failed[1] > 3_000
    expect(page.locator(AREA)).to_contain_text(SILENT)
