"""Results of the sandbox, and separate connections and parts for each test."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.endpoints import SORA_2
from sora_remix.media import connections
from sora_remix.request_pool import wait_for
from tests.media.servers import Authority


@pytest.fixture
def result(sandbox: SandboxProcess) -> fal.Result:
    """A finished remix at the sandbox."""
    return make_result()


def make_result() -> fal.Result:
    async def finished() -> fal.Result:
        body = {"video_id": "video_clip", "prompt": "make it noir"}
        answer = await fal.submit(SORA_2.endpoint_id, body)
        assert isinstance(answer, fal.Accepted)
        async with asyncio.timeout(60):
            while not (await fal.progress(SORA_2.endpoint_id, answer.request_id)).is_finished:
                await asyncio.sleep(0.05)
        return await fal.result(SORA_2.endpoint_id, answer.request_id, SORA_2.outputs)

    return wait_for(finished())


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The certificate authority of the servers of a test."""
    made = Authority(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.path))
    return made


@pytest.fixture
def own_connections(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connections that are made by the environment of this test, and closed after it."""
    made: list[httpx.AsyncHTTPTransport] = []
    make = connections._transport.__wrapped__

    @cache
    def transport(*pool: Any) -> httpx.AsyncHTTPTransport:
        made.append(make(*pool))
        return made[-1]

    monkeypatch.setattr(connections, "_transport", transport)
    connections._ssl_context.cache_clear()
    yield
    connections._ssl_context.cache_clear()
    for one in made:
        wait_for(one.aclose())


@pytest.fixture
def parts_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files in which parts are looked for."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
