"""Our pages are accessible."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page

from tests.browser.accessibility import EXCUSED, faults_everywhere, look_at
from tests.browser.page_states import PAGE_STATES


@pytest.mark.parametrize("name", PAGE_STATES)
def test_axe_finds_no_fault_and_no_page_is_wider_than_a_phone(page: Page, name: str) -> None:
    PAGE_STATES[name](page)

    faults = faults_everywhere(page)

    assert not faults, "\n\n".join(faults)
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_excused_faults_are_found_on_pages_of_django(page: Page) -> None:
    user = User.objects.create_user("somebody-with-a-name-as-long-as-it-takes")
    group = Group.objects.create(name="all")
    found = set()

    for path in (f"user/{user.pk}/change/", "user/?q=somebody", f"group/{group.pk}/delete/"):
        page.goto(f"/admin/auth/{path}")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            found |= look_at(page).excused

    assert found == EXCUSED.keys()


def test_fault_on_our_page_is_found(page: Page) -> None:
    PAGE_STATES["list_of_remixes"](page)
    page.evaluate("document.querySelector('img.sora-remix-thumbnail').removeAttribute('alt')")

    faults = look_at(page).faults

    assert [fault.partition(":")[0] for fault in faults] == ["image-alt", "link-name"]
