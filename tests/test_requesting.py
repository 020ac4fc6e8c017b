"""Thousands of remixes are requested with few queries."""

from __future__ import annotations

import gc
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sora_remix import services, tasks
from sora_remix.exceptions import RequestRefused
from sora_remix.models import Remix, RemixBatch, SourceCopy, Video
from sora_remix.models import queryset as queries_of_remixes


@pytest.fixture(autouse=True)
def nothing_reaches_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep messages away from every broker."""
    monkeypatch.setattr(tasks, "async_task", lambda *_message: None)


def _start_draft(many: int) -> RemixBatch:
    """Select so many uploads, each with a file of its own."""
    facts = {"duration": 4, "width": 1280, "height": 720, "fps": 24}
    videos = Video.objects.bulk_create(
        Video(title="Sea", file=f"videos/{number}.mp4", size=1_000_000 + number, **facts)
        for number in range(many)
    )
    return RemixBatch.objects.start([video.pk for video in videos], by=None)


def _confirm(batch: RemixBatch) -> tuple[Counter[str], int]:
    """Return the tables that rows were inserted into, once for each INSERT, and other queries."""
    with CaptureQueriesContext(connection) as queries:
        services.confirm(batch, ["{title} at night"], by=None, endpoint="lucy-restyle")
    words = [one["sql"].split() for one in queries]
    tables = [part[part.index("INTO") + 1] for part in words if part[0] == "INSERT"]
    return Counter(table.strip('"`') for table in tables), len(words) - len(tables)


def test_a_thousand_rows_are_written_with_one_query(db: None) -> None:
    few, few_others = _confirm(_start_draft(3))
    Remix.objects.all().delete()
    SourceCopy.objects.all().delete()

    many, many_others = _confirm(_start_draft(2500))

    tables = {f"sora_remix_{name}" for name in ("remix", "remixevent", "sourcecopy")}
    assert {table: few[table] for table in tables} == dict.fromkeys(tables, 1)
    assert {table: many[table] for table in tables} == dict.fromkeys(tables, 3)
    assert many.keys() <= few.keys()
    assert many_others <= few_others
    assert Remix.objects.count() == SourceCopy.objects.count() == 2500


def test_draft_of_thousands_is_saved_with_one_query_for_each_thousand(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        batch = _start_draft(2500)

    table = RemixBatch.videos.through._meta.db_table
    links = [one for one in queries if one["sql"].startswith("INSERT") and table in one["sql"]]
    assert (len(links), batch.videos.count()) == (3, 2500)


def test_long_prompts_are_written_in_packets_that_the_database_takes(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries_of_remixes, "PACKET", 100)

    with CaptureQueriesContext(connection) as queries:
        services.request_remixes(
            [Video.objects.create(title="Sea", sora_id="video_sea", duration=4)],
            ["0123456789", "a", "b", "c"],
            endpoint="sora-2",
        )

    inserts = [one for one in queries if 'INTO "sora_remix_remix"' in one["sql"].replace("`", '"')]
    assert len(inserts) == 2  # of two rows each: 100 bytes ÷ (10 characters × 4 bytes)


def test_python_looks_for_garbage_again_after_a_request(db: None) -> None:
    with pytest.raises(RequestRefused):
        services.request_remixes([], ["noir"])

    assert gc.isenabled()


def test_python_is_left_as_it_was_without_a_search_for_garbage(db: None) -> None:
    gc.disable()
    try:
        with pytest.raises(RequestRefused):
            services.request_remixes([], ["noir"])
        assert not gc.isenabled()
    finally:
        gc.enable()
