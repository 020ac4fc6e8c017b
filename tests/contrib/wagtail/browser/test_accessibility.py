"""Axe finds no fault in what the app adds to Wagtail's pages, wide and narrow, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from sora_remix.models import Approval, Remix, Video
from tests.approved_videos import show
from tests.browser.accessibility import ALL, look_at
from tests.checkout import make_clip
from tests.factories import make_remix
from tests.sites.wagtail.content import make_story
from tests.sites.wagtail.media import make_collection, make_medium

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LIST = "/cms/sora-remix/videos/"
WINDOW = ".modal-body"
FIELD = "#id_video-chooser"


def _faults(page: Page, within: str) -> str:
    faults = []
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            found = look_at(page, ALL, within).faults
            faults += [f"{width} {scheme}: {one}" for one in found]
    return "\n\n".join(faults)


def _several() -> list[Video]:
    remixed = show(title="Low tide")
    make_remix(source=remixed, status=Remix.Status.PROCESSING)
    make_remix(source=remixed, status=Remix.Status.SUCCEEDED, result=show(title="Noir tide"))
    return [remixed, make_clip(title="High tide"), show(title="Neap", approval=Approval.REJECTED)]


def test_list_of_videos(page: Page, home: Any) -> None:
    _several()
    page.goto(LIST)

    assert not _faults(page, "#listing-results")


def test_page_of_a_video(page: Page, home: Any) -> None:
    remixed, *_ = _several()
    page.goto(f"{LIST}{remixed.pk}/")

    assert not _faults(page, ".sora-remix-page")


def test_window_that_chooses_a_video(page: Page, home: Any) -> None:
    _several()
    page.goto(f"/cms/pages/add/wagtail_site/storypage/{home.pk}/")
    page.locator(f"{FIELD} .unchosen button").click()
    expect(page.locator(f"{WINDOW} .sora-remix-videos li")).to_have_count(2)

    assert not _faults(page, ".sora-remix-videos")
    page.get_by_role("tab", name="Upload").click()
    assert not _faults(page, "[data-chooser-modal-creation-form]")


def test_import_from_wagtailmedia(page: Page, editor: User) -> None:
    pytest.importorskip("wagtailmedia")
    desk = make_collection(editor)
    for title in ("Low tide", "High tide"):
        make_medium(desk, title)
    page.goto(f"{LIST}import/")
    page.get_by_label("High tide").check()

    assert not _faults(page, "#listing-results")


def test_field_with_a_hidden_video(page: Page, home: Any) -> None:
    story = make_story(home, video=show(approval=Approval.REJECTED))
    page.goto(f"/cms/pages/{story.pk}/edit/")
    expect(page.locator(f"{FIELD} [data-chooser-warning]")).to_be_visible()

    assert not _faults(page, FIELD)
