"""What editors do most works under unfold as it does under Django's own pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from sora_remix.models import RemixBatch, Video
from tests.browser.keyboard import tab_to
from tests.browser.page_states import VIDEOS
from tests.browser.test_checkout import (
    test_two_videos_are_remixed_with_their_titles_in_the_prompt,
    test_video_is_remixed_from_its_page_with_two_clicks_and_a_prompt,
)
from tests.browser.test_gallery import BOX, clips
from tests.browser.test_notices import (
    remix,
    test_notice_appears_within_a_minute_and_disappears,
)
from tests.browser.test_upload import (
    test_three_files_are_dropped_and_a_broken_one_keeps_none_of_the_others_back,
)
from tests.browser.themes.site import ThemedSite

__all__ = [
    "clips",
    "remix",
    "test_notice_appears_within_a_minute_and_disappears",
    "test_three_files_are_dropped_and_a_broken_one_keeps_none_of_the_others_back",
    "test_two_videos_are_remixed_with_their_titles_in_the_prompt",
    "test_video_is_remixed_from_its_page_with_two_clicks_and_a_prompt",
]
pytestmark = pytest.mark.parametrize("themed_site", ["unfold"], indirect=True, scope="session")


@pytest.fixture
def site(themed_site: ThemedSite, transactional_db: None, media_root: Path) -> ThemedSite:
    """The site with the theme and an empty database."""
    return themed_site


def test_two_cards_are_remixed_by_keyboard(page: Page, clips: list[Video]) -> None:
    """Its menu of actions shows once something is selected."""
    page.goto(VIDEOS)

    for video in (clips[2], clips[0]):
        tab_to(page, f"{BOX}[value='{video.pk}']")
        page.keyboard.press("Space")
    tab_to(page, "select[name=action]")
    page.keyboard.type("Remix")
    tab_to(page, "button[name=index]")
    page.keyboard.press("Enter")

    page.wait_for_selector("#confirm-form")
    assert set(RemixBatch.objects.get().videos.all()) == {clips[0], clips[2]}
