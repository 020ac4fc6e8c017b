"""A site built by the README and docs works, and runs on after the app is uninstalled."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from example_project.fal_sandbox.process import SandboxProcess
from tests.docs import DOCS, README, block
from tests.processes import ROOT, family, wait_until

FROM_CODE = DOCS / "how-to" / "code.md"
UNINSTALL = DOCS / "how-to" / "uninstall.md"
OURS = ("DJANGO_", "FAL_", "PYTEST_", "SORA_REMIX_", "TEST_")
"""What the environment of these tests says of their own site."""
HAS_ITS_OWN = pytest.mark.skipif("TEST_DATABASE" in os.environ, reason="it has a database anyway")
VIDEOS = """
from sora_remix import media
from sora_remix.models import Video
with open("clip.mp4", "rb") as file:
    facts = vars(media.video_facts(file))
for pk in (12, 13):
    Video.objects.create(pk=pk, title="Sea", file="clip.mp4", **facts)
"""
BEFORE_THE_EXAMPLE = """
from types import SimpleNamespace
from sora_remix.models import Remix, Video
videos, request = list(Video.objects.filter(pk=12)), SimpleNamespace(user=None)
"""
AFTER_THE_EXAMPLE = """
assert Remix.objects.filter(status="succeeded").count() == 2
assert Remix.objects.count() == 3
assert set(Remix.objects.values_list("endpoint", flat=True)) == {"flux-3"}
"""
LEFT_OVER = """
from django_q.models import Schedule
from django_q.tasks import async_task
assert not Schedule.objects.exists()
Schedule.objects.create(func="sora_remix.tasks.sweep")
for _ in range(3):
    async_task("sora_remix.tasks.advance", 1)
async_task("os.mkdir", "went_on")
"""


class Site:
    """A project in a folder, driven from the shell."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        rest = {name: os.environ[name] for name in os.environ if not name.startswith(OURS)}
        self.folder = folder
        self._environment = {**rest, **environment, "PYTHONPATH": str(ROOT)}
        self.settings = folder / "my_site" / "settings.py"
        self._run(sys.executable, "-m", "django", "startproject", "my_site", ".")

    def manage(self, command: str) -> str:
        """Run a management command as typed after `python`; return its output."""
        return self._run(sys.executable, *shlex.split(command))

    def shell(self, *code: str) -> None:
        """Run some code with the settings of the site."""
        text = "".join(map(textwrap.dedent, code))
        self._run(sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", text)

    @contextmanager
    def workers(self) -> Iterator[Path]:
        """Keep a qcluster running; yield its log file."""
        log = self.folder / "qcluster.log"
        with log.open("wb") as file:
            command = [sys.executable, "manage.py", "qcluster"]
            cluster = subprocess.Popen(
                command, cwd=self.folder, env=self._environment, stdout=file, stderr=file
            )
            try:
                yield log
            finally:
                cluster.terminate()
                try:
                    cluster.wait(20)
                except subprocess.TimeoutExpired:
                    for pid in family(cluster.pid):
                        os.kill(pid, 9)
                    cluster.wait()

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{command[1:]}: {done.stdout}"
        return done.stdout


@HAS_ITS_OWN
def test_site_built_by_the_readme_works_and_runs_on_without_the_app(
    sandbox: SandboxProcess, large_clip: Path, tmp_path: Path
) -> None:
    site = Site(tmp_path, sandbox.environment())
    shutil.copy(large_clip, tmp_path / "clip.mp4")
    with site.settings.open("a") as settings:
        settings.write(block(README, "python", "Q_CLUSTER"))
    migrate, _worker = block(README, "sh", "migrate").splitlines()
    site.manage(migrate.removeprefix("python "))
    assert "System check identified no issues (0 silenced)." in site.manage("manage.py check")

    with site.settings.open("a") as settings:  # the sandbox is not fal
        settings.write('SORA_REMIX_RESULT_HOSTS = ["127.0.0.1"]\n')
        settings.write(f'SORA_REMIX_FAL_REST_URL = "{sandbox.url}"\n')
    site.shell(VIDEOS)
    with site.workers():
        [remix] = block(FROM_CODE, "sh", "manage.py remix").splitlines()
        assert site.manage(remix.removeprefix("python ")).count(": succeeded: ") == 2
        site.shell(
            BEFORE_THE_EXAMPLE, block(FROM_CODE, "python", "request_remixes("), AFTER_THE_EXAMPLE
        )

    command = re.compile(r"`python (manage\.py migrate sora_remix zero)`")
    [uninstall] = command.findall(UNINSTALL.read_text())
    site.manage(uninstall)
    installed = site.settings.read_text()
    site.settings.write_text(installed.replace('"django_q", "sora_remix"', '"django_q"'))
    site.shell(LEFT_OVER)
    with site.workers() as log:
        wait_until((tmp_path / "went_on").exists, 90)
        assert "reincarnated" not in log.read_text()
