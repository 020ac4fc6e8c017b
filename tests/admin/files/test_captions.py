"""Editors add, replace and remove captions, and no orphaned file remains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from sora_remix.captions import MAX_BYTES
from sora_remix.models import Video
from sora_remix.storage import app_storage
from tests.admin_urls import captions_url, change_url
from tests.factories import make_video
from tests.forms import submit
from tests.html import errors

pytestmark = pytest.mark.django_db

ADD = "/admin/sora_remix/video/add/"
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nWaves."
OTHER = VTT.replace(b"Waves", b"Gulls")


@pytest.fixture(autouse=True)
def folder(media_root: Path) -> Path:
    """Return where captions are kept."""
    return media_root / "sora_remix" / "captions"


def _vtt(content: bytes = VTT, name: str = "Sea.VTT") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/vtt")


def _viewer(client: Client) -> Client:
    user = User.objects.create_user("editor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_video"))
    client.force_login(user)
    return client


def _post(client: Client, video: Video, **values: Any) -> Any:
    return submit(client, change_url(video), values)


def _with_captions(client: Client, content: bytes = VTT) -> Video:
    video = make_video()
    assert _post(client, video, captions=_vtt(content)).status_code == 302
    video.refresh_from_db()
    return video


def _kept(folder: Path) -> Sequence[bytes]:
    return sorted(path.read_bytes() for path in folder.glob("*"))


def test_captions_are_added_with_a_video(admin_client: Client, folder: Path) -> None:
    form = {"title": "Sea", "sora_id": "video_1", "captions": _vtt(), "captions_language": "pt-br"}

    submit(admin_client, ADD, form)

    video = Video.objects.get()
    assert video.captions_language == "pt-br"
    assert str(video.captions.name).endswith(".vtt")
    assert "Sea" not in str(video.captions.name)
    assert _kept(folder) == [VTT]


def test_captions_file_can_have_any_name(admin_client: Client, folder: Path) -> None:
    response = _post(admin_client, make_video(), captions=_vtt(name="x" * 240 + ".vtt"))

    assert response.status_code == 302
    assert _kept(folder) == [VTT]


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        (b"1\n00:00:00,000 --> 00:00:01,000\nSubRip", "sea.vtt", "not a WebVTT file"),
        (b"WEBVTT \xff", "sea.vtt", "not a WebVTT file"),
        (VTT, "sea.html", "extension"),
        (VTT.ljust(MAX_BYTES + 1), "sea.vtt", "the limit is 1.0\xa0MB"),
    ],
)
def test_invalid_captions_are_an_error_of_their_field(
    admin_client: Client, folder: Path, content: bytes, name: str, problem: str
) -> None:
    response = _post(admin_client, make_video(), captions=_vtt(content, name))

    [[error]] = errors(response).values()
    assert problem in error
    assert "captions" in errors(response)
    assert not folder.exists()


def test_captions_can_be_as_large_as_the_limit(admin_client: Client, folder: Path) -> None:
    _with_captions(admin_client, VTT.ljust(MAX_BYTES))

    assert len(_kept(folder)) == 1


@pytest.mark.parametrize("code", ["english please", "en_GB", '"><script>'])
def test_invalid_language_code_is_refused(admin_client: Client, code: str) -> None:
    response = _post(admin_client, make_video(), captions_language=code)

    assert list(errors(response)) == ["captions_language"]


def test_captions_are_kept_when_another_field_is_changed(
    admin_client: Client,
    folder: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    video = _with_captions(admin_client)

    with django_capture_on_commit_callbacks(execute=True):
        _post(admin_client, video, title="Lake")

    video.refresh_from_db()
    assert (video.title, _kept(folder)) == ("Lake", [VTT])


@pytest.mark.parametrize(
    ("change", "left"), [({"captions": _vtt(OTHER)}, [OTHER]), ({"captions-clear": "on"}, [])]
)
def test_old_captions_are_deleted_when_the_change_is_committed(
    admin_client: Client,
    folder: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    change: dict[str, Any],
    left: list[bytes],
) -> None:
    video = _with_captions(admin_client)

    with django_capture_on_commit_callbacks(execute=True):
        _post(admin_client, video, **change)
        before = _kept(folder)

    assert (VTT in before, _kept(folder)) == (True, left)
    assert bool(Video.objects.get().captions) is bool(left)


def test_captions_shared_with_another_video_are_kept(
    admin_client: Client,
    folder: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    video = _with_captions(admin_client)
    make_video(captions=video.captions.name)

    with django_capture_on_commit_callbacks(execute=True):
        _post(admin_client, video, captions=_vtt(OTHER))

    assert _kept(folder) == sorted([VTT, OTHER])


def test_captions_that_the_site_had_before_are_kept(
    admin_client: Client,
    folder: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    app_storage().save("sora_remix/captions/own.vtt", ContentFile(VTT))
    video = make_video(captions="sora_remix/captions/own.vtt")

    with django_capture_on_commit_callbacks(execute=True):
        _post(admin_client, video, captions=_vtt(OTHER))

    video.refresh_from_db()
    assert _kept(folder) == sorted([VTT, OTHER])
    assert video.stored_files == [video.captions.name]


def test_captions_stored_by_another_editor_meanwhile_stay_owned(
    admin_client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make_video()
    page, as_it_was = admin_client.get(change_url(video)), Video.objects.get()
    video.file.save("a.mp4", ContentFile(b"x"))
    # The second one's form was read before the first had saved.
    monkeypatch.setattr(
        "sora_remix.admin.videos.VideoAdmin.get_object", lambda *_args, **_kwargs: as_it_was
    )

    submit(admin_client, page, {"captions": _vtt()})

    video.refresh_from_db()
    assert video.stored_files == [video.file.name, video.captions.name]


def test_second_of_two_simultaneous_editors_deletes_the_captions_of_the_first(
    admin_client: Client,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    video = _with_captions(admin_client)
    page, as_it_was = admin_client.get(change_url(video)), Video.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        _post(admin_client, video, captions=_vtt(OTHER))
    # The second one's form was read before the first had saved.
    monkeypatch.setattr(
        "sora_remix.admin.videos.VideoAdmin.get_object", lambda *_args, **_kwargs: as_it_was
    )

    with django_capture_on_commit_callbacks(execute=True):
        submit(admin_client, page, {"captions": _vtt(VTT + b"!")})

    assert _kept(folder) == [VTT + b"!"]


def test_page_of_a_video_plays_it_with_captions_served_by_the_site(
    admin_client: Client,
) -> None:
    video = _with_captions(admin_client)
    Video.objects.update(file="a.mp4", captions_language="de")

    page = admin_client.get(change_url(video)).content.decode()

    src = f"/admin/sora_remix/video/{video.pk}/captions/"
    assert f'<track kind="captions" src="{src}" srclang="de" label="Deutsch">' in page


def test_player_without_captions_has_no_track(admin_client: Client) -> None:
    page = admin_client.get(change_url(make_video(file="a.mp4"))).content.decode()

    assert "<video" in page
    assert "<track" not in page


def test_captions_are_sent_to_users_who_can_view_the_video(
    admin_client: Client, client: Client
) -> None:
    video = _with_captions(admin_client)
    url = captions_url(video)

    response = _viewer(client).get(url)

    assert (response.status_code, response.content) == (200, VTT)
    assert response["Content-Type"] == "text/vtt; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert client.post(url).status_code == 405


def test_captions_are_refused_to_everybody_else(admin_client: Client, client: Client) -> None:
    url = captions_url(_with_captions(admin_client))

    anonymous = client.get(url)
    client.force_login(User.objects.create_user("editor", is_staff=True))

    assert (anonymous.status_code, client.get(url).status_code) == (302, 403)


def test_video_without_captions_has_no_captions_to_send(admin_client: Client) -> None:
    assert admin_client.get(captions_url(make_video())).status_code == 404


def test_user_with_view_permission_can_not_change_captions(
    admin_client: Client, client: Client
) -> None:
    video = _with_captions(admin_client)
    _viewer(client)

    page = client.get(change_url(video)).content.decode()

    assert str(video.captions.name) in page
    assert 'name="captions' not in page
    forged = {"title": video.title, "sora_id": video.sora_id, "captions-clear": "on"}
    assert client.post(change_url(video), forged).status_code == 403
