"""A site's own admin offers remixes of its clips, and lists them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from sora_remix import services
from sora_remix.models import Remix, RemixBatch, Video
from sora_remix.signals import remix_succeeded
from sora_remix.storage import app_storage
from tests.admin_pages import ADMINS, log_in_editor, make_site, urls_with
from tests.decoding.recordings import record
from tests.factories import make_remix, make_video
from tests.html import find, find_all, messages, texts
from tests.own_media import fail
from tests.sites.clips.admin import ClipAdmin
from tests.sites.clips.models import Clip
from tests.users import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]

site = make_site(*ADMINS, Clip, Clip=ClipAdmin)
URLS = urls_with(("editors/", site))
LIST = "/editors/clips/clip/"


@pytest.fixture(autouse=True)
def editor(settings: Settings, client: Client) -> Any:
    """Somebody who may do everything with remixes, and change clips."""
    settings.ROOT_URLCONF = URLS
    user = log_in_editor(client)
    user.user_permissions.add(*_permissions("clips", "view_clip", "change_clip", "delete_clip"))
    return user


def _permissions(app: str, *names: str) -> Any:
    return Permission.objects.filter(content_type__app_label=app, codename__in=names)


def _clip(name: str = "Sea", content: bytes | None = None) -> Clip:
    clip = Clip.objects.create(name=name)
    clip.clip.save(f"{name}.mp4", ContentFile(content or record("mp4")))
    return clip


def _select(client: Client, *clips: Clip) -> Any:
    data = {"action": "remix_selected", "_selected_action": [str(clip.pk) for clip in clips]}
    return client.post(LIST, data, follow=True)


def _page(client: Client, clip: Clip) -> Any:
    return client.get(f"{LIST}{clip.pk}/change/")


def test_selected_clips_lead_to_the_page_to_confirm(client: Client, editor: Any) -> None:
    clips = [_clip("Sea"), _clip("Forest")]

    page = _select(client, *clips)

    batch = RemixBatch.objects.get()
    assert page.redirect_chain[-1][0] == f"/editors/sora_remix/remixbatch/{batch.pk}/confirm/"
    videos = {video.title: video for video in batch.videos.all()}
    assert videos.keys() == {"Sea", "Forest"}
    assert videos["Sea"].source_object == clips[0]
    assert videos["Sea"].duration and videos["Sea"].created_by == editor
    assert videos["Sea"].owned_files("file") == []


def test_clip_is_added_once(client: Client) -> None:
    clip = _clip()

    _select(client, clip)
    _select(client, clip)

    assert Video.objects.count() == 1
    assert RemixBatch.objects.count() == 2


def test_video_that_was_added_without_its_clip_gets_it(client: Client) -> None:
    clip = _clip()
    services.add_video(str(clip.clip.name), title="Sea", owned=False)

    _select(client, clip)

    assert Video.objects.get().source_object == clip


def test_clip_without_a_file_is_left_out(client: Client) -> None:
    page = _select(client, Clip.objects.create(name="Planned"))

    assert messages(page) == ["Nothing was selected that has a video file."]
    assert not RemixBatch.objects.exists()


def test_missing_file_is_named_and_the_others_go_on(client: Client) -> None:
    gone, clip = _clip("Gone"), _clip()
    app_storage().delete(str(gone.clip.name))

    page = _select(client, gone, clip)

    assert [one.title for one in RemixBatch.objects.get().videos.all()] == ["Sea"]
    assert f"“{gone.clip.name}” is not in the storage. Nothing was added." in messages(page)


def test_video_that_has_another_file_by_now_is_not_remixed_for_its_clip(client: Client) -> None:
    replaced, kept = _clip("Replaced"), _clip("Kept")
    _select(client, replaced, kept)
    video = Video.objects.get(title="Replaced")
    video.file.save("other.mp4", ContentFile(record("mp4")))

    page = _select(client, replaced, kept)

    assert [one.title for one in RemixBatch.objects.latest("pk").videos.all()] == ["Kept"]
    left_out = "was left out, because it was cleared or has another file by now."
    assert f"Video {video.pk} {left_out}" in messages(page)


def test_storage_that_is_down_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = _clip()
    monkeypatch.setattr(FileSystemStorage, "exists", fail)

    page = _select(client, clip)

    assert messages(page)[0].startswith("The storage can't be reached.")
    assert not RemixBatch.objects.exists()


def test_clips_that_are_still_being_read_are_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sora_remix.engine.unread.SECONDS_PER_SWEEP", -1)

    page = _select(client, _clip("One"), _clip("Two"))

    assert any("1 video is still being read." in message for message in messages(page))


def test_button_of_a_clip_starts_a_draft_with_it(client: Client) -> None:
    clip = _clip()

    button = find(_page(client, clip), "button", formaction=f"{LIST}{clip.pk}/remix/")
    response = client.post(button.attrib["formaction"])

    assert response.status_code == 302
    assert RemixBatch.objects.get().videos.get().source_object == clip


def test_get_starts_no_draft(client: Client) -> None:
    clip = _clip()

    response = client.get(f"{LIST}{clip.pk}/remix/")

    assert response.headers["Location"] == f"{LIST}{clip.pk}/change/"
    assert not RemixBatch.objects.exists()


@pytest.mark.parametrize(
    "lacking", [["add_video"], ["view_video", "change_video"], ["remix_video"]]
)
def test_remixes_are_offered_only_to_those_who_may(
    client: Client, editor: Any, lacking: list[str]
) -> None:
    editor.user_permissions.remove(*_permissions("sora_remix", *lacking))
    clip = _clip()

    assert not find_all(client.get(LIST), "option", value="remix_selected")
    assert not find_all(_page(client, clip), "button", formaction=f"{LIST}{clip.pk}/remix/")
    assert client.post(f"{LIST}{clip.pk}/remix/").status_code == 403
    _select(client, clip)
    assert not Video.objects.exists()


def test_clip_that_one_may_not_view_is_not_remixed(client: Client, editor: Any) -> None:
    editor.user_permissions.remove(*_permissions("clips", "view_clip", "change_clip"))

    assert client.post(f"{LIST}{_clip().pk}/remix/").status_code == 403


class LockedClips(ClipAdmin):
    """Shows only single clips that are not locked."""

    def has_view_permission(self, request: HttpRequest, obj: Clip | None = None) -> bool:
        return obj is None or obj.name != "Locked"


def test_selected_clip_that_one_may_not_view_is_left_out(
    client: Client, settings: Settings
) -> None:
    own = make_site(*ADMINS, Clip, Clip=LockedClips)
    settings.ROOT_URLCONF = urls_with(("editors/", own))

    _select(client, _clip("Locked"), _clip("Sea"))

    assert [video.title for video in Video.objects.all()] == ["Sea"]


def test_page_of_a_clip_lists_its_remixes_and_those_of_their_results(client: Client) -> None:
    clip = _clip()
    source = services.add_video(clip.clip, title="Sea", owned=False, source_object=clip)
    result = make_video(root=source)
    make_remix(source=source, result=result, prompt="noir")
    make_remix(source=result, prompt="gold")
    make_remix(prompt="of another video")

    page = _page(client, clip)

    links = [text for text in texts(page, "a") if text in ("noir", "gold", "of another video")]
    assert links == ["gold", "noir"]


def test_remixes_are_hidden_from_those_who_may_not_view_them(client: Client, editor: Any) -> None:
    editor.user_permissions.remove(*_permissions("sora_remix", "view_remix"))
    clip = _clip()
    source = services.add_video(clip.clip, title="Sea", owned=False, source_object=clip)
    make_remix(source=source, prompt="noir")

    assert "noir" not in texts(_page(client, clip), "a")


def test_page_that_adds_a_clip_has_no_section_about_remixes(client: Client, editor: Any) -> None:
    editor.user_permissions.add(*_permissions("clips", "add_clip"))

    page = client.get(f"{LIST}add/")

    assert page.status_code == 200
    assert "Remixes" not in texts(page, "h2")


def test_queries_of_a_page_do_not_depend_on_its_remixes(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    clip = _clip()
    source = services.add_video(clip.clip, title="Sea", owned=False, source_object=clip)
    for _ in range(5):
        make_remix(source=source, result=make_video(root=source))

    with django_assert_max_num_queries(25):
        _page(client, clip)


def test_deleted_clip_is_forgotten_and_its_remix_goes_on(client: Client) -> None:
    clip = _clip()
    source = services.add_video(clip.clip, title="Sea", owned=False, source_object=clip)
    remix = make_remix(source=source)

    client.post(f"{LIST}{clip.pk}/delete/", {"post": "yes"})

    assert not Clip.objects.exists()
    source.refresh_from_db()
    assert (source.source_model, source.source_key) == ("", "")
    assert Remix.objects.get().source_object is None
    assert Remix.objects.get().status == remix.status


def test_signal_leads_to_the_clip(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    clip = _clip()
    source = services.add_video(clip.clip, title="Sea", owned=False, source_object=clip)
    found: list[Model | None] = []

    def receive(sender: Any, remix: Remix, **kwargs: Any) -> None:
        found.append(remix.source_object)

    remix_succeeded.connect(receive)
    try:
        remix = make_remix(source=source, status="storing", request_id="id")
        with django_capture_on_commit_callbacks(execute=True):
            remix.succeed(make_video(root=source))
    finally:
        remix_succeeded.disconnect(receive)

    assert found == [clip]


def test_remix_of_a_result_leads_to_the_first_clip() -> None:
    clip = _clip()
    source = services.add_video(clip.clip, title="Sea", owned=False, source_object=clip)

    assert make_remix(source=make_video(root=source)).source_object == clip


def test_action_is_not_offered_in_a_popup(client: Client) -> None:
    _clip()

    page = client.get(LIST, {"_popup": "1"})

    assert page.status_code == 200
    assert not find_all(page, "option", value="remix_selected")


def test_site_without_videos_offers_nothing(client: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = urls_with(("editors/", make_site(Clip, Clip=ClipAdmin)))

    assert client.get(LIST).status_code == 200
    assert _page(client, _clip()).status_code == 200
    assert reverse("admin:clips_clip_changelist") == LIST
    assert User.objects.exists()
