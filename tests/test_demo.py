"""The demo does the main job by itself, or says why it can't."""

import socket
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from example_project.demo.sites import SITES, Site
from tests.demo import run_demo as demo

TRIED_IN_CHROMIUM = {"clips", "foreign", "unfold"}


def test_demo_remixes_two_clips_and_one_result_and_exits(tmp_path: Path) -> None:
    done = demo(tmp_path, "--once", "--port", "0")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "saw the cost, $0.24" in done.stdout
    files = [line.split()[-1] for line in done.stdout.splitlines() if line.endswith(".mp4")]
    assert len(files) == 5
    assert all((tmp_path / "media" / file).is_file() for file in files)
    assert "has stopped" in (tmp_path / "qcluster.log").read_text()


def test_demo_reports_a_taken_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = demo(tmp_path, "--port", str(port))

    assert done.returncode == 1
    assert f"Port {port} can't be used" in done.stderr


def test_live_demo_refuses_the_site_of_the_sandbox(tmp_path: Path) -> None:
    (tmp_path / "made_for").write_text("sandbox")

    done = demo(tmp_path, "--live", FAL_KEY="never used")

    assert done.returncode == 1
    assert "was made for the sandbox" in done.stderr


@pytest.mark.parametrize("site", sorted(SITES.keys() - TRIED_IN_CHROMIUM))
def test_demo_shows_the_first_page_of_a_site(tmp_path: Path, site: str) -> None:
    if (package := SITES[site].package) and find_spec(package) is None:
        pytest.skip(f"{package} is not installed")

    done = demo(tmp_path, "--site", site, "--once", "--port", "0")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nOpen http://127.0.0.1:" in done.stdout
    assert "Log in as editor with the password demo" in done.stdout


def test_site_names_the_extra_that_is_missing() -> None:
    site = Site("tests.sites.none.fill", package="a_package_that_nobody_has", extra="cms")

    with pytest.raises(CommandError, match=r"the extra “cms”.*'\.\[cms\]'"):
        site.check("none")


def test_site_is_not_started_with_the_real_fal(tmp_path: Path) -> None:
    done = demo(tmp_path, "--site", "clips", "--live", FAL_KEY="never used")

    assert done.returncode == 1
    assert "--site can't be combined with --live" in done.stderr
