"""Run one of the sites of the tests, with a worker and the sandbox in fal's place."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management.base import CommandError

from .browser import Browser
from .children import LOCAL, ROOT, Child, choose_port
from .running import open_first_page, start_sandbox, stay
from .sites import PASSWORD, SITES, USERNAME

SETTINGS = "tests.sites.settings.demo"


class SiteDemo:
    """Starts a site in a new folder, which is deleted at the end."""

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        """Raise CommandError if what the site needs is not installed."""
        self._name, self._site, self._say = name, SITES[name], say
        self._site.check(name)

    def run(self, *, once: bool, port: int, sandbox_port: int) -> None:
        """Run it until Ctrl-C, or `once` until its first page was answered."""
        address = f"{LOCAL}:{choose_port(port)}"
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="sora_remix_demo_")))
            _sandbox, fal = start_sandbox(stack, folder, sandbox_port)
            environment = {**fal, **self._own_environment(folder)}
            self._say(f"1. Making the site “{self._name}”, with sample videos")
            path = self._make(environment)
            self._say("2. Starting the site, a worker, and the sandbox that replaces fal")
            check = self._start(stack, address, folder, environment)
            self._open(stack, address, path, check)
            self._say(f"\nOpen http://{address}{path}")
            self._say(f"Log in as {USERNAME} with the password {PASSWORD}")
            if not once:
                self._say("Ctrl-C stops everything, and deletes this site.")
                stay(check)

    def _own_environment(self, folder: Path) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "TEST_SITE": self._name,
            "TEST_DATABASE": "",
            "TEST_BROKER": "",
            "PYTEST_XDIST_WORKER": "",
            "SORA_REMIX_TESTS_RUNNER": "",
            "SORA_REMIX_TESTS_FOLDER": str(folder),
            "SORA_REMIX_TESTS_DATABASE": str(folder / "db.sqlite3"),
            "SORA_REMIX_TESTS_MEDIA": str(folder / "media"),
            "SORA_REMIX_TESTS_QUEUE": f"sora_remix_{self._name}",
        }

    def _make(self, environment: dict[str, str]) -> str:
        """Make tables and content; return the path at which to begin."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.sites.make", self._site.fill],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise CommandError(f"The site could not be made: {done.stderr.splitlines()[-1]}")
        return done.stdout.splitlines()[-1]

    def _start(
        self, stack: ExitStack, address: str, folder: Path, environment: dict[str, str]
    ) -> Callable[[], None]:
        """Start the worker and the site; return what raises CommandError once one has ended."""
        server = ("runserver", address, "--noreload")
        children = [
            stack.enter_context(Child(name, command, folder / f"{command[0]}.log", environment))
            for name, command in (("qcluster", ("qcluster",)), ("The site", server))
        ]

        def check() -> None:
            for child in children:
                child.check()

        return check

    def _open(self, stack: ExitStack, address: str, path: str, check: Callable[[], None]) -> None:
        """Log in and open the first page. Raise CommandError unless it is shown."""
        browser = Browser(f"http://{address}")
        stack.callback(browser.client.close)
        open_first_page(browser, path, check)
        browser.submit("username", {"username": USERNAME, "password": PASSWORD})
        if browser.url.path != path:
            raise CommandError(f"{path} was not shown, but {browser.url}.")
