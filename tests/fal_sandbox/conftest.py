"""A sandbox for each module, and a client with a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxProcess
from tests.fal_sandbox.callers import client_of


@pytest.fixture(scope="session")
def library_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "sea.mp4"
    draw_clip(path, "sea", seconds=1, width=160, height=90)
    return path


@pytest.fixture(scope="module")
def process(
    tmp_path_factory: pytest.TempPathFactory, library_clip: Path
) -> Iterator[SandboxProcess]:
    """Start a sandbox whose library has one video."""
    state = tmp_path_factory.mktemp("state")
    with SandboxProcess(state, queue_seconds=0, run_seconds=0) as process:
        process.add_video("video_sea", library_clip)
        yield process


@pytest.fixture
def sandbox(process: SandboxProcess) -> SandboxProcess:
    """The sandbox of the module, without any request."""
    process.reset()
    return process


@pytest.fixture
def fal(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    with client_of(sandbox) as client:
        yield client
