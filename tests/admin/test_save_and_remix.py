"""A new video is saved and remixed with one button."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sora_remix.models import RemixBatch, Video
from tests.admin_urls import change_url, confirm_url
from tests.checkout import retire_models_for_any_length
from tests.decoding.recordings import record
from tests.forms import submit
from tests.html import find_all, messages
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

ADD = "/admin/sora_remix/video/add/"
BUTTON = "_saveandremix"


def _save(client: Client, kind: str) -> Any:
    upload = SimpleUploadedFile("sea.mp4", record(kind))
    return submit(client, ADD, {"title": "Sea", "file": upload}, BUTTON, follow=True)


def test_new_video_is_saved_and_its_draft_is_shown(admin_client: Client, media_root: Path) -> None:
    page = _save(admin_client, "mp4")

    batch = RemixBatch.objects.get()
    assert list(batch.videos.all()) == [Video.objects.get()]
    assert page.request["PATH_INFO"] == confirm_url(batch)


def test_video_that_can_not_be_remixed_is_saved_and_its_page_says_why(
    admin_client: Client, media_root: Path
) -> None:
    retire_models_for_any_length()

    page = _save(admin_client, "matroska")

    assert page.request["PATH_INFO"] == change_url(Video.objects.get())
    assert messages(page) == [
        "“Sea” was saved. It can't be remixed: "
        "It is 0.2 s long, but the model accepts at least 0.7 s."
    ]
    assert not RemixBatch.objects.exists()


def test_video_with_errors_is_not_saved(admin_client: Client) -> None:
    page = submit(admin_client, ADD, {"title": ""}, BUTTON)

    assert page.status_code == 200
    assert not Video.objects.exists()
    assert not RemixBatch.objects.exists()


@pytest.mark.parametrize(
    ("permissions", "many"),
    [(("view_video", "remix_video"), 1), (("remix_video",), 0), (("view_video",), 0), ((), 0)],
)
def test_button_is_shown_to_those_who_may_remix(
    client: Client, permissions: tuple[str, ...], many: int
) -> None:
    log_in(client, "add_video", *permissions)

    page = client.get(ADD)

    assert len(find_all(page, "input", name=BUTTON)) == many


@pytest.mark.parametrize("permission", ["view_video", "remix_video"])
def test_button_that_is_sent_without_permission_only_saves(
    client: Client, media_root: Path, permission: str
) -> None:
    log_in(client, "add_video", permission)
    upload = SimpleUploadedFile("sea.mp4", record("mp4"))

    client.post(ADD, {"title": "Sea", "file": upload, BUTTON: "1"})

    assert Video.objects.get().title == "Sea"
    assert not RemixBatch.objects.exists()


def test_page_of_a_video_has_no_such_button(admin_client: Client) -> None:
    video = Video.objects.create(title="Sea", sora_id="video_1")

    assert not find_all(admin_client.get(change_url(video)), "input", name=BUTTON)


def test_window_that_another_form_opens_has_no_such_button(admin_client: Client) -> None:
    page = admin_client.get(ADD, {"_popup": "1"})

    assert not find_all(page, "input", name=BUTTON)
