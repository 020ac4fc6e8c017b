"""Pages of a logged-in editor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.page_errors import PageErrors

SECONDS = 90
"""How long anything may take to appear."""


class Pages:
    """Opens pages of one editor, each in a context of its own, and watches them."""

    def __init__(self, browser: Browser, url: str, session: str) -> None:
        self._browser, self._url, self._session = browser, url, session
        self._opened: list[tuple[Page, PageErrors]] = []

    def open(self, **options: Any) -> tuple[Page, PageErrors]:
        """Open an empty page, with options of Playwright's for its context."""
        context = self._browser.new_context(base_url=self._url, reduced_motion="reduce", **options)
        context.set_default_timeout(SECONDS * 1000)
        context.add_cookies([{"name": "sessionid", "value": self._session, "url": self._url}])
        page_errors = PageErrors(context)
        page = context.new_page()
        self._opened.append((page, page_errors))
        return page, page_errors

    @property
    def unexpected(self) -> list[str]:
        """Return the unexpected errors of the browser."""
        return [one for _, page_errors in self._opened for one in page_errors.unexpected]

    def close(self) -> None:
        """Close all pages."""
        for page, _ in self._opened:
            page.context.close()

    def picture(self, folder: Path) -> list[str]:
        """Save a screenshot of each page; return a line with its path for each."""
        lines = []
        for number, (page, _) in enumerate(self._opened):
            path = folder / f"page-{number}.png"
            page.screenshot(path=path, full_page=True)
            lines.append(f"{path} of {page.url}")
        return lines
