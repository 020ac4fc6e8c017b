"""The main job goes through on sites that are set up otherwise, and is paid for once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, family
from tests.sites.main_job import SITES

OURS = ("DJANGO_SETTINGS_MODULE", "FAL_", "PYTEST_", "SORA_REMIX_", "SSL_CERT_FILE", "TEST_BROKER")
"""What the environment of these tests says of their own site."""

SECONDS = 420
"""How long it may take on a machine with much else to do."""


@pytest.mark.parametrize("site", SITES)
def test_the_main_job_goes_through_and_is_paid_for_once(site: str, large_clip: Path) -> None:
    environment = {name: os.environ[name] for name in os.environ if not name.startswith(OURS)}

    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sites.main_job", site, "--clip", str(large_clip)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        for pid in family(process.pid):
            os.kill(pid, signal.SIGKILL)
        said, _ = process.communicate()

    assert process.returncode == 0, said
