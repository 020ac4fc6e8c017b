"""The sandbox that stands in for fal, sample clips, and workers."""

from __future__ import annotations

import asyncio
import gc
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, connections
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxProcess
from sora_remix.fal import credentials
from tests.processes import Qcluster

# Whether a test passes must depend neither on chance nor on how busy the machine is.
hypothesis_settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("tests")

SLOWEST = (
    "test_sites.py",
    "test_stateful.py",
    "test_flow.py",
    "test_accessibility.py",
    "test_demo.py",
    "test_journey.py",
    "test_faults.py",
    "test_readme.py",
    "test_install.py",
    "test_upgrade.py",
)
"""Files that take a minute and more; one that starts last keeps one runner busy alone."""

LEVELS = {
    "postgresql": ["READ_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE"],
    "mysql": ["read committed", "repeatable read", "repeatable snapshot", "serializable"],
    "sqlite": ["IMMEDIATE", "DEFERRED"],
}
SNAPSHOTS = "SET SESSION innodb_snapshot_isolation = ON"
"""The default of MariaDB 11.8, which older ones know as well."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the slowest files, so that runners side by side end together."""
    items.sort(key=lambda item: item.path.name not in SLOWEST)


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """Forget the language of the last request, in which all after it would be answered."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def own_keys() -> Iterator[None]:
    """Forget the secrets of a test: they would be cut out of texts that contain them by chance."""
    yield
    credentials._used.clear()


@pytest.fixture(scope="session")
def small_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real video: MP4, one second of 160 × 90."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    draw_clip(path, "sea", seconds=1.0, width=160, height=90, fps=12)
    return path


@pytest.fixture(scope="session")
def clip(small_clip: Path) -> Path:
    """The video that most tests use; some have another one in its place."""
    return small_clip


@pytest.fixture(scope="session")
def large_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that every endpoint accepts: MP4, 3.5 seconds of 1280 × 720."""
    path = tmp_path_factory.mktemp("clips") / "large.mp4"
    draw_clip(path, "sea", seconds=3.5, width=1280, height=720, fps=12)
    return path


@pytest.fixture(scope="session", autouse=True)
def running_sandbox(small_clip: Path) -> Iterator[SandboxProcess]:
    """The sandbox on the port that fal-client was imported with.

    It runs before any test: a client that is made before its certificate is there keeps none.
    """
    folder = Path(os.environ["SORA_REMIX_TESTS_FOLDER"])
    certificate = folder / "sandbox.pem"
    port = int(os.environ["FAL_QUEUE_RUN_HOST"].rpartition(":")[2])
    with SandboxProcess(
        folder / "sandbox", port=port, queue_seconds=0.05, run_seconds=0.2
    ) as sandbox:
        certificate.write_bytes(sandbox.certificate.read_bytes())
        sandbox.add_video("video_clip", small_clip)
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> Iterator[SandboxProcess]:
    """The sandbox, well-behaved and without any request."""
    running_sandbox.reset()
    yield running_sandbox
    running_sandbox.reset()


@pytest.fixture
def broken_handshakes() -> Iterator[None]:
    """Let deadlines cut off connections: those in a TLS handshake are left to the collector."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"unclosed (transport|<socket)", ResourceWarning)
        yield
        # Later, it would be the fault of another test.
        gc.collect()


@pytest.fixture
def asked_aside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have commands ask fal in another thread.

    On Python 3.11, coverage loses track of the functions that wait while TLS is negotiated.
    """
    name = "sora_remix.management.fal_answers.wait_for"
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(name, lambda call: pool.submit(asyncio.run, call).result())
        yield


@pytest.fixture
def media_root(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    """An empty local storage."""
    settings.MEDIA_ROOT = str(tmp_path / "media")  # type: ignore[attr-defined]
    return tmp_path / "media"


@pytest.fixture
def any_endpoint(settings: pytest.FixtureRequest) -> None:
    """The only record of the site: it has an option of each kind, and no certain price."""
    from tests.checkout import SORA

    settings.SORA_REMIX_ENDPOINTS = {"any": SORA}  # type: ignore[attr-defined]
    settings.SORA_REMIX_ENDPOINT = "any"  # type: ignore[attr-defined]


@pytest.fixture
def qcluster(transactional_db: None, media_root: Path) -> Iterator[Qcluster]:
    """A real qcluster on the test database, started by the test."""
    cluster = Qcluster(media_root)
    yield cluster
    cluster.stop()


@pytest.fixture(params=LEVELS[connection.vendor])
def isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The isolation of all connections that are opened from here on."""
    level: str = request.param
    options = connections.settings["default"]["OPTIONS"]
    if connection.vendor == "postgresql":
        from psycopg import IsolationLevel

        monkeypatch.setitem(options, "isolation_level", IsolationLevel[level])
    elif connection.vendor == "mysql":
        monkeypatch.setitem(options, "isolation_level", level.replace("snapshot", "read"))
        if "snapshot" in level:
            monkeypatch.setitem(options, "init_command", SNAPSHOTS)
    else:
        monkeypatch.setitem(options, "transaction_mode", level)
    return level
