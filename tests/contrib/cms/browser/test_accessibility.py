"""Axe finds no fault in what the app adds to pages of django CMS, at any width and colour."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from cms.toolbar.utils import get_object_edit_url
from playwright.sync_api import Page, expect

from sora_remix.models import Approval
from tests.approved_videos import show
from tests.browser.accessibility import ALL, look_at
from tests.contrib.cms.browser.editing import edit
from tests.sites.cms.content import place, publish
from tests.users import User

HINT = ".sora-remix-hint"


def _faults(page: Page, within: str) -> str:
    faults = []
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            found = look_at(page, ALL, within).faults
            faults += [f"{width} {scheme}: {one}" for one in found]
    return "\n\n".join(faults)


@pytest.mark.parametrize("approval", [Approval.APPROVED, Approval.REJECTED])
def test_form_of_the_plugin(page: Page, home: Any, approval: Approval) -> None:
    plugin = place(home, show(approval=approval))
    query = urlencode({"cms_path": get_object_edit_url(home)})
    page.goto(f"/admin/cms/placeholder/edit-plugin/{plugin.pk}/?{query}")
    expect(page.locator(".sora-remix-chosen img")).to_be_visible()

    assert not _faults(page, "#videoplugin_form fieldset")


def test_hint_in_edit_mode(page: Page, home: Any) -> None:
    place(home, show(approval=Approval.REJECTED))
    edit(page, home)
    expect(page.locator(HINT)).to_be_visible()

    assert not _faults(page, HINT)


def test_page_of_visitors(page: Page, home: Any, editor: User) -> None:
    place(home, show(), autoplay=True)
    publish(home, editor)
    page.context.clear_cookies()
    page.goto("/")

    assert not _faults(page, "html")
