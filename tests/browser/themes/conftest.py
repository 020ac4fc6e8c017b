"""Sites with a theme, each in a process of its own, and pages on them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django import Settings

from tests.browser.page_errors import PageErrors
from tests.browser.pages import Pages
from tests.browser.themes.site import ThemedSite

THEMES = ("unfold", "jazzmin", "grappelli")
FILES_OF_UNFOLD = r"^Cannot read properties of null \(reading 'setAttribute'\)$"
"""Its script looks for the text beside each file input, which only its own inputs have."""


@pytest.fixture(scope="session", params=THEMES)
def themed_site(
    request: pytest.FixtureRequest, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ThemedSite]:
    """The site with each theme in turn."""
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    site = ThemedSite(request.param, tmp_path_factory.mktemp(request.param))
    site.start()
    yield site
    site.stop()


@pytest.fixture
def media_root(themed_site: ThemedSite, settings: Settings) -> Path:
    """The storage of the site."""
    settings.MEDIA_ROOT = str(themed_site.media_root)
    return themed_site.media_root


@pytest.fixture
def pages(
    browser: Browser,
    themed_site: ThemedSite,
    transactional_db: None,
    media_root: Path,
    admin_user: User,
    tmp_path: Path,
) -> Iterator[Pages]:
    """Pages of a logged-in editor on a site with an empty database."""
    client = Client()
    client.force_login(admin_user)
    pages = Pages(browser, themed_site.url, client.cookies["sessionid"].value)
    yield pages
    unexpected = pages.unexpected
    pages.close()
    print(themed_site.log)
    assert not unexpected


@pytest.fixture
def watched(pages: Pages) -> tuple[Page, PageErrors]:
    """An empty page, and the errors on it."""
    page, page_errors = pages.open()
    page_errors.expect(FILES_OF_UNFOLD)
    return page, page_errors
