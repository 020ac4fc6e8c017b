"""Text is compared exactly on every database, and blank texts are no duplicates."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.forms import modelform_factory

from sora_remix.models import EndpointFact, Remix, Video
from sora_remix.models.fields import exact_collation
from tests.factories import make_remix, make_video

ALIKE = ["Add 🔥", "Add 🎉", "add 🔥", "Ádd 🔥", "Add 🔥 "]
"""Texts that MySQL and MariaDB take for the same by default."""
MARIADB = SimpleNamespace(vendor="mysql", mysql_is_mariadb=True, data_types={}, ops=None)
MYSQL = SimpleNamespace(vendor="mysql", mysql_is_mariadb=False, data_types={}, ops=None)
TEXTS = [
    field
    for model in apps.get_app_config("sora_remix").get_models()
    for field in model._meta.get_fields()
    if isinstance(field, (models.CharField, models.TextField))
]


def _collation(field: Any, database: Any) -> str | None:
    collation: str | None = field.db_parameters(database).get("collation")
    return collation


@pytest.mark.parametrize("field", TEXTS, ids=str)
def test_every_text_column_is_compared_exactly(field: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(field), "db_type", lambda *_: "text")
    monkeypatch.setattr(type(field), "db_check", lambda *_: None)

    assert _collation(field, MARIADB) == "utf8mb4_nopad_bin"
    assert _collation(field, MYSQL) == "utf8mb4_0900_bin"
    assert _collation(field, SimpleNamespace(vendor="sqlite")) is None


@pytest.mark.skipif(connection.vendor != "mysql", reason="others have no collations that differ")
@pytest.mark.parametrize("field", TEXTS, ids=str)
def test_every_text_column_has_the_expected_type_in_the_database(db: None, field: Any) -> None:
    table = "SELECT collation_name FROM information_schema.columns WHERE table_schema = DATABASE()"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{table} AND table_name = %s AND column_name = %s",
            [field.model._meta.db_table, field.column],
        )
        assert cursor.fetchone() == (exact_collation(connection),)


def test_texts_differ_by_case_accents_emoji_and_spaces(db: None) -> None:
    EndpointFact.objects.bulk_create(EndpointFact(endpoint_id=text) for text in ALIKE)

    for text in ALIKE:
        [fact] = EndpointFact.objects.filter(endpoint_id=text)
        assert fact.endpoint_id == text
    assert EndpointFact.objects.values("endpoint_id").distinct().count() == len(ALIKE)


def test_prompts_that_differ_in_case_or_emoji_have_separate_groups(db: None) -> None:
    for text in ALIKE:
        make_remix(prompt=text)

    groups = Remix.objects.order_by().values("prompt").annotate(many=models.Count("pk"))

    assert {group["prompt"]: group["many"] for group in groups} == dict.fromkeys(ALIKE, 1)


@pytest.mark.parametrize(
    ("lookup", "text"),
    [
        ("icontains", "NIGHT"),
        ("icontains", "by night"),
        ("istartswith", "SEA BY N"),
        ("iendswith", "NIGHT 🔥"),
        ("iexact", "SEA BY NIGHT 🔥"),
    ],
)
def test_case_insensitive_lookups_work_on_every_database(db: None, lookup: str, text: str) -> None:
    video = make_video(title="Sea by Night 🔥")
    make_video(title="Sea by day 🎉")
    make_remix(source=video, prompt="100% Noir_")

    assert Video.objects.filter(**{f"title__{lookup}": text}).get() == video
    assert not Video.objects.filter(**{f"title__{lookup}": "_ea%"}).exists()


def test_search_finds_characters_with_a_meaning_in_patterns(db: None) -> None:
    remix = make_remix(prompt="100% Noir_")
    make_remix(prompt="100 noirs")

    assert Remix.objects.filter(prompt__icontains="% NOIR_").get() == remix


def test_a_blank_id_is_null_in_the_database_and_blank_in_python(db: None) -> None:
    remix = make_remix()

    with connection.cursor() as cursor:
        cursor.execute("SELECT request_id FROM sora_remix_remix")
        assert list(cursor.fetchall()) == [(None,)]
    remix.refresh_from_db()
    assert remix.request_id == ""
    assert Remix().request_id == ""
    assert list(Remix.objects.values_list("request_id", flat=True)) == [""]


def test_rows_are_found_by_a_blank_id(db: None) -> None:
    blank, sent = make_remix(), make_remix(request_id="fal-1")

    assert Remix.objects.filter(request_id="").get() == blank
    assert Remix.objects.exclude(request_id="").get() == sent
    assert Remix.objects.exclude(request_id="fal-1").get() == blank
    assert Remix.objects.filter(request_id__gt="").get() == sent


def test_form_gives_a_blank_id_as_the_database_does() -> None:
    form = modelform_factory(Video, fields=["title", "sora_id"])({"title": "Sea", "sora_id": ""})

    assert form.save(commit=False).sora_id == ""


def test_id_can_be_made_blank_again(db: None) -> None:
    remix = make_remix(request_id="fal-1")

    Remix.objects.filter(pk=remix.pk).update(request_id="")

    assert Remix.objects.filter(request_id__isnull=True).get() == remix


@pytest.mark.parametrize("other", ["FAL-1", "fal-1 ", "fäl-1"])
def test_request_id_belongs_to_one_remix(db: None, other: str) -> None:
    make_remix(request_id="fal-1")
    make_remix(request_id=other)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_remix(request_id="fal-1")


def test_many_videos_can_have_no_sora_id(db: None) -> None:
    make_video(sora_id="")
    make_video(sora_id="video_1")

    Video(title="Sea", sora_id="").validate_constraints()
    with pytest.raises(ValidationError, match="already"):
        Video(title="Sea", sora_id="video_1").validate_constraints()
