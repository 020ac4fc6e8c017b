"""Each of several uploads becomes the same video as by the form for one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from sora_remix.admin.files import adding
from sora_remix.models import Video
from tests.admin_urls import upload_url
from tests.forms import submit
from tests.remix_actions import log_in
from tests.storages import ContentStorage, use_storage

pytestmark = pytest.mark.django_db

ADD = "/admin/sora_remix/video/add/"
STORED_LATER = "The server couldn't store this file. Send it again later."


def _file(clip: Path, name: str = "sea.mp4") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, clip.read_bytes(), "video/mp4")


def _send(client: Client, upload: Any, **values: str) -> Any:
    response = client.post(upload_url(), {"file": upload, **values}, HTTP_ACCEPT="application/json")
    return response.json()


def _files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _record_of(video: Video) -> dict[str, Any]:
    """Return what was saved of a video, apart from what differs between any two."""
    values = {field.name: getattr(video, field.attname) for field in Video._meta.concrete_fields}
    for name in ("id", "file", "thumbnail", "stored_files", "created_at", "decided_at"):
        del values[name]
    entries = LogEntry.objects.filter(object_id=video.pk).order_by("pk")
    log = [(entry.action_flag, entry.user_id, entry.get_change_message()) for entry in entries]
    return {**values, "log": log, "files": len(video.stored_files)}


@pytest.mark.parametrize("permissions", [(), ("approve_video",)])
def test_video_is_saved_as_by_the_form_for_one(
    client: Client, media_root: Path, clip: Path, permissions: tuple[str, ...]
) -> None:
    log_in(client, "add_video", "view_video", *permissions)
    submit(client, ADD, {"title": "Sea", "file": _file(clip)})

    _send(client, _file(clip), title="Sea")

    many, one = Video.objects.all()
    assert _record_of(many) == _record_of(one)
    assert many.is_approved is bool(permissions)


@pytest.mark.parametrize("title", ["", " "])
def test_file_without_a_title_is_titled_by_its_name(
    admin_client: Client, media_root: Path, clip: Path, title: str
) -> None:
    answer = _send(admin_client, _file(clip, "sea_at_dawn.mp4"), title=title)

    assert answer["video"]["title"] == Video.objects.get().title == "sea at dawn"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"no video", "This is not a readable video. Upload an MP4, MOV or WebM."),
        (b"", "The submitted file is empty."),
    ],
)
def test_what_is_no_video_is_refused_with_the_reason(
    admin_client: Client, media_root: Path, content: bytes, error: str
) -> None:
    answer = _send(admin_client, SimpleUploadedFile("a.mp4", content))

    assert answer == {"errors": [error]}
    assert not Video.objects.exists()
    assert not _files_in(media_root)


def test_error_in_the_title_names_its_field(
    admin_client: Client, media_root: Path, clip: Path
) -> None:
    answer = _send(admin_client, _file(clip), title="a" * 201)

    [error] = answer["errors"]
    assert error.startswith("Title: Ensure this value has at most 200 characters")


def test_repeated_key_returns_the_first_video(
    admin_client: Client, media_root: Path, clip: Path
) -> None:
    first, second = (_send(admin_client, _file(clip), upload_key="k1") for _ in range(2))

    assert first == second
    assert _files_in(media_root) == {*Video.objects.get().stored_files}


def test_uploads_without_a_key_are_separate_videos(
    admin_client: Client, media_root: Path, clip: Path
) -> None:
    for _ in range(2):
        _send(admin_client, _file(clip))

    assert Video.objects.count() == 2


def test_key_of_another_user_shows_nothing_of_their_video(
    client: Client, media_root: Path, clip: Path
) -> None:
    other = User.objects.create_user("other")
    Video.objects.create(title="Secret", sora_id="video_1", upload_key="k1", created_by=other)
    log_in(client, "add_video")

    answer = _send(client, _file(clip), upload_key="k1")

    assert answer == {"errors": [STORED_LATER]}
    assert not _files_in(media_root)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("storage", [FileSystemStorage, ContentStorage])
def test_two_requests_with_one_key_at_once_leave_one_video_and_its_files(
    admin_client: Client,
    media_root: Path,
    clip: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    storage: Any,
) -> None:
    if storage is not FileSystemStorage:
        use_storage(settings, storage)
    first = _send(admin_client, _file(clip), upload_key="k1")
    find = adding.find_by_key
    seen = [None]  # the second request looks before the first one has saved

    def look(request: HttpRequest, key: str) -> Video | None:
        return seen.pop() if seen else find(request, key)

    monkeypatch.setattr(adding, "find_by_key", look)

    second = _send(admin_client, _file(clip), upload_key="k1")

    assert second == first
    assert _files_in(media_root) == {*Video.objects.get().stored_files}


def test_no_file_stays_when_what_follows_the_row_can_not_be_saved(
    admin_client: Client, media_root: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        assert _files_in(media_root)
        raise OperationalError("the database is gone")

    monkeypatch.setattr(LogEntry.objects.__class__, "log_actions", fail)

    answer = _send(admin_client, _file(clip))

    assert answer == {"errors": [STORED_LATER]}
    assert not Video.objects.exists()
    assert not _files_in(media_root)


def test_error_of_the_storage_stays_with_its_file_and_is_logged(
    admin_client: Client,
    media_root: Path,
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    save = FileSystemStorage._save  # type: ignore[attr-defined]
    full = [OSError("No space left on device")]

    def keep(storage: FileSystemStorage, name: str, content: Any) -> Any:
        if full:
            raise full.pop()
        return save(storage, name, content)

    monkeypatch.setattr(FileSystemStorage, "_save", keep)

    response = admin_client.post(upload_url(), {"file": [_file(clip, "a.mp4"), _file(clip)]})

    assert STORED_LATER in response.content.decode().replace("&#x27;", "'")
    assert Video.objects.get().title == "sea"
    assert "No space left on device" in caplog.text
