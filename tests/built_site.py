"""A Django project that is built by what the docs say, and run from the shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from example_project.fal_sandbox.process import SandboxProcess
from tests.docs import blocks
from tests.processes import ROOT, kill_family, wait_until

OURS = ("DJANGO_", "FAL_", "PYTEST_", "SORA_REMIX_", "TEST_")
"""What the environment of these tests says of their own site."""
has_its_own_database = pytest.mark.skipif(
    "TEST_DATABASE" in os.environ, reason="it has a database anyway"
)
RUNNING = "] running."
"""What django-q2 logs when a cluster has started."""
VIDEOS = """
from sora_remix import media
from sora_remix.models import Video
with open("clip.mp4", "rb") as file:
    facts = vars(media.video_facts(file))
for pk in (12, 13):
    Video.objects.create(pk=pk, title="Sea", file="clip.mp4", **facts)
"""


class BuiltSite:
    """A new project in a folder."""

    def __init__(self, folder: Path, sandbox: SandboxProcess) -> None:
        rest = {name: os.environ[name] for name in os.environ if not name.startswith(OURS)}
        self.folder = folder
        self._sandbox = sandbox
        self._environment = {**rest, **sandbox.environment(), "PYTHONPATH": str(ROOT)}
        self.settings = folder / "my_site" / "settings.py"
        self.urls = folder / "my_site" / "urls.py"
        self._run(sys.executable, "-m", "django", "startproject", "my_site", ".")

    def write_settings(self, text: str) -> None:
        """Append this to the settings."""
        with self.settings.open("a") as settings:
            settings.write(text)

    def use_sandbox(self) -> None:
        """Tell the site what it need not know of fal itself."""
        self.write_settings(
            '\nSORA_REMIX_RESULT_HOSTS = ["127.0.0.1"]\n'
            f'SORA_REMIX_FAL_REST_URL = "{self._sandbox.url}"\n'
            f'SORA_REMIX_FAL_API_URL = "{self._sandbox.api_url}"\n'
        )

    def add_videos(self, clip: Path) -> None:
        """Make the videos 12 and 13 of this clip."""
        shutil.copy(clip, self.folder / "clip.mp4")
        self.shell(VIDEOS)

    def manage(self, command: str, *, answer: str = "") -> str:
        """Run a management command as the docs write it; return its output."""
        words = [word for word in shlex.split(command) if not word.startswith("FAL_KEY=")]
        return self._run(sys.executable, *words[words[0] == "python" :], answer=answer)

    def statuses(self) -> list[str]:
        """Return the statuses of all remixes, oldest first."""
        with closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=20)) as database:
            rows = database.execute("SELECT status FROM sora_remix_remix ORDER BY id")
            return [status for (status,) in rows]

    def shell(self, *code: str) -> str:
        """Run some code with the settings of the site; return what it prints."""
        text = "".join(map(textwrap.dedent, code))
        return self._run(sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", text)

    @contextmanager
    def workers(self) -> Iterator[Path]:
        """Keep a qcluster running; yield its log file once it runs."""
        log = self.folder / "qcluster.log"
        with log.open("ab") as file:
            earlier = log.read_text().count(RUNNING)
            command = [sys.executable, "manage.py", "qcluster"]
            cluster = subprocess.Popen(
                command, cwd=self.folder, env=self._environment, stdout=file, stderr=file
            )

            def is_running() -> bool:
                said = log.read_text()
                assert cluster.poll() is None, said
                return said.count(RUNNING) > earlier

            try:
                wait_until(is_running)
                yield log
            finally:
                cluster.terminate()
                try:
                    cluster.wait(20)
                except subprocess.TimeoutExpired:
                    kill_family(cluster.pid)
                    cluster.wait()

    def _run(self, *command: str, answer: str = "") -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            input=answer,
            text=True,
        )
        assert done.returncode == 0, f"{command[1:]}: {done.stdout}"
        return done.stdout


def commands(page: Path) -> list[str]:
    """Return the lines of all shell blocks of a page."""
    return [line for one in blocks(page, "sh") for line in one.text.splitlines()]
