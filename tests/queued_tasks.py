"""What requests put into the queue, kept away from every broker."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.module_loading import import_string

from sora_remix import tasks
from sora_remix.exceptions import RequestRefused

Queued = list[tuple[Any, ...]]


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> Queued:
    """Enqueued tasks with their arguments."""
    queued: Queued = []
    monkeypatch.setattr(
        tasks, "async_task", lambda name, *args: queued.append((import_string(name), *args))
    )
    return queued


def reasons_of(refused: pytest.ExceptionInfo[RequestRefused]) -> list[tuple[str, str]]:
    """Return the field and the message of each reason."""
    return [(reason.field, str(reason.message)) for reason in refused.value.reasons]
