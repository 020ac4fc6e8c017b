"""What stands in for fal where files are uploaded before a remix is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import IO, Any

import pytest

from sora_remix import fal

URL = "https://v3b.fal.media/files/b/clip.mp4"


class Gateway:
    """Keep what it is sent, and give the answers that are set."""

    def __init__(self) -> None:
        self.uploaded: list[bytes] = []
        self.kinds: list[str] = []
        self.names: list[str] = []
        self.sent: list[Any] = []
        self.answer: Callable[[str], str] = lambda name: f"{URL}?{len(self.uploaded)}"

    async def upload(self, name: str, kind: str, file: IO[bytes], life: timedelta) -> str:
        self.uploaded.append(file.read())
        self.kinds.append(kind)
        self.names.append(name)
        return self.answer(name)

    async def submit(self, endpoint_id: str, arguments: Any, webhook_url: str = "") -> Any:
        self.sent.append(arguments)
        return fal.Accepted(f"id-{len(self.sent)}")


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """Fal, with no worker to call it but the test."""
    gateway = Gateway()
    monkeypatch.setattr(fal, "upload", gateway.upload)
    monkeypatch.setattr(fal, "submit", gateway.submit)
    for place in ("requesting", "services"):
        monkeypatch.setattr(f"sora_remix.{place}.nudge", lambda: None)
    return gateway
