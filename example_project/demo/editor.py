"""Use the admin like an editor, page by page."""

import re
from collections.abc import Sequence
from decimal import Decimal
from html.parser import HTMLParser

from django.contrib.admin import site
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils.html import escape

from sora_remix.admin.links import Links
from sora_remix.models import Video

from .browser import Browser

GRID = re.compile(r"/remixbatch/\d+/change/$")
CONFIRM = re.compile(r"/remixbatch/(\d+)/confirm/$")


class Editor:
    """Someone who is logged in to the admin."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def log_in(self, username: str, password: str) -> None:
        """Log in. Raise CommandError if the site refuses."""
        self._browser.open(reverse("admin:login"))
        self._browser.submit("username", {"username": username, "password": password})
        if self._browser.url.path == reverse("admin:login"):
            raise CommandError(f"The site refused to log {username} in.")

    def select(self, videos: Sequence[Video]) -> int:
        """Tick the videos, run the action, and return the number of the draft."""
        self._browser.open(reverse("admin:sora_remix_video_changelist"))
        ticked = [str(video.pk) for video in videos]
        self._browser.submit(
            "_selected_action", {"action": "remix_selected", "_selected_action": ticked}
        )
        found = CONFIRM.search(self._browser.url.path)
        if not found:
            raise CommandError(
                f"The page to confirm did not open: {self._browser.url} {self._errors()}"
            )
        return int(found[1])

    def choose(self, endpoint: str) -> None:
        """Choose an endpoint. Raise CommandError unless the page offers it."""
        self._browser.submit("endpoint", {"endpoint": endpoint, "_recalculate": "1"})
        if self._errors():
            raise CommandError(f"The page does not offer {endpoint}. {self._errors()}")

    def check_cost(self, cost: Decimal) -> None:
        """Raise CommandError unless the current page shows this cost."""
        if f"{cost:.2f}" not in self._browser.text:
            raise CommandError(f"The page to confirm does not show the cost, ${cost:.2f}.")

    def confirm(self, prompt: str) -> None:
        """Confirm with this prompt. Raise CommandError unless the grid of the batch opens."""
        self._browser.submit("prompt", {"prompt": prompt})
        if not GRID.search(self._browser.url.path):
            raise CommandError(f"The prompt was not accepted. {self._errors()}")

    def approve(self, video: Video) -> None:
        """Approve a video. Raise CommandError unless the site then shows it."""
        self._browser.open(Links(site).review_url(video=video.pk))
        self._browser.submit("decision", {"decision": "approve"})
        self._browser.open(reverse("home"))
        if escape(video.title) not in self._browser.text:
            raise CommandError(f"The site does not show “{video}”.")

    def _errors(self) -> str:
        reader = ErrorReader()
        reader.feed(self._browser.text)
        return " ".join(reader.errors)


class ErrorReader(HTMLParser):
    """Collects the admin's error messages."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if self._depth or {"errorlist", "errornote", "error"} & set(classes):
            self._depth += tag not in ("br", "img", "input")

    def handle_endtag(self, tag: str) -> None:
        self._depth -= bool(self._depth)

    def handle_data(self, data: str) -> None:
        if self._depth and data.strip():
            self.errors.append(data.strip())
