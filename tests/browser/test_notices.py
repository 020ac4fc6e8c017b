"""An open page shows what stops its remixes as soon as it happens."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from sora_remix.models import Remix
from tests.browser.page_states import REMIXES
from tests.factories import ago, make_remix

AREA = "#sora-remix-notice-area"
SILENT = "No worker has been active"


@pytest.fixture
def remix(site: object) -> Remix:
    """A remix that waits for a worker."""
    return make_remix()


def _due(remix: Remix, **length: float) -> None:
    Remix.objects.filter(pk=remix.pk).update(due_at=ago(**length))


def test_notice_appears_and_disappears_while_a_page_is_open(page: Page, remix: Remix) -> None:
    page.goto(REMIXES)
    expect(page.locator(AREA)).not_to_contain_text(SILENT)

    _due(remix, minutes=3)
    expect(page.locator(AREA)).to_contain_text(SILENT)

    _due(remix, minutes=0)
    expect(page.locator(AREA)).not_to_contain_text(SILENT)


def test_unchanged_notice_is_announced_once(page: Page, remix: Remix) -> None:
    _due(remix, minutes=3)
    page.goto(REMIXES)
    said = page.locator(f"{AREA} p").first
    said.evaluate("(node) => { node.dataset.said = 'once'; }")

    for status in ("submitting", "processing"):
        with page.expect_response("**/progress/**"):
            Remix.objects.filter(pk=remix.pk).update(status=status)
        expect(page.locator(f"[data-status={status}]")).to_have_count(1)

    expect(said).to_contain_text(SILENT)
    expect(said).to_have_attribute("data-said", "once")
