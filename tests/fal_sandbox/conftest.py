"""A sandbox for each module, and a client with a key."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from example_project.fal_sandbox.process import SandboxProcess
from tests.fal_sandbox.callers import client_of


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    state = tmp_path_factory.mktemp("state")
    with SandboxProcess(state, queue_seconds=0, run_seconds=0) as process:
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
