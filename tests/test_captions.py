"""Captions are WebVTT, have a language, and are served by the site."""

from __future__ import annotations

import io

import pytest
from django.core.files.base import ContentFile
from django.test import override_settings
from pytest_django import Settings

from sora_remix.captions import LANGUAGE_TAG, MAX_BYTES, Track, is_webvtt, response_with, track_of
from sora_remix.models import Video
from sora_remix.storage import app_storage

MEMORY = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
CUE = "\n\n00:00.000 --> 00:01.000\nWaves."


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        (f"WEBVTT{CUE}", True),
        (f"\ufeffWEBVTT{CUE}", True),
        (f"WEBVTT The sea, geräuschvoll{CUE}", True),
        (f"WEBVTT\r{CUE}", True),
        ("WEBVTT", True),
        (f"WEBVTTS{CUE}", False),
        (f"\nWEBVTT{CUE}", False),
        (f"webvtt{CUE}", False),
        ("1\n00:00:00,000 --> 00:00:01,000\nSubRip", False),
        ("<script>1</script>", False),
        ("", False),
    ],
)
def test_webvtt_is_distinguished_from_other_files(text: str, is_it: bool) -> None:
    assert is_webvtt(io.BytesIO(text.encode())) is is_it


def test_webvtt_must_be_utf_8() -> None:
    assert not is_webvtt(io.BytesIO("WEBVTT geräuschvoll".encode("latin-1")))


def test_checked_file_is_rewound() -> None:
    files = [io.BytesIO(text) for text in (b"WEBVTT", b"\xff")]

    for file in files:
        is_webvtt(file)

    assert [file.tell() for file in files] == [0, 0]


def test_reading_stops_at_the_limit_for_captions() -> None:
    file = io.BytesIO(b"WEBVTT".ljust(MAX_BYTES) + b"\xff")

    assert is_webvtt(file)


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("en", True),
        ("pt-br", True),
        ("zh-Hant-TW", True),
        ("e", False),
        ("english please", False),
        ("en_GB", False),
        ("en-", False),
        ('en"', False),
        ("en\n", False),
    ],
)
def test_language_code_is_recognised_by_its_form(code: str, is_one: bool) -> None:
    assert bool(LANGUAGE_TAG.search(code)) is is_one


@pytest.mark.parametrize(
    ("language", "label"),
    [
        ("de", "Deutsch"),
        ("de-AT", "Deutsch"),
        ("PT-BR", "Português Brasileiro"),
        ("tlh", "tlh"),
        ("tlh-x", "tlh-x"),
    ],
)
def test_track_is_labelled_with_the_own_name_of_its_language(language: str, label: str) -> None:
    video = Video(captions="a.vtt", captions_language=language)

    assert track_of(video, "/a.vtt") == Track("/a.vtt", language, label)


@override_settings(LANGUAGE_CODE="fr")
def test_captions_without_a_language_are_in_the_language_of_the_site() -> None:
    assert track_of(Video(captions="a.vtt"), "/a.vtt") == Track("/a.vtt", "fr", "français")


def test_captions_are_sent_only_as_webvtt(settings: Settings) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": MEMORY}
    app_storage().save("a.vtt", ContentFile(b"WEBVTT"))

    response = response_with(Video(captions="a.vtt").captions)

    assert (response.status_code, response.content) == (200, b"WEBVTT")
    assert response["Content-Type"] == "text/vtt; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_captions_missing_in_the_storage_are_not_found(settings: Settings) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": MEMORY}

    assert response_with(Video(captions="a.vtt").captions).status_code == 404
