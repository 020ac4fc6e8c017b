"""Take the pictures of the README and the docs: `python -m example_project.demo.pictures`."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import av
from playwright.sync_api import Page, sync_playwright

from example_project.fal_sandbox.stills import encode_picture

from .children import ROOT

DOCS = ROOT / "docs"
LIST = "/admin/sora_remix/video/"
TITLES = ("Mountains at dusk", "Sea in the morning", "City at night")
PROMPTS = ("As a watercolour", "In neon light")
SIZE = (1280, 960)
SECONDS = 30
QUALITY = "80"
PLAYABLE = "[...document.querySelectorAll('video')].every((one) => one.readyState > 2)"
"""Whether each player on the page shows a picture without waiting for more of its file."""


def main() -> None:
    """Start the demo, use it as an editor does, and write a picture of each main page."""
    with _demo() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        width, height = SIZE
        page = browser.new_page(
            base_url=address, viewport={"width": width, "height": height}, color_scheme="light"
        )
        page.set_default_timeout(SECONDS * 1000)
        _log_in(page, password)
        _take_all(page)
        browser.close()


@contextmanager
def _demo() -> Iterator[tuple[str, str]]:
    """Run the demo in a new folder; yield the site's address and the password."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "manage.py"), "demo", "--port", "0"]
        environment = {**os.environ, "SORA_REMIX_DEMO_FOLDER": folder}
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield _read_access(process)
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate()


def _read_access(process: subprocess.Popen[str]) -> tuple[str, str]:
    address = ""
    for line in process.stdout or ():
        if found := re.match(r"Open (http://[^/]+)/", line):
            address = found[1]
        elif found := re.match(r"Log in as \S+ with the password (\S+)", line):
            return address, found[1]
    raise SystemExit("The demo ended before its site was ready.")


def _log_in(page: Page, password: str) -> None:
    page.goto("/admin/login/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")


def _take_all(page: Page) -> None:
    page.goto("/")
    _take(page, "site")
    page.goto(LIST)
    _take(page, "videos")
    for title in TITLES:
        page.get_by_role("checkbox", name=title, exact=False).last.check()
    page.select_option("select[name=action]", "remix_selected")
    page.locator("button[name=index]").first.click()
    for number, prompt in enumerate(PROMPTS):
        if number:
            page.click("#sora-remix-add")
        page.locator("#sora-remix-prompts textarea").nth(number).fill(prompt)
    many = len(TITLES) * len(PROMPTS)
    page.locator("#sora-remix-order").and_(page.get_by_text(f"Make {many} remixes")).wait_for()
    _take(page, "confirm")
    page.click("#sora-remix-order")
    page.locator(".sora-remix-grid [data-status=succeeded]").nth(many - 1).wait_for()
    _take(page, "grid")
    page.get_by_role("link", name="Compare").first.click()
    _take(page, "compare")
    page.goto(f"{LIST}review/")
    _take(page, "review")


def _take(page: Page, name: str) -> None:
    """Write what the window shows as a WebP."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function(PLAYABLE)
    page.mouse.move(0, 0)
    with TemporaryDirectory() as folder:
        picture = Path(folder, "picture.png")
        page.screenshot(path=picture, animations="disabled")
        with av.open(str(picture)) as container:
            frame = next(container.decode(video=0))
    frame = frame.reformat(format="yuv420p")
    (DOCS / f"{name}.webp").write_bytes(encode_picture(frame, "libwebp", quality=QUALITY))


if __name__ == "__main__":
    main()
