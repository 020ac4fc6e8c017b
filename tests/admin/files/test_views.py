"""Redirects of the admin to the files of a video."""

from __future__ import annotations

from itertools import count

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.storage import InMemoryStorage
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tests.admin_urls import file_url
from tests.factories import make_video

pytestmark = pytest.mark.django_db


class SigningStorage(InMemoryStorage):
    """Signs each URL anew."""

    signed = count(1)

    def url(self, name: str | None) -> str:
        return f"https://storage.example.com/{name}?signature={next(self.signed)}"


@pytest.fixture(autouse=True)
def signing(settings: Settings) -> None:
    SigningStorage.signed = count(1)
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": f"{__name__}.SigningStorage"},
    }


@pytest.mark.parametrize("part", ["file", "thumbnail"])
def test_redirect_uses_a_freshly_signed_url_each_time(admin_client: Client, part: str) -> None:
    url = file_url(make_video(**{part: "a.bin"}), part)

    first, second = admin_client.get(url), admin_client.head(url)

    assert first.status_code == second.status_code == 302
    assert first["Location"] == "https://storage.example.com/a.bin?signature=1"
    assert second["Location"] == "https://storage.example.com/a.bin?signature=2"
    assert "no-store" in first["Cache-Control"] and "private" in first["Cache-Control"]


@pytest.mark.parametrize("part", ["thumbnail", "captions", "title", "created_by", "pk"])
def test_only_existing_files_of_a_video_are_served(admin_client: Client, part: str) -> None:
    video = make_video(file="a.mp4", captions="a.vtt")

    assert admin_client.get(file_url(video, part)).status_code == 404
    assert admin_client.get(f"/admin/sora_remix/video/{video.pk + 1}/file/file/").status_code == 404


def test_only_get_requests_are_accepted(admin_client: Client) -> None:
    assert admin_client.post(file_url(make_video(file="a.mp4"), "file")).status_code == 405


@pytest.mark.parametrize(
    ("codename", "status"),
    [("view_video", 302), ("view_remix", 404), ("remix_video", 403), (None, 403)],
)
def test_redirect_needs_permission_to_view_videos_or_remixes(
    client: Client, codename: str | None, status: int
) -> None:
    user = User.objects.create_user("editor", is_staff=True)
    if codename:
        user.user_permissions.add(Permission.objects.get(codename=codename))
    client.force_login(user)

    assert client.get(file_url(make_video(file="a.mp4"), "file")).status_code == status


def test_anonymous_user_is_sent_to_the_login(client: Client) -> None:
    response = client.get(file_url(make_video(file="a.mp4"), "file"))

    assert response["Location"].startswith("/admin/login/")


def test_row_is_queried_once(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = file_url(make_video(file="a.mp4"), "file")

    with django_assert_num_queries(3):  # session, user, video
        admin_client.get(url)
