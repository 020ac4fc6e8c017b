"""A slow storage, like remote ones."""

from __future__ import annotations

import time
from typing import Any

from django.core.files.storage import FileSystemStorage

PAUSE = 0.05


class SlowStorage(FileSystemStorage):
    """Leave a moment after each file in which a kill makes it an orphan."""

    def _save(self, name: str, content: Any) -> str:
        saved: str = super()._save(name, content)  # type: ignore[misc]
        time.sleep(PAUSE)
        return saved
