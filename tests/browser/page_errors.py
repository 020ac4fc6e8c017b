"""Errors that a browser reports while a page is open."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Error

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
    console.error(`securitypolicyviolation: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


class PageErrors:
    """Collects the errors of all pages of a context: scripts, console, and the site's policy."""

    def __init__(self, context: BrowserContext) -> None:
        self._heard: list[str] = []
        self._expected = [r"/favicon\.ico/?\)$"]  # the browser asks for it unbidden
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._hear)
        context.on("weberror", lambda failure: self._note(failure.error))

    def expect(self, pattern: str) -> None:
        """Ignore errors that match this pattern."""
        self._expected.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        """Return the errors that no pattern matches."""
        return [one for one in self._heard if not any(re.search(p, one) for p in self._expected)]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._heard.append(f"{message.text} ({message.location.get('url')})")

    def _note(self, error: Error) -> None:
        self._heard.append(str(error))
