"""A process that serves a site with a theme."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from django.db import connection

from tests.processes import ROOT, wait_until


class ThemedSite:
    """A site on the database of the tests whose admin has the theme of this name.

    It needs a process of its own: a theme replaces templates, and the class of the ModelAdmins.
    """

    def __init__(self, theme: str, folder: Path) -> None:
        self.theme, self.media_root = theme, folder / "media"
        self._log = folder / "site.log"
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://localhost:{self._port}"

    @property
    def log(self) -> str:
        """Everything the process wrote."""
        return self._log.read_text()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        settings = {
            "SORA_REMIX_TESTS_THEME": self.theme,
            "SORA_REMIX_TESTS_DATABASE": str(connection.settings_dict["NAME"]),
            "SORA_REMIX_TESTS_MEDIA": str(self.media_root),
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.browser.themes.serve", str(self._port)],
                cwd=ROOT,
                env=os.environ | settings,
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_up)

    def stop(self) -> None:
        """End the process."""
        if self._process:
            self._process.terminate()
            self._process.wait(20)

    def _is_up(self) -> bool:
        assert self._process and self._process.poll() is None, self.log
        with socket.socket() as one:
            return one.connect_ex(("localhost", self._port)) == 0


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        port: int = one.getsockname()[1]
        return port
