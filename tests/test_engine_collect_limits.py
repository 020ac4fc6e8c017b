"""Collecting results: leases and limits of time."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import IO, Any

import pytest
from django.utils import timezone

from sora_remix import engine, fal, media
from sora_remix.engine import pace
from sora_remix.models import Leased, Remix, renew_leases
from sora_remix.signals import remix_succeeded
from tests.collecting import RESULT, Remote, collect, finished, remote

__all__ = ["remote"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media_root")]

Status = Remix.Status


def test_large_file_keeps_its_lease_while_it_is_copied(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = finished()
    left: list[timedelta] = []
    store = media.store

    def slow(name: str, file: IO[bytes]) -> str:
        until = Remix.objects.values_list("leased_until", flat=True).get(pk=remix.pk)
        assert until
        left.append(until - timezone.now())
        return store(name, file)

    monkeypatch.setattr(media, "store", slow)
    monkeypatch.setattr("sora_remix.engine.storing.SLOWEST_STORAGE", 1)

    collect(remix)

    assert min(left) > timedelta(minutes=10)


def test_results_that_wait_keep_their_leases_while_a_large_file_is_copied(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remixes = [finished() for _ in range(media.MAX_PARALLEL_DOWNLOADS + 1)]
    held: list[int] = []
    store = media.store

    def slow(name: str, file: IO[bytes]) -> str:
        in_ten_minutes = timezone.now() + timedelta(minutes=10)
        held.append(Remix.objects.filter(leased_until__gt=in_ten_minutes).count())
        return store(name, file)

    monkeypatch.setattr(media, "store", slow)
    monkeypatch.setattr("sora_remix.engine.storing.SLOWEST_STORAGE", 1)

    engine.collect([remix.pk for remix in remixes])

    assert held[0] == len(remixes)


def test_slow_download_does_not_keep_the_others_waiting(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, *others = [finished() for _ in range(3 * media.MAX_PARALLEL_DOWNLOADS)]
    slow_url = "https://fal.media/slow.mp4"
    remote.files[slow_url] = remote.files[RESULT.video_url]
    stored: list[int] = []

    async def fetch(_endpoint_id: str, request_id: str, _outputs: object) -> fal.Result:
        is_slow = request_id == slow.request_id
        return replace(RESULT, video_url=slow_url) if is_slow else RESULT

    async def download(url: str, *, most_bytes: int | None = None) -> IO[bytes]:
        with suppress(TimeoutError):
            async with asyncio.timeout(60):
                while url == slow_url and len(stored) < len(others):
                    await asyncio.sleep(0.01)
        return await remote.download(url, most_bytes=most_bytes)

    def note(remix: Remix, **_signal: object) -> None:
        stored.append(remix.pk)

    monkeypatch.setattr(fal, "result", fetch)
    monkeypatch.setattr(media, "download", download)
    remix_succeeded.connect(note)

    engine.collect([slow.pk, *(remix.pk for remix in others)])

    assert (len(stored), stored[-1]) == (1 + len(others), slow.pk)


def test_result_keeps_its_lease_while_its_pictures_are_checked(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed, was_renewed = threading.Event(), []

    def note(rows: Iterable[Leased]) -> None:
        renew_leases(rows)
        renewed.set()

    def look(picture: IO[bytes]) -> None:
        renewed.clear()
        was_renewed.append(renewed.wait(60))

    monkeypatch.setattr(pace, "renew_leases", note)
    monkeypatch.setattr(pace, "HEARTBEAT_SECONDS", 0)
    monkeypatch.setattr("sora_remix.engine.collecting.HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(media, "image_facts", look)

    remix = collect(finished())

    assert remix.status == Status.SUCCEEDED
    assert was_renewed == [True]


def test_checked_file_is_closed_when_collecting_is_interrupted(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, is_over = itertools.count(), threading.Event()

    def look(picture: IO[bytes]) -> None:
        if next(looks):
            is_over.wait(20)

    def fail(name: str, file: IO[bytes]) -> str:
        raise SystemExit("the task took too long")

    monkeypatch.setattr(media, "image_facts", look)
    monkeypatch.setattr(media, "store", fail)

    with pytest.raises(SystemExit):
        engine.collect([finished().pk, finished().pk])

    is_over.set()
    assert len(remote.opened) == 6
    assert all(file.closed for file in remote.opened)


def test_download_that_the_storage_is_too_slow_for_is_kept(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []

    def stop(name: str, file: IO[bytes]) -> str:
        raise SystemExit("the task took too long")

    monkeypatch.setattr(media, "store", stop)
    monkeypatch.setattr(media, "keep_download", lambda url, file: kept.append(url))

    with pytest.raises(SystemExit):
        engine.collect([finished().pk])

    assert kept == ["https://fal.media/v.mp4"]


def test_download_without_time_to_store_it_is_kept_and_counts_as_a_failure(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    remix = finished()
    monkeypatch.setattr(engine.TimeLimit, "allows", lambda self, seconds: False)
    monkeypatch.setattr(media, "keep_download", lambda url, file: kept.append(url))

    engine.collect([remix.pk], engine.TimeLimit(60))

    remix.refresh_from_db()
    assert (remix.status, remix.failures, len(kept)) == (Status.STORING, 1, 1)
    assert "time limit" in remix.error_message
    assert all(file.closed for file in remote.opened)


def test_work_over_its_time_limit_stops_and_counts_as_a_failure(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, new = finished(failures=2), finished()

    async def hang(*_arguments: Any) -> Any:
        await asyncio.sleep(60)

    monkeypatch.setattr(fal, "result", hang)

    engine.collect([before.pk, new.pk], engine.TimeLimit(0.2))

    before.refresh_from_db()
    new.refresh_from_db()
    # What has failed before goes alone, and had not begun.
    assert (before.failures, before.lease) == (2, None)
    assert (new.failures, new.lease) == (1, None)
