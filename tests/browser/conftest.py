"""A real browser, and a site whose policy forbids everything inline."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.browser import policy
from tests.browser.watching import Complaints

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SECONDS = 15
"""How long anything may take to appear."""
MISSING = "Chromium is not installed: apt-get install chromium"

OpenPage = Callable[..., Page]


def _chromium() -> str:
    path = shutil.which("chromium")
    if path is None and os.environ.get("TEST_BROWSER") == "required":
        pytest.fail(MISSING)
    if path is None:
        pytest.skip(MISSING)
    return path


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, for as long as tests of this package follow each other.

    Playwright keeps an event loop running in this thread. Django takes that for async code and
    refuses its ORM, and `asyncio.run` of other tests would fail: so it ends with the package.
    """
    path = _chromium()
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running_site(django_db_setup: None) -> Iterator[LiveServer]:
    """The site of the tests, with the policy on every response."""
    from django.conf import settings

    with override_settings(MIDDLEWARE=[policy.MIDDLEWARE, *settings.MIDDLEWARE]):
        server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def site(
    running_site: LiveServer, transactional_db: None, media_root: Path, settings: Settings
) -> LiveServer:
    """The site with an empty database and an empty storage."""
    settings.SECURE_CSP = policy.POLICY
    return running_site


@pytest.fixture
def open_page(
    browser: Browser, site: LiveServer, admin_user: User, tmp_path: Path
) -> Iterator[OpenPage]:
    """Open a page of a logged-in editor, in a context of its own; watch for complaints."""
    client = Client()
    client.force_login(admin_user)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.url}
    opened: list[tuple[Page, Complaints]] = []

    def start(**options: Any) -> Page:
        context = browser.new_context(base_url=site.url, reduced_motion="reduce", **options)
        context.set_default_timeout(SECONDS * 1000)
        context.add_cookies([session])  # type: ignore[list-item]
        complaints = Complaints(context)
        page = context.new_page()
        opened.append((page, complaints))
        return page

    start.opened = opened  # type: ignore[attr-defined]
    yield start
    unexpected = [one for _, complaints in opened for one in complaints.unexpected]
    for page, _ in opened:
        page.context.close()
    assert not unexpected


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """An empty page of a logged-in editor."""
    return open_page()


@pytest.fixture
def complaints(open_page: Any, page: Page) -> Complaints:
    """What the browser has complained about on the page."""
    found: Complaints = open_page.opened[0][1]
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of every page that was open when a test failed."""
    report = yield
    funcargs: dict[str, Any] = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and "open_page" in funcargs:
        for number, (page, _) in enumerate(funcargs["open_page"].opened):
            path = funcargs["tmp_path"] / f"page-{number}.png"
            page.screenshot(path=path, full_page=True)
            report.sections.append(("Screenshot", f"{page.url}\n{path}"))
    return report
