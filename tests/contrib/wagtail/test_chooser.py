"""The chooser shows what pages may show, and takes uploads as the Django admin does."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve, reverse
from pytest_django import DjangoAssertNumQueries

from sora_remix.models import Approval, Remix, Video
from tests.approved_videos import show
from tests.factories import make_remix, make_video
from tests.sites.wagtail.people import make_editor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]

CHOOSE = "/cms/sora-remix/chooser/"


def _window(client: Client, **query: str) -> str:
    return str(client.get(CHOOSE, query).json()["html"])


def _results(client: Client, **query: str) -> str:
    return client.get(f"{CHOOSE}results/", query).content.decode()


def _upload(client: Client, content: bytes, **values: str) -> Any:
    file = SimpleUploadedFile("low_tide-2.mov", content, "video/quicktime")
    data = {"file": file, "title": "", "upload_key": str(uuid4()), **values}
    return client.post(f"{CHOOSE}create/", data).json()


def test_window_shows_approved_videos_with_their_pictures(cms: Client) -> None:
    shown = show(title="Low tide")
    for approval in (Approval.NEW, Approval.REJECTED):
        show(title=f"Secret {approval}", approval=approval)
    make_video(title="Secret without a file", approval=Approval.APPROVED)

    html = _window(cms)

    assert "Low tide" in html and shown.thumbnail.url in html
    assert "Secret" not in html


def test_result_of_a_remix_can_be_chosen_once_it_is_approved(cms: Client) -> None:
    result = show(title="Noir tide", approval=Approval.NEW)
    make_remix(result=result, status=Remix.Status.SUCCEEDED)
    assert "Noir tide" not in _window(cms)

    result.approve()

    assert "Noir tide" in _window(cms)


def test_search_finds_titles_with_every_word(cms: Client) -> None:
    show(title="Low tide at Dover")
    show(title="High tide at Calais")

    html = _results(cms, q="tide dover")

    assert "Low tide at Dover" in html and "Calais" not in html


def test_search_for_a_thousand_words_is_not_tried(cms: Client) -> None:
    show(title="Low tide")

    assert "Low tide" in _results(cms, q="a " * 1500)


def test_number_of_queries_does_not_depend_on_the_number_of_videos(
    cms: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        show()
    cms.get(f"{CHOOSE}results/")
    with django_assert_max_num_queries(20) as few:
        cms.get(f"{CHOOSE}results/")
    for _ in range(8):
        show()

    with django_assert_max_num_queries(len(few)):
        cms.get(f"{CHOOSE}results/")


def test_chosen_video_comes_with_its_picture_and_no_warning(cms: Client) -> None:
    video = show(title="Low tide")

    chosen = cms.get(f"{CHOOSE}chosen/{video.pk}/").json()["result"]

    assert chosen["id"] == str(video.pk) and chosen["title"] == "Low tide"
    assert chosen["picture"] == video.thumbnail.url and chosen["warning"] == ""


@pytest.mark.parametrize("pk", ["0", "x", "9" * 30])
def test_unknown_video_can_not_be_chosen(cms: Client, pk: str) -> None:
    assert cms.get(f"{CHOOSE}chosen/{pk}/").status_code == 404


def test_video_that_is_not_approved_can_not_be_chosen(cms: Client) -> None:
    secret, shown = show(approval=Approval.NEW), show()

    several = cms.get(f"{CHOOSE}chosen-multiple/", {"id": [str(secret.pk), str(shown.pk), "x"]})

    assert cms.get(f"{CHOOSE}chosen/{secret.pk}/").status_code == 404
    assert [one["id"] for one in several.json()["result"]] == [str(shown.pk)]


def test_upload_is_examined_as_in_the_django_admin_and_chosen(
    cms: Client, clip: Path, editor: Any
) -> None:
    answer = _upload(cms, clip.read_bytes())

    video = Video.objects.get()
    assert answer["step"] == "chosen" and answer["result"]["id"] == str(video.pk)
    assert video.title == "low tide 2" and video.created_by == editor
    assert (video.width, video.height, video.container) == (160, 90, "mp4")
    assert video.thumbnail and str(video.file.name).endswith(".mp4")
    assert video.approval == Approval.NEW
    assert "not approved yet" in answer["result"]["warning"]


def test_upload_of_somebody_who_may_approve_is_approved(client: Client, clip: Path) -> None:
    client.force_login(make_editor("add_video", "approve_video"))

    answer = _upload(client, clip.read_bytes(), title="High tide")

    assert Video.objects.get().is_approved and Video.objects.get().title == "High tide"
    assert answer["result"]["warning"] == ""


def test_file_that_is_no_video_is_refused_beside_its_field(cms: Client) -> None:
    answer = _upload(cms, b"no video", title="Low tide")

    assert answer["step"] == "reshow_creation_form"
    [field] = [
        part for part in answer["htmlFragment"].split("w-field__wrapper") if 'type="file"' in part
    ]
    assert "This is not a readable video." in field
    assert 'value="Low tide"' in answer["htmlFragment"]
    assert not Video.objects.exists()


def test_missing_file_is_named(cms: Client) -> None:
    answer = cms.post(f"{CHOOSE}create/", {"title": "Low tide", "upload_key": str(uuid4())}).json()

    assert "This field is required." in answer["htmlFragment"]


def test_upload_that_is_sent_twice_makes_one_video(cms: Client, clip: Path) -> None:
    key = str(uuid4())

    first, second = (_upload(cms, clip.read_bytes(), upload_key=key) for _ in range(2))

    assert first == second
    assert Video.objects.count() == 1


def test_upload_is_stored_outside_of_the_transaction_of_its_request() -> None:
    view: Any = resolve(f"{CHOOSE}create/").func

    assert view._non_atomic_requests == {"default"}


def test_upload_needs_the_permission_to_add_videos(client: Client, clip: Path) -> None:
    client.force_login(make_editor("view_video"))

    refused = client.post(
        f"{CHOOSE}create/", {"file": SimpleUploadedFile("a.mp4", clip.read_bytes())}
    )

    assert 'type="file"' not in _window(client)
    assert refused.status_code == 302 and refused["Location"] == reverse("wagtailadmin_home")
    assert not Video.objects.exists()


def test_choosing_needs_no_permission_beyond_wagtails(client: Client) -> None:
    show(title="Low tide")
    client.force_login(make_editor("view_remix", is_staff=False))

    assert "Low tide" in _window(client)


def test_chooser_is_closed_to_visitors(client: Client) -> None:
    assert client.get(CHOOSE).status_code == 302
