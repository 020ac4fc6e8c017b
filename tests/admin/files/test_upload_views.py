"""Several files are uploaded by a script that sends each alone, or by one form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sora_remix.admin import VideoAdmin
from sora_remix.models import RemixBatch, Video
from tests.admin_urls import change_url, confirm_url, title_url, upload_url
from tests.approved_videos import show
from tests.checkout import retire_models_for_any_length
from tests.decoding.recordings import record
from tests.factories import make_video
from tests.fitting.footage import Footage, film
from tests.fitting.making import cut_off
from tests.forms import form_with, submit
from tests.html import find_all, inner_text, links, texts
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/video/"
JSON: dict[str, Any] = {"headers": {"accept": "application/json"}}
LINE = "sora-remix-upload-note"


def _file(name: str = "sea.mp4", kind: str = "mp4") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, record(kind))


def _send(client: Client, **values: Any) -> Any:
    return client.post(upload_url(), {"file": _file(), **values}, **JSON)


def _lines(page: Any) -> list[str]:
    """Return the texts of the results on the page that answers the form."""
    [shown, *_] = find_all(page, "ul", "sora-remix-uploads")
    return [inner_text(line) for line in shown]


def test_script_gets_the_video(admin_client: Client, media_root: Path) -> None:
    response = _send(admin_client, title="Sea")

    video = Video.objects.get()
    assert response.json()["video"] == {
        "pk": video.pk,
        "title": "Sea",
        "url": change_url(video),
        "title_url": title_url(video),
        "warning": "",
    }


def test_video_that_no_model_accepts_comes_with_the_reason(
    admin_client: Client, media_root: Path
) -> None:
    retire_models_for_any_length()

    response = _send(admin_client, file=_file())

    warning = response.json()["video"]["warning"]
    assert warning == (
        "It can't be remixed: It is 0.2 s long, but the model accepts at least 0.7 s."
    )


def test_file_whose_end_is_missing_is_added_with_a_warning(
    admin_client: Client, media_root: Path
) -> None:
    whole = film(Footage(frames=150, options=(("movflags", "+faststart"),)))

    response = _send(admin_client, file=SimpleUploadedFile("sea.mp4", cut_off(whole, 0.7)))

    video = Video.objects.get()
    assert video.is_cut_off and video.duration and 3 < video.duration < 5
    assert response.json()["video"]["warning"] == (
        f"The file is incomplete: it breaks off after {video.duration.normalize()} s. "
        "Upload it again."
    )
    assert "The file is incomplete" in admin_client.get(change_url(video)).content.decode()


def test_user_who_may_only_add_gets_no_links(client: Client, media_root: Path) -> None:
    log_in(client, "add_video")

    video = _send(client).json()["video"]

    assert (video["url"], video["title_url"]) == ("", "")


def test_page_of_a_user_who_may_only_add_has_no_link_to_the_list(
    client: Client, media_root: Path
) -> None:
    log_in(client, "add_video")

    page = client.post(upload_url(), {"file": _file()})

    assert _lines(page) == ["sea.mp4 sea Uploaded"]
    assert LIST not in links(page)


def test_remix_button_needs_the_action_of_the_list(
    admin_client: Client, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VideoAdmin, "actions", ("compare_selected",))

    page = admin_client.post(upload_url(), {"file": _file()})

    assert not find_all(page, "input", name="action")


def test_request_without_a_file_is_refused(admin_client: Client) -> None:
    response = admin_client.post(upload_url(), **JSON)

    assert response.json() == {"errors": ["No file arrived. Send it again."]}


def test_form_without_scripts_lists_the_result_of_each_file(
    admin_client: Client, media_root: Path
) -> None:
    retire_models_for_any_length()
    broken = SimpleUploadedFile("broken.mp4", b"no video")
    files = [broken, _file("film.mkv", "matroska")]

    page = submit(admin_client, LIST, {"file": files}, button="")

    film = Video.objects.get()
    assert _lines(page) == [
        "broken.mp4 Failed This is not a readable video. Upload an MP4, MOV or WebM.",
        "film.mkv film Uploaded It can't be remixed: It is 0.2 s long, but the model accepts at "
        "least 0.7 s.",
    ]
    assert change_url(film) in links(page)


def test_uploaded_videos_are_remixed_with_one_button(
    admin_client: Client, media_root: Path
) -> None:
    page = submit(admin_client, LIST, {"file": [_file("a.mp4"), _file("b.mp4")]}, button="")
    form = form_with(page, "_selected_action")

    response: Any = admin_client.post(form.action, form.data())

    batch = RemixBatch.objects.get()
    assert response.url == confirm_url(batch)
    assert {video.title for video in batch.videos.all()} == {"a", "b"}
    assert [button.label for button in form.buttons] == ["Remix these 2 videos"]


def test_button_to_remix_is_shown_to_those_who_may_remix(client: Client, media_root: Path) -> None:
    log_in(client, "add_video", "view_video")

    page = submit(client, LIST, {"file": _file()}, button="")

    assert _lines(page) == ["sea.mp4 sea Uploaded"]
    assert not find_all(page, "input", name="_selected_action")


def test_form_that_is_sent_again_makes_no_second_video(
    admin_client: Client, media_root: Path
) -> None:
    form = form_with(admin_client.get(LIST), "file")

    for _ in range(2):
        page: Any = admin_client.post(form.action, form.data({"file": [_file(), _file("b.mp4")]}))

    assert _lines(page) == ["sea.mp4 sea Uploaded", "b.mp4 b Uploaded"]
    assert Video.objects.count() == 2


def test_form_without_a_file_asks_for_one(admin_client: Client) -> None:
    form = form_with(admin_client.get(LIST), "file")

    page = admin_client.post(form.action, form.data())

    assert "No file was chosen. Choose at least one." in texts(page, "p", "errornote")


def test_list_has_the_form_for_users_who_may_add(client: Client) -> None:
    log_in(client, "view_video")
    assert not find_all(client.get(LIST), id="sora-remix-upload")

    log_in(client, "view_video", "add_video", username="adder")
    assert find_all(client.get(LIST), id="sora-remix-upload")


@pytest.mark.parametrize("method", ["get", "post"])
def test_script_of_a_user_who_is_logged_out_is_told_so(client: Client, method: str) -> None:
    response = getattr(client, method)(upload_url(), **JSON)

    assert response.status_code == 401
    assert response.json() == {
        "errors": ["You were logged out. Log in in another tab, then send it again."]
    }
    assert "no-store" in response["Cache-Control"]


def test_form_of_a_user_who_is_logged_out_leads_to_the_login(client: Client) -> None:
    response: Any = client.post(upload_url(), {"file": _file()})

    assert response.url == f"/admin/login/?next={upload_url()}"


def test_script_of_a_user_who_lost_the_permission_is_told_so(client: Client) -> None:
    log_in(client, "view_video")

    response = _send(client)

    assert response.status_code == 403
    assert response.json() == {
        "errors": ["You don't have permission to do this. Ask an administrator."]
    }
    assert not Video.objects.exists()


def test_script_learns_whether_an_upload_has_arrived(
    admin_client: Client, media_root: Path
) -> None:
    before = admin_client.get(upload_url(), {"upload_key": "k1"}, **JSON).json()
    sent = _send(admin_client, upload_key="k1").json()
    after = admin_client.get(upload_url(), {"upload_key": "k1"}, **JSON).json()

    assert "video" not in before
    assert after["video"] == sent["video"]


def test_script_gets_a_token_that_is_valid_after_another_login(
    admin_user: Any, media_root: Path
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert _send(client).status_code == 403

    token = client.get(upload_url(), **JSON).json()["token"]

    assert "video" in _send(client, csrfmiddlewaretoken=token).json()


def test_title_is_changed_logged_and_awaits_a_decision_again(
    client: Client, media_root: Path
) -> None:
    log_in(client, "view_video", "change_video")
    video = show()

    response = client.post(title_url(video), {"title": "Sky"}, **JSON)

    video.refresh_from_db()
    assert response.json()["video"]["title"] == video.title == "Sky"
    assert not video.is_approved
    entries = LogEntry.objects.filter(object_id=video.pk).order_by("pk")
    assert [entry.get_change_message() for entry in entries] == [
        "Approval withdrawn by a change",
        "Changed Title.",
    ]


def test_title_that_is_the_same_changes_nothing(client: Client, media_root: Path) -> None:
    log_in(client, "view_video", "change_video")
    video = show()

    client.post(title_url(video), {"title": video.title}, **JSON)

    video.refresh_from_db()
    assert video.is_approved
    assert not LogEntry.objects.exists()


def test_empty_title_is_refused(admin_client: Client) -> None:
    video = make_video(title="Sea")

    response = admin_client.post(title_url(video), {"title": ""}, **JSON)

    assert response.json() == {"errors": ["Title: This field is required."]}
    assert Video.objects.get().title == "Sea"


def test_title_is_not_changed_without_permission(client: Client) -> None:
    log_in(client, "view_video", "add_video")
    video = make_video(title="Sea")

    response = client.post(title_url(video), {"title": "Sky"}, **JSON)

    assert response.status_code == 403
    assert Video.objects.get().title == "Sea"
