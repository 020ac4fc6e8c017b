"""A real browser on the Wagtail site. Wagtail's own pages have inline scripts, so no policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.fixtures import (
    browser,
    page,
    pages,
    pytest_runtest_makereport,
    running_site,
    site,
)
from tests.browser.page_errors import PageErrors
from tests.browser.pages import Pages

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = [
    "browser",
    "page",
    "pages",
    "pytest_runtest_makereport",
    "running_site",
    "site",
]
SAVED_TOO_EARLY = r"status of 400 \(Bad Request\) \([^)]*/cms/pages/"
"""Wagtail saves pages by itself, also while a block has no video yet, which it then refuses."""


@pytest.fixture
def home(site: LiveServer) -> Any:
    """The first page of the site, made before its people."""
    from tests.sites.wagtail.content import make_home

    return make_home()


@pytest.fixture
def editor(home: Any) -> User:
    """An editor with the permissions of the docs, who may publish pages."""
    from tests.sites.wagtail.people import make_editor

    return make_editor()


@pytest.fixture
def watched(pages: Pages) -> tuple[Page, PageErrors]:
    """An empty page, and the errors on it."""
    page, page_errors = pages.open()
    page_errors.expect(SAVED_TOO_EARLY)
    return page, page_errors
