"""A real browser on the Wagtail site. Wagtail's own pages have inline scripts, so no policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import browser, pytest_runtest_makereport
from tests.browser.page_errors import PageErrors
from tests.browser.pages import Pages

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["browser", "pytest_runtest_makereport"]


@pytest.fixture(scope="session")
def running_site(django_db_setup: None) -> Iterator[LiveServer]:
    """The site, for all tests."""
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def site(running_site: LiveServer, transactional_db: None, media_root: Path) -> LiveServer:
    """The site with an empty database and an empty storage."""
    return running_site


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
def pages(browser: Browser, site: LiveServer, editor: User, tmp_path: Path) -> Iterator[Pages]:
    """Pages of the editor; an unexpected error of the browser fails the test."""
    client = Client()
    client.force_login(editor)
    pages = Pages(browser, site.url, client.cookies["sessionid"].value)
    yield pages
    unexpected = pages.unexpected
    pictures = pages.picture(tmp_path) if unexpected else []
    pages.close()
    assert not unexpected, pictures


@pytest.fixture
def watched(pages: Pages) -> tuple[Page, PageErrors]:
    """An empty page, and the errors on it."""
    return pages.open()


@pytest.fixture
def page(watched: tuple[Page, PageErrors]) -> Page:
    """An empty page."""
    return watched[0]
