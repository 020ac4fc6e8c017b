"""Migrations keep existing rows correct."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

BEFORE = [("sora_remix", "0001_initial")]


def _migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.fixture
def old(transactional_db: None) -> Iterator[Any]:
    """The models of the first migration, on a database that has no more than that."""
    yield _migrate(BEFORE)
    newest = [
        leaf
        for leaf in MigrationExecutor(connection).loader.graph.leaf_nodes()
        if leaf not in BEFORE
    ]
    _migrate(newest)


def test_existing_results_get_their_original_video(old: Any) -> None:
    first, second, third, _alone = (
        old.get_model("sora_remix", "Video").objects.create(title=title) for title in "abcd"
    )
    for source, result in ((first, second), (second, third)):
        old.get_model("sora_remix", "Remix").objects.create(
            source=source, result=result, endpoint="sora-2", status="succeeded"
        )

    new = _migrate([("sora_remix", "0003_fill_root")])

    roots = dict(new.get_model("sora_remix", "Video").objects.values_list("title", "root"))
    assert roots == {"a": None, "b": first.pk, "c": first.pk, "d": None}


def test_existing_results_are_marked_as_generated(old: Any) -> None:
    before = _migrate([("sora_remix", "0005_stored_files")])
    video = before.get_model("sora_remix", "Video")
    upload, result = (video.objects.create(title=title) for title in "ab")
    video.objects.create(title="c", sora_id="video_1")
    video.objects.create(title="d", root=upload)
    before.get_model("sora_remix", "Remix").objects.create(source=upload, result=result)

    new = _migrate([("sora_remix", "0008_approval")])

    made = new.get_model("sora_remix", "Video").objects.filter(was_made_by_ai=True)
    assert [*made.order_by("title").values_list("title", flat=True)] == ["b", "c", "d"]


def test_rows_own_files_stored_before(old: Any) -> None:
    before = _migrate([("sora_remix", "0003_fill_root")])
    stored = "sora_remix/videos/0123456789abcdef0123456789abcdef.mp4"
    elsewhere = f"site1/{stored}"
    names = {
        "a": {"file": stored, "thumbnail": "library/a.jpg"},
        "b": {"file": elsewhere, "captions": stored.replace("videos", "captions")},
        "c": {"file": "library/0123456789abcdef0123456789abcdef.mp4"},
        "d": {"file": "sora_remix/videos/beach.mp4"},
        "e": {},
    }
    video = before.get_model("sora_remix", "Video")
    for title, files in names.items():
        video.objects.create(title=title, **files)
    batch = before.get_model("sora_remix", "RemixBatch").objects.create()
    image = before.get_model("sora_remix", "ReferenceImage")
    for digest, name in (("a", stored.replace("videos", "references")), ("b", "logo.png")):
        image.objects.create(batch=batch, file=name, digest=digest, width=4, height=3, size=1)

    new = _migrate([("sora_remix", "0005_stored_files")])

    owned = dict(new.get_model("sora_remix", "Video").objects.values_list("title", "stored_files"))
    assert owned == {"a": [stored], "b": [*names["b"].values()], "c": [], "d": [], "e": []}
    images = new.get_model("sora_remix", "ReferenceImage").objects.order_by("digest")
    [mine, logo] = images.values_list("file", "stored_files")
    assert (mine[1], logo[1]) == ([mine[0]], [])


def test_rows_own_their_files_in_a_large_table(
    old: Any, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    before = _migrate([("sora_remix", "0003_fill_root")])
    video = before.get_model("sora_remix", "Video")
    video.objects.bulk_create(
        video(title="Sea", file=f"sora_remix/videos/{number:032x}.mp4") for number in range(1001)
    )

    with django_assert_max_num_queries(100):
        new = _migrate([("sora_remix", "0005_stored_files")])

    assert not new.get_model("sora_remix", "Video").objects.filter(stored_files=[]).exists()


def _drop_constraint(model: Any, name: str) -> None:
    """Have a table as it is on MySQL and MariaDB, which have no conditional constraints."""
    if connection.features.supports_partial_indexes:
        [constraint] = [one for one in model._meta.constraints if one.name == name]
        with connection.schema_editor() as editor:
            editor.remove_constraint(model, constraint)
            editor.add_index(model, models.Index(fields=["id"], name=name))


def test_duplicate_id_stays_with_the_first_row(old: Any) -> None:
    before = _migrate([("sora_remix", "0005_stored_files")])
    remix, video = (before.get_model("sora_remix", name) for name in ("Remix", "Video"))
    _drop_constraint(video, "sora_remix_video_sora_id_unique")
    _drop_constraint(remix, "sora_remix_remix_request_id_unique")
    for title, sora_id in (("a", "video_1"), ("b", "video_1"), ("c", ""), ("d", "")):
        source = video.objects.create(title=title, sora_id=sora_id)
    for prompt, status, request_id in (
        ("first", "processing", "fal-1"),
        ("second", "processing", "fal-1"),
        ("third", "succeeded", "fal-1"),
        ("none", "queued", ""),
        ("neither", "queued", ""),
    ):
        remix.objects.create(
            source=source, prompt=prompt, endpoint="sora-2", status=status, request_id=request_id
        )

    new = _migrate([("sora_remix", "0006_all_databases")])

    remixes = new.get_model("sora_remix", "Remix").objects.order_by("pk")
    assert list(remixes.values_list("status", "request_id", "other_request_ids")) == [
        ("processing", "fal-1", []),
        ("unconfirmed", "", ["fal-1"]),
        ("succeeded", "", ["fal-1"]),
        ("queued", "", []),
        ("queued", "", []),
    ]
    assert remixes.filter(request_id__isnull=True).count() == 4
    videos = new.get_model("sora_remix", "Video").objects.order_by("pk")
    assert list(videos.values_list("sora_id", flat=True)) == ["video_1", "", "", ""]

    before = _migrate([("sora_remix", "0005_stored_files")])

    assert before.get_model("sora_remix", "Remix").objects.filter(request_id="").count() == 4
    assert before.get_model("sora_remix", "Video").objects.filter(sora_id="").count() == 3


def test_existing_prompts_are_grouped_like_new_ones(old: Any) -> None:
    before = _migrate([("sora_remix", "0005_stored_files")])
    video = before.get_model("sora_remix", "Video").objects.create(title="Sea")
    rows = before.get_model("sora_remix", "Remix").objects
    for prompt in ("noir", "Noir", "noir"):
        rows.create(source=video, prompt=prompt, endpoint="sora-2")

    new = _migrate([("sora_remix", "0009_prompt_template")])

    kept = new.get_model("sora_remix", "Remix").objects.order_by("pk")
    digests = [sha256(prompt.encode()).hexdigest() for prompt in ("noir", "Noir", "noir")]
    assert [*kept.values_list("prompt_template", "prompt_digest")] == [("", one) for one in digests]


def test_source_copies_survive_the_new_name_of_their_model_there_and_back(old: Any) -> None:
    before = _migrate([("sora_remix", "0011_plain_words")])
    before.get_model("sora_remix", "Delivery").objects.create(name="a.mp4", url="https://fal/a")

    new = _migrate([("sora_remix", "0012_source_copies")])

    copies = new.get_model("sora_remix", "SourceCopy").objects
    assert [*copies.values_list("name", "url")] == [("a.mp4", "https://fal/a")]

    before = _migrate([("sora_remix", "0011_plain_words")])

    assert before.get_model("sora_remix", "Delivery").objects.get().name == "a.mp4"


def test_batches_get_keys_of_their_own_again_on_the_way_back(old: Any) -> None:
    before = _migrate([("sora_remix", "0012_source_copies")])
    for _ in range(2):
        before.get_model("sora_remix", "RemixBatch").objects.create()
    _migrate([("sora_remix", "0013_remove_batch_key")])

    before = _migrate([("sora_remix", "0012_source_copies")])

    keys = before.get_model("sora_remix", "RemixBatch").objects.values_list("key", flat=True)
    assert (len({*keys}), None in keys) == (2, False)


def test_existing_videos_have_no_key_of_an_upload(old: Any) -> None:
    before = _migrate([("sora_remix", "0016_preference")])
    for title in "ab":
        before.get_model("sora_remix", "Video").objects.create(title=title)

    new = _migrate([("sora_remix", "0017_upload_key")])

    videos = new.get_model("sora_remix", "Video").objects
    assert [*videos.values_list("upload_key", flat=True)] == ["", ""]
    assert videos.filter(upload_key__isnull=True).count() == 2


def test_finished_remixes_get_their_bills(old: Any) -> None:
    before = _migrate([("sora_remix", "0020_calculated_cost")])
    source = before.get_model("sora_remix", "Video").objects.create(title="a")
    remixes = before.get_model("sora_remix", "Remix").objects
    for request_id, finished_at in (("1", timezone.now()), ("2", None), (None, timezone.now())):
        remixes.create(source=source, request_id=request_id, finished_at=finished_at)

    new = _migrate([("sora_remix", "0023_bills")])

    due = new.get_model("sora_remix", "Remix").objects.filter(bill_due_at__isnull=False)
    assert list(due.values_list("request_id", flat=True)) == ["1"]
