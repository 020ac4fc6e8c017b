"""A Remix button starts a draft with one video."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client

from sora_remix.admin import VideoAdmin
from sora_remix.models import RemixBatch, Video
from tests.admin_pages import log_in_editor, make_site, urls_with
from tests.admin_urls import confirm_url, video_url
from tests.factories import make_video
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/video/"


def _press(client: Client, video: Any) -> Any:
    return client.post(video_url("remix"), {"video": video})


def test_a_click_opens_the_confirm_page_of_a_draft_with_this_video(
    admin_client: Client, admin_user: User
) -> None:
    video, _other = make_video(), make_video()

    response = _press(admin_client, video.pk)

    batch = RemixBatch.objects.get()
    assert response.url == confirm_url(batch)
    assert list(batch.videos.all()) == [video]
    assert batch.created_by == admin_user


def test_a_get_after_a_login_in_between_leads_to_the_list(admin_client: Client) -> None:
    response: Any = admin_client.get(video_url("remix"))

    assert response.url == LIST
    assert not RemixBatch.objects.exists()


@pytest.mark.parametrize("sent", ["", "x", "0", str(2**63)])
def test_what_is_no_video_is_not_found(admin_client: Client, sent: str) -> None:
    assert _press(admin_client, sent).status_code == 404


def test_request_without_a_video_is_not_found(admin_client: Client) -> None:
    assert admin_client.post(video_url("remix")).status_code == 404


@pytest.mark.parametrize("permissions", [("view_video",), ("remix_video",), ("view_remix",)])
def test_both_permissions_are_needed(client: Client, permissions: tuple[str, ...]) -> None:
    log_in(client, *permissions)
    video = make_video()

    assert _press(client, video.pk).status_code == 403
    assert client.get(video_url("remix")).status_code == 403
    assert not RemixBatch.objects.exists()


def test_video_that_the_list_hides_is_not_found(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = make_video(title="Hidden")

    def shown(self: VideoAdmin, request: HttpRequest) -> Any:
        return Video.objects.exclude(title="Hidden")

    monkeypatch.setattr(VideoAdmin, "get_queryset", shown)

    assert _press(admin_client, hidden.pk).status_code == 404


def test_video_that_its_object_permission_hides_is_refused(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make_video()

    def may_view(self: VideoAdmin, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None

    monkeypatch.setattr(VideoAdmin, "has_view_permission", may_view)

    assert _press(admin_client, video.pk).status_code == 403
    assert not RemixBatch.objects.exists()


def test_site_without_batches_starts_no_draft(client: Client, settings: Any) -> None:
    site: admin.AdminSite = make_site(Video)
    settings.ROOT_URLCONF = urls_with(("editors/", site))
    log_in_editor(client)
    video = make_video()

    response = client.post("/editors/sora_remix/video/remix/", {"video": video.pk})

    assert response.status_code == 403
