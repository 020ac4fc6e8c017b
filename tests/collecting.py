"""fal and its file server as collecting sees them, and what it leaves behind."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from django.utils import timezone

from sora_remix import engine, fal, media
from sora_remix.endpoints import Outputs
from sora_remix.models import Remix
from tests.checkout import png
from tests.factories import make_remix

Status = Remix.Status

RESULT = fal.Result(
    video_url="https://fal.media/v.mp4",
    sora_id="video_new",
    thumbnail_url="https://fal.media/t.webp",
    spritesheet_url="https://fal.media/s.bin",
)


class Remote:
    """Stand in for fal and its file server."""

    def __init__(self, clip: Path) -> None:
        self.result: Callable[[], fal.Result] = lambda: RESULT
        self.files: dict[str, bytes | Exception] = {
            RESULT.video_url: clip.read_bytes(),
            RESULT.thumbnail_url: png(160, 90),
            RESULT.spritesheet_url: png(640, 270),
        }
        self.downloaded: list[str] = []
        self.opened: list[IO[bytes]] = []

    async def fetch(self, endpoint_id: str, request_id: str, outputs: Outputs) -> fal.Result:
        return self.result()

    async def download(self, url: str, *, most_bytes: int | None = None) -> IO[bytes]:
        self.downloaded.append(url)
        content = self.files[url]
        if isinstance(content, Exception):
            raise content
        self.opened.append(io.BytesIO(content))
        return self.opened[-1]


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch, clip: Path) -> Remote:
    """Have the worker ask this instead of fal."""
    remote = Remote(clip)
    monkeypatch.setattr(fal, "result", remote.fetch)
    monkeypatch.setattr(media, "download", remote.download)
    return remote


def finished(**values: Any) -> Remix:
    """Make a remix that fal has finished."""
    values = {"status": Status.PROCESSING, "completed_at": timezone.now(), **values}
    values.setdefault("request_id", f"id{Remix.objects.count() or ''}")
    return make_remix(**values)


def collect(remix: Remix) -> Remix:
    """Collect its result as a worker does."""
    engine.collect([remix.pk])
    remix.refresh_from_db()
    return remix


def files_in(folder: Path) -> set[str]:
    """Return the names of all files in a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
