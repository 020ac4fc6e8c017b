"""Rows for tests, with a default for every value."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connections
from django.db.models import Model, QuerySet
from django.utils import timezone

from sora_remix.endpoints import SORA_2
from sora_remix.models import Remix, Video

Answer = TypeVar("Answer")


def ago(**length: float) -> datetime:
    """Return the moment so long ago, or ahead when negative."""
    return timezone.now() - timedelta(**length)


def moment(*parts: int) -> datetime:
    """Return a moment in the time zone of the site, as the site keeps times."""
    naive = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001
    return timezone.make_aware(naive) if settings.USE_TZ else naive


def make_video(**values: Any) -> Video:
    """Make a Sora generation of four seconds."""
    return Video.objects.create(
        **{"title": "Sea", "sora_id": f"video_{uuid4().hex}", "duration": 4, **values}
    )


def make_remix(**values: Any) -> Remix:
    """Make a remix in any state, with a source of its own."""
    source = values.pop("source", None) or make_video()
    return Remix.objects.create(
        **{
            "source": source,
            "prompt": "make it noir",
            "endpoint": SORA_2.key,
            "endpoint_id": SORA_2.endpoint_id,
            **values,
        }
    )


def at_once(call: Callable[[], Answer], *, times: int = 2) -> list[Answer]:
    """Call a function in several threads at once, each with its own connection."""
    start = threading.Barrier(times)

    def run() -> Answer:
        start.wait(60)
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        calls = [pool.submit(run) for _ in range(times)]
        return [one.result() for one in calls]


def write_together(monkeypatch: pytest.MonkeyPatch, model: type[Model], *, times: int) -> None:
    """Let no thread write rows of this model before so many have read what they decide upon."""
    have_read = threading.Barrier(times)

    def update(self: QuerySet[Any], **changes: Any) -> int:
        have_read.wait(60)
        return QuerySet.update(self, **changes)

    monkeypatch.setattr(type(model._default_manager.all()), "update", update)
