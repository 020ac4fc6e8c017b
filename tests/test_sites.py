"""The main job succeeds on sites with other set-ups, and is paid for once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.processes import ROOT, kill_family
from tests.sites.main_job import SITES

OURS = (
    "DJANGO_SETTINGS_MODULE",
    "FAL_",
    "PYTEST_",
    "SORA_REMIX_",
    "SSL_CERT_FILE",
    "TEST_BROKER",
    "TEST_SITE",
)
"""What the environment of these tests says of their own site."""

SECONDS = 900
"""How long it may take on a machine with much else to do."""


AT_ONCE = 3
"""Sites that run side by side: most of the time they wait."""


@pytest.fixture(scope="module")
def jobs(large_clip: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, Future[str]]]:
    """Start the main job on each requested site; the results are error outputs."""
    chosen = [item.nodeid for item in request.session.items]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            site: pool.submit(_complaint, site, large_clip)
            for site in SITES
            if any(name.endswith(f"{Path(__file__).name}::{TEST}[{site}]") for name in chosen)
        }


@pytest.mark.parametrize("site", SITES)
def test_main_job_succeeds_and_is_paid_for_once(site: str, jobs: dict[str, Future[str]]) -> None:
    complaint = jobs[site].result()

    # An assertion would show the ends of a long text only.
    if complaint:
        pytest.fail(complaint)


TEST = test_main_job_succeeds_and_is_paid_for_once.__name__


def _complaint(site: str, clip: Path) -> str:
    """Run the job in a separate process; return its output if it failed."""
    environment = {name: os.environ[name] for name in os.environ if not name.startswith(OURS)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sites.main_job", site, "--clip", str(clip)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        kill_family(process.pid)
        said, _ = process.communicate()
    return said if process.returncode else ""
