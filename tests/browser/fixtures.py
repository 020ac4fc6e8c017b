"""Fixtures of tests in a real browser. A conftest imports them, and names its `editor`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.page_errors import PageErrors
from tests.browser.pages import SECONDS, Pages

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = [
    "browser",
    "page",
    "page_errors",
    "pages",
    "pytest_runtest_makereport",
    "running_site",
    "site",
    "watched",
]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "Chromium is not installed: apt-get install chromium"


def _chromium() -> str:
    path = shutil.which("chromium")
    if path is None and os.environ.get("TEST_BROWSER") == "required":
        pytest.fail(MISSING)
    if path is None:
        pytest.skip(MISSING)
    return path


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, for as long as tests of a package follow each other.

    Playwright keeps an event loop running in this thread. Django takes that for async code and
    refuses its ORM, and `asyncio.run` of other tests would fail: so it ends with the package.
    """
    path = _chromium()
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=SECONDS * 1000)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running_site(django_db_setup: None) -> Iterator[LiveServer]:
    """The site of the tests, for all of them."""
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def site(running_site: LiveServer, transactional_db: None, media_root: Path) -> LiveServer:
    """The site with an empty database and an empty storage."""
    return running_site


@pytest.fixture
def pages(browser: Browser, site: LiveServer, editor: User, tmp_path: Path) -> Iterator[Pages]:
    """Pages of the logged-in editor; an unexpected error of the browser fails the test."""
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


@pytest.fixture
def page_errors(watched: tuple[Page, PageErrors]) -> PageErrors:
    """Errors that the browser reports on the page."""
    return watched[1]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of every page that was open when a test failed."""
    report = yield
    funcargs: dict[str, Any] = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and "pages" in funcargs:
        lines = funcargs["pages"].picture(funcargs["tmp_path"])
        report.sections.append(("Screenshots", "\n".join(lines)))
    return report
