"""Players get new file URLs as long as the site shows their videos."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix import tokens
from sora_remix.models import Approval, Video
from sora_remix.storage import app_storage
from sora_remix.tokens import make_token
from tests.factories import make_video

PARTS = ("file", "thumbnail", "captions")


class SigningStorage(InMemoryStorage):
    """A storage that signs each URL differently."""

    signatures = count()

    def url(self, name: str | None) -> str:
        return f"https://files.example/{name}?signature={next(self.signatures)}"


@pytest.fixture
def video(db: None, settings: Settings) -> Video:
    """An approved video with all its files, in a storage that signs."""
    backend = {"BACKEND": f"{__name__}.SigningStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
    SigningStorage.signatures = count()
    app_storage().save("a.vtt", ContentFile(b"WEBVTT"))
    files = {"file": "a.mp4", "thumbnail": "a.jpg", "captions": "a.vtt", "spritesheet": "a.png"}
    return make_video(approval=Approval.APPROVED, **files)


def _path(video: Video, part: str) -> str:
    return reverse("sora_remix:video", args=[make_token(video.pk), part])


@pytest.mark.parametrize(("part", "name"), [("file", "a.mp4"), ("thumbnail", "a.jpg")])
def test_redirect_uses_a_freshly_signed_url(
    client: Client, video: Video, part: str, name: str
) -> None:
    path = _path(video, part)

    answers = [client.get(path), client.head(path)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert [answer["Location"] for answer in answers] == [
        f"https://files.example/{name}?signature={number}" for number in (0, 1)
    ]


def test_captions_are_served_by_the_site(client: Client, video: Video) -> None:
    response = client.get(_path(video, "captions"))

    assert (response.status_code, response.content) == (200, b"WEBVTT")
    assert response["Content-Type"] == "text/vtt; charset=utf-8"


@pytest.mark.parametrize("part", PARTS)
def test_responses_are_not_cached(client: Client, video: Video, part: str) -> None:
    answers = [client.get(_path(video, part)), client.get(f"/sora_remix/video/forged/{part}/")]

    assert [answer.status_code for answer in answers] == [200 if part == "captions" else 302, 404]
    assert {answer["Cache-Control"] for answer in answers} == {"private, no-store"}


@pytest.mark.parametrize("approval", [Approval.NEW, Approval.REJECTED])
@pytest.mark.parametrize("part", PARTS)
def test_video_that_is_no_longer_approved_is_not_found(
    client: Client, video: Video, part: str, approval: str
) -> None:
    path = _path(video, part)
    Video.objects.update(approval=approval)

    assert client.get(path).status_code == 404


@pytest.mark.parametrize("part", ["spritesheet", "sora_id", "pk", "delete", "objects"])
def test_files_that_the_player_does_not_show_are_not_found(
    client: Client, video: Video, part: str
) -> None:
    assert client.get(_path(video, part)).status_code == 404


@pytest.mark.parametrize("part", PARTS)
def test_missing_file_is_not_found(client: Client, video: Video, part: str) -> None:
    Video.objects.update(**{part: ""})

    assert client.get(_path(video, part)).status_code == 404


def test_deleted_video_is_not_found(client: Client, video: Video) -> None:
    path = _path(video, "file")
    video.delete()

    assert client.get(path).status_code == 404


def test_changed_or_expired_token_is_refused(
    client: Client,
    video: Video,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    path = _path(video, "file")
    changed = path.replace(f"/{video.pk}:", f"/{video.pk + 1}:")
    assert changed != path
    monkeypatch.setattr(tokens, "MAX_AGE", timedelta(seconds=-1))

    with django_assert_num_queries(0):
        assert [client.get(one).status_code for one in (changed, path)] == [404, 404]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_get_requests_are_accepted(client: Client, method: str) -> None:
    assert client.generic(method, "/sora_remix/video/token/file/").status_code == 405


def test_request_needs_one_query_and_no_session(
    client: Client,
    video: Video,
    settings: Settings,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    path = _path(video, "file")

    with django_assert_num_queries(1):
        assert client.get(path).status_code == 302
    assert not client.cookies
