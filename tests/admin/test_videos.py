"""Editors upload, add and view videos, and choose which to remix."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from sora_remix.admin.files import forms
from sora_remix.endpoints import get_endpoint
from sora_remix.exceptions import TryLater
from sora_remix.media import image_facts
from sora_remix.models import GalleryLayout, Preference, Remix, RemixBatch, Video
from tests.checkout import page_of
from tests.decoding import bombs
from tests.decoding.recordings import record
from tests.factories import make_remix, make_video
from tests.forms import forms_of, submit
from tests.html import errors, listed

pytestmark = pytest.mark.django_db

ADD = "/admin/sora_remix/video/add/"
LIST = "/admin/sora_remix/video/"
SORA_ID_TAKEN = "A video with this Sora id already exists."
NEITHER = "Upload a file or give a Sora id."


def _staff(client: Client, *permissions: str) -> User:
    user = User.objects.create_user("editor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return user


@pytest.fixture
def rows(admin_user: User) -> None:
    """The superuser prefers rows to cards."""
    Preference.objects.set_gallery_layout(admin_user, GalleryLayout.ROWS)


def _upload(clip: Path, name: str = "clip.mp4") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, clip.read_bytes(), "video/mp4")


def _change(video: Video) -> str:
    return reverse("admin:sora_remix_video_change", args=[video.pk])


def _act(client: Client, action: str, videos: list[Video], **more: str) -> Any:
    ticked = [str(video.pk) for video in videos]
    return client.post(LIST, {"action": action, "_selected_action": ticked, **more})


def test_an_upload_becomes_a_video_with_its_facts(
    admin_client: Client, admin_user: User, media_root: Path, clip: Path
) -> None:
    response = submit(admin_client, ADD, {"title": "Sea", "file": _upload(clip), "duration": "99"})

    assert response.status_code == 302
    video = Video.objects.get()
    assert (video.width, video.height, video.duration) == (160, 90, Decimal(1))
    assert video.size == clip.stat().st_size
    assert video.created_by == admin_user
    name = str(video.file.name)
    assert "clip" not in name
    assert (media_root / name).read_bytes() == clip.read_bytes()


def test_upload_gets_a_thumbnail_from_its_file(
    admin_client: Client, media_root: Path, clip: Path
) -> None:
    submit(admin_client, ADD, {"title": "Sea", "file": _upload(clip)})

    video = Video.objects.get()
    assert re.fullmatch(r"sora_remix/thumbnails/[0-9a-f]{32}\.jpg", str(video.thumbnail.name))
    with video.thumbnail.open() as file:
        facts = image_facts(file)
    assert (facts.width, facts.height) == (160, 90)


def test_upload_without_a_decodable_picture_is_accepted(
    admin_client: Client, media_root: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "thumbnail", lambda file: None)

    submit(admin_client, ADD, {"title": "Sea", "file": _upload(clip)})

    assert not Video.objects.get().thumbnail


def test_sora_generation_is_added_by_its_id(admin_client: Client) -> None:
    submit(admin_client, ADD, {"title": "Sea", "sora_id": " video_1 ", "duration": "4.5"})

    video = Video.objects.get()
    assert (video.sora_id, video.duration, video.size) == ("video_1", Decimal("4.5"), None)


def test_file_or_sora_id_is_required(admin_client: Client) -> None:
    response = submit(admin_client, ADD, {"title": "Sea"})

    assert errors(response) == {"file": [NEITHER], "sora_id": [NEITHER]}
    assert not Video.objects.exists()


@pytest.mark.parametrize("name", ["text.mp4", "page.html"])
def test_file_that_is_not_a_video_is_an_error_of_its_field(
    admin_client: Client, media_root: Path, name: str
) -> None:
    upload = SimpleUploadedFile(name, b"<script>no video</script>" * 100)

    response = submit(admin_client, ADD, {"title": "Sea", "file": upload})

    assert list(errors(response)) == ["file"]
    assert not Video.objects.exists()
    assert not media_root.exists()


def test_video_over_the_memory_limit_is_refused_with_the_limit(
    admin_client: Client, media_root: Path
) -> None:
    upload = SimpleUploadedFile("bomb.mp4", bombs.mp4(1, 60_000_000))

    response = submit(admin_client, ADD, {"title": "Sea", "file": upload})

    message = "The video can't be checked. The file claims to have more than 10000000 frames."
    assert errors(response) == {"file": [message]}
    assert not media_root.exists()


def test_server_that_can_not_check_a_video_now_reports_it(
    admin_client: Client, media_root: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: object) -> None:
        raise TryLater("The server is busy.")

    monkeypatch.setattr(forms, "video_facts", fail)

    response = submit(admin_client, ADD, {"title": "Sea", "file": _upload(clip)})

    assert errors(response) == {"file": ["The video can't be checked. The server is busy."]}


def test_video_of_absurd_length_is_stored_without_a_length(
    admin_client: Client, media_root: Path, clip: Path
) -> None:
    upload = SimpleUploadedFile("long.mp4", bombs.claim_weeks(clip))

    submit(admin_client, ADD, {"title": "Sea", "file": upload})

    assert Video.objects.get().duration is None


@pytest.mark.parametrize(
    ("name", "container", "extension"),
    [
        ("clip.mp4", "mov", "mov"),
        ("clip.mp4", "webm", "webm"),
        ("clip.mp4", "matroska", "mkv"),
        ("clip.mp4", "mpegts", "ts"),
        ("clip.mp4", "avi", "avi"),
        ("clip.mp4", "gif", "gif"),
        ("clip.html", "mp4", "mp4"),
        ("clip", "mp4", "mp4"),
        ("x" * 240 + ".mov", "mp4", "mp4"),
    ],
)
def test_upload_type_is_read_from_its_content(
    admin_client: Client, media_root: Path, name: str, container: str, extension: str
) -> None:
    upload = SimpleUploadedFile(name, record(container), "text/html")

    submit(admin_client, ADD, {"title": "Sea", "file": upload})

    video = Video.objects.get()
    assert re.fullmatch(rf"sora_remix/videos/[0-9a-f]{{32}}\.{extension}", str(video.file.name))
    assert (video.container, video.extension) == (container, f".{extension}")
    assert video.video_codec and video.thumbnail and not video.is_still


def test_gif_can_be_remixed_at_endpoints_that_accept_gifs(
    admin_client: Client, media_root: Path
) -> None:
    upload = SimpleUploadedFile("loop.gif", record("gif"))

    submit(admin_client, ADD, {"title": "Loop", "file": upload})

    video = Video.objects.get()
    assert not get_endpoint("lucy-restyle").refusal(video)
    assert "of type GIF, but only MP4 can be sent" in str(get_endpoint("grok").refusal(video))


@pytest.mark.parametrize(
    "content",
    [
        record("mp4", pictures=0, cover=True, sound=True),
        record("mp4", pictures=1, sound=True),
        record("gif", pictures=1),
    ],
    ids=["sound with a cover", "sound with a picture", "a picture"],
)
def test_still_image_is_refused_with_an_explanation(
    admin_client: Client, media_root: Path, content: bytes
) -> None:
    upload = SimpleUploadedFile("podcast.mp4", content)

    response = submit(admin_client, ADD, {"title": "Talk", "file": upload})

    message = "This file has no moving picture, only sound or a single image."
    assert errors(response) == {"file": [f"{message} Upload a video."]}
    assert not media_root.exists()


def test_sora_id_can_be_added_once(admin_client: Client) -> None:
    make_video(sora_id="video_1")

    response = submit(admin_client, ADD, {"title": "Again", "sora_id": "video_1"})

    assert errors(response) == {"sora_id": [SORA_ID_TAKEN]}
    assert Video.objects.count() == 1


def test_existing_file_can_not_be_replaced(
    admin_client: Client, media_root: Path, clip: Path
) -> None:
    submit(admin_client, ADD, {"title": "Sea", "file": _upload(clip)})
    video = Video.objects.get()

    admin_client.post(_change(video), {"title": "New", "file": _upload(clip), "duration": "9"})

    changed = Video.objects.get()
    assert (changed.title, changed.file, changed.duration) == ("New", video.file, Decimal(1))


def test_missing_file_can_be_added(admin_client: Client, media_root: Path, clip: Path) -> None:
    video = make_video(sora_id="video_1", duration=None)

    submit(admin_client, _change(video), {"file": _upload(clip)})

    video.refresh_from_db()
    assert video.file
    assert (video.duration, video.width, video.sora_id) == (Decimal(1), 160, "video_1")


def test_editor_can_mark_a_video_as_deleted_at_its_provider(admin_client: Client) -> None:
    video = make_video(sora_id="video_1")
    values = {"title": "Sea", "sora_id": "video_1", "duration": "8"}

    submit(admin_client, _change(video), {**values, "is_deleted_at_provider": "on"})

    video.refresh_from_db()
    assert (video.is_deleted_at_provider, video.duration) == (True, Decimal(8))


def test_page_of_a_video_plays_it(admin_client: Client, media_root: Path, clip: Path) -> None:
    submit(admin_client, ADD, {"title": '"Sea"', "file": _upload(clip)})
    video = Video.objects.get()
    Video.objects.update(thumbnail="picture.jpg")

    page = admin_client.get(_change(video)).content.decode()

    assert f'src="{video.file.url}"' in page
    assert 'poster="/media/picture.jpg"' in page
    for attribute in ('width="160"', 'height="90"', 'preload="metadata"', " controls"):
        assert attribute in page
    assert 'aria-label="&quot;Sea&quot;"' in page
    assert "160 by 90 pixels" in page


def test_page_of_a_gif_shows_it_as_an_image(admin_client: Client, media_root: Path) -> None:
    submit(admin_client, ADD, {"title": '"Loop"', "file": SimpleUploadedFile("a", record("gif"))})
    video = Video.objects.get()

    page = admin_client.get(_change(video)).content.decode()
    row = admin_client.get(LIST).content.decode()

    assert "<video" not in page
    [image] = re.findall(r"<img[^>]*sora-remix-player[^>]*>", page)
    for attribute in (f'src="{video.file.url}"', 'width="64"', 'alt="&quot;Loop&quot;"'):
        assert attribute in image
    assert "data-preview" not in row


def test_video_without_its_file_has_a_still_picture(admin_client: Client) -> None:
    make_video(thumbnail="a.jpg", spritesheet="s.jpg")

    row = admin_client.get(LIST).content.decode()

    assert 'src="/media/a.jpg"' in row
    assert "data-preview" not in row


def test_page_of_a_video_without_file_says_so(admin_client: Client) -> None:
    page = admin_client.get(_change(make_video())).content.decode()

    assert "<video" not in page
    assert "The site has no file for this video." in page


def test_page_shows_the_size_when_the_resolution_is_unknown(admin_client: Client) -> None:
    page = admin_client.get(_change(make_video(size=2048))).content.decode()

    assert "2.0\xa0KB" in page


def test_page_of_a_result_links_its_remix_and_source(admin_client: Client) -> None:
    source, result = make_video(title="Source"), make_video(title="Result")
    remix = make_remix(source=source, result=result, prompt="<b>noir</b>")

    page = admin_client.get(_change(result)).content.decode()

    assert reverse("admin:sora_remix_remix_change", args=[remix.pk]) in page
    assert f'<a href="{_change(source)}">Source</a>' in page
    assert "&lt;b&gt;noir&lt;/b&gt;" in page


def test_page_of_a_source_links_its_remixes(admin_client: Client) -> None:
    source = make_video()
    make_remix(source=source)
    make_remix(source=source)

    page = admin_client.get(_change(source)).content.decode()

    link = f"/admin/sora_remix/remix/?source__id__exact={source.pk}"
    assert f'<a href="{link}">2 remixes</a>' in page


def test_button_on_the_page_of_a_video_opens_the_confirm_page_for_it(
    admin_client: Client, admin_user: User
) -> None:
    other, video = make_video(), make_video()

    response = submit(admin_client, _change(video), {}, f"video={video.pk}")

    batch = RemixBatch.objects.get()
    assert response.url == page_of(batch)
    assert list(batch.videos.all()) == [video] != [other]
    assert batch.created_by == admin_user


@pytest.mark.parametrize(
    ("permissions", "values"),
    [
        (("view_video", "change_video"), {}),
        (("view_video", "remix_video"), {"is_deleted_at_provider": True}),
    ],
)
def test_page_of_a_video_has_no_button_for_what_is_not_permitted_or_not_possible(
    client: Client, permissions: tuple[str, ...], values: dict[str, Any]
) -> None:
    _staff(client, *permissions)

    page = client.get(_change(make_video(**values)))

    assert [form for form in forms_of(page) if "video" in form.names] == []


def test_user_who_may_only_view_videos_can_remix_one_from_its_page(client: Client) -> None:
    _staff(client, "view_video", "remix_video")
    video = make_video()

    response = submit(client, _change(video), {}, f"video={video.pk}")

    assert response.url == page_of(RemixBatch.objects.get())


@pytest.mark.usefixtures("rows")
def test_the_list_shows_origin_length_and_number_of_remixes(admin_client: Client) -> None:
    source = make_video(title="Source", duration=None)
    make_remix(source=source, result=make_video(title="Result"))
    make_video(title="Upload", sora_id="")

    page = admin_client.get(LIST).content.decode()

    assert f'of <a href="{_change(source)}">Source</a>' in page
    assert "Sora generation" in page
    assert "uploaded" in page
    assert "unknown" in page
    assert f'<a href="/admin/sora_remix/remix/?source__id__exact={source.pk}">1</a>' in page


@pytest.mark.usefixtures("rows")
def test_list_explains_why_a_video_can_not_be_remixed(admin_client: Client) -> None:
    make_video(is_deleted_at_provider=True)

    page = admin_client.get(LIST).content.decode()

    assert "icon-no.svg" in page
    assert "Its provider has deleted it, so it can no longer be remixed." in page


def test_list_shows_a_wrong_endpoint_setting(admin_client: Client, settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINT = "typo"
    make_video()

    page = admin_client.get(f"{LIST}?remixable=yes").content.decode()
    every = admin_client.get(LIST).content.decode()

    assert "0 videos" in page
    assert "There is no endpoint “typo”" in every


def test_titles_are_escaped(admin_client: Client) -> None:
    source = make_video(title="<script>1</script>")
    result = make_video(title="<script>2</script>", thumbnail="a.jpg")
    make_remix(source=source, result=result)

    pages = [admin_client.get(url).content.decode() for url in (LIST, _change(result))]

    assert all("<script>1" not in page and "<script>2" not in page for page in pages)
    assert all("&lt;script&gt;1" in page for page in pages)


@pytest.mark.parametrize(
    ("lookup", "titles"),
    [
        ("", {"Upload", "Sora", "Gone", "Result"}),
        ("origin=upload", {"Upload"}),
        ("origin=sora", {"Sora", "Gone"}),
        ("origin=remix", {"Result"}),
        ("remixable=yes", {"Sora", "Result"}),
        ("remixable=no", {"Upload", "Gone"}),
        ("q=video_gone", {"Gone"}),
    ],
)
def test_videos_are_filtered_and_searched(
    admin_client: Client, lookup: str, titles: set[str]
) -> None:
    make_video(title="Upload", sora_id="")
    sora = make_video(title="Sora")
    make_video(title="Gone", sora_id="video_gone", is_deleted_at_provider=True)
    make_remix(source=sora, result=make_video(title="Result"))

    response = admin_client.get(f"{LIST}?{lookup}")

    found = Video.objects.in_bulk(listed(response))
    assert {video.title for video in found.values()} == titles


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("file", "is_remixable"),
    [("videos/a.mp4", True), ("videos/a.avi", True), ("videos/a.txt", False)],
)
def test_clip_is_listed_as_remixable_when_any_endpoint_accepts_it(
    admin_client: Client, file: str, is_remixable: bool
) -> None:
    make_video(sora_id="", file=file)

    page = admin_client.get(LIST).content.decode()
    found = listed(admin_client.get(f"{LIST}?remixable=yes"))

    assert ("icon-yes.svg" in page) is is_remixable
    assert bool(found) is is_remixable


@pytest.mark.parametrize("may_remix", [True, False])
def test_remix_action_needs_the_permission_to_remix(client: Client, may_remix: bool) -> None:
    _staff(client, "view_video", *(["remix_video"] if may_remix else []))
    video = make_video()

    page = client.get(LIST).content.decode()
    response = _act(client, "remix_selected", [video])

    assert ("Remix selected videos" in page) is may_remix
    assert RemixBatch.objects.exists() is may_remix
    assert ("/confirm/" in response["Location"]) is may_remix


def test_action_keeps_the_selection_as_a_draft(client: Client) -> None:
    user = _staff(client, "view_video", "remix_video")
    ticked = [make_video(), make_video()]
    make_video()

    response = _act(client, "remix_selected", ticked)

    batch = RemixBatch.objects.get()
    assert response.url == reverse("admin:sora_remix_remixbatch_confirm", args=[batch.pk])
    assert set(batch.videos.all()) == set(ticked)
    assert (batch.created_by, batch.confirmed_at) == (user, None)
    assert not Remix.objects.exists()


def test_5000_videos_are_selected_across_pages(admin_client: Client) -> None:
    Video.objects.bulk_create(
        Video(title=f"Video {number}", sora_id=f"video_{number}") for number in range(5000)
    )
    shown = list(Video.objects.all()[:100])

    _act(admin_client, "remix_selected", shown, select_across="1")

    assert RemixBatch.objects.get().videos.count() == 5000


def test_source_of_remixes_can_not_be_deleted_and_the_page_explains_why(
    admin_client: Client,
) -> None:
    remix = make_remix(source=make_video(title="<i>Sea</i>"))
    delete = reverse("admin:sora_remix_video_delete", args=[remix.source.pk])

    page = admin_client.get(delete).content.decode()
    admin_client.post(delete, {"post": "yes"})

    assert "“&lt;i&gt;Sea&lt;/i&gt;” can't be deleted, because it has remixes" in page
    assert str(remix) in page
    assert Video.objects.filter(pk=remix.source.pk).exists()


def test_deleting_a_selection_with_a_source_is_refused_with_the_reason(
    admin_client: Client,
) -> None:
    remix = make_remix()

    page = _act(admin_client, "delete_selected", [remix.source, make_video()]).content.decode()
    _act(admin_client, "delete_selected", list(Video.objects.all()), post="yes")

    assert "because some of the selected videos have remixes" in page
    assert Video.objects.count() == 2


def test_videos_without_remixes_can_be_deleted(admin_client: Client) -> None:
    _act(admin_client, "delete_selected", [make_video()], post="yes")

    assert not Video.objects.exists()


def test_user_with_view_permission_sees_everything_and_can_change_nothing(client: Client) -> None:
    _staff(client, "view_video")
    video = make_video(title="Sea")

    page = client.get(_change(video)).content.decode()
    response = client.post(_change(video), {"title": "New", "sora_id": "video_1"})

    assert "Sea" in page
    assert response.status_code == 403
