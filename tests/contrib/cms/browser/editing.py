"""What an editor does on a page in django CMS."""

from __future__ import annotations

from typing import Any

from cms.toolbar.utils import get_object_edit_url
from playwright.sync_api import FrameLocator, Page, expect

from sora_remix.models import Video

FORM = ".cms-modal-frame iframe"
ADMIN = ".cms-sideframe-frame iframe"
CLOSE_ADMINISTRATION = ".cms-sideframe-close"
SAVE = ".cms-modal-buttons .cms-btn-action"
ADD = ".cms-structure .cms-submenu-add"


def edit(page: Page, content: Any) -> None:
    """Open a page in edit mode."""
    page.goto(get_object_edit_url(content))


def add_plugin(page: Page) -> FrameLocator:
    """Add the only plugin of the site, and return its form."""
    page.get_by_title("Toggle structure").click()
    page.locator(ADD).first.click()
    return page.frame_locator(FORM)


def open_chooser(form: FrameLocator, term: str = "") -> None:
    """Open the field for the video, and search."""
    form.locator(".field-video .select2-selection").click()
    form.locator(".select2-search__field").fill(term)


def choose(form: FrameLocator, video: Video) -> None:
    """Choose a video by its picture, once no line about the search moves the pictures."""
    expect(form.locator(".select2-results__option.loading-results")).to_have_count(0)
    form.locator(f".select2-results__option:has(img[src='{video.thumbnail.url}'])").click()


def open_administration(page: Page, name: str) -> FrameLocator:
    """Open the Django admin beside the page, from the toolbar's menu with the site's name."""
    page.locator(".cms-toolbar-item-navigation").get_by_text(name, exact=True).first.click()
    page.get_by_text("Administration...").click()
    return page.frame_locator(ADMIN)
