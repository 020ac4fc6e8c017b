"""Videos of wagtailmedia become videos of the app, and stay where they are."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.apps import apps
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from wagtail.models import Collection

from sora_remix.contrib.wagtail.viewsets import video_pages
from sora_remix.models import Approval, Video
from sora_remix.storage import app_storage
from tests.html import find, find_all, inner_text, links, texts
from tests.own_media import digest, fail
from tests.sites.wagtail.media import make_collection, make_medium
from tests.sites.wagtail.people import make_editor

pytest.importorskip("wagtailmedia")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]

LIST = "/cms/sora-remix/videos/"
PAGE = f"{LIST}import/"


@pytest.fixture
def desk(editor: Any) -> Collection:
    """A collection whose media the editor may change."""
    return make_collection(editor)


def _import(client: Client, *media: Any) -> Any:
    return client.post(PAGE, {"medium": [str(one.pk) for one in media]}, follow=True)


def _messages(page: Any) -> list[str]:
    return list(filter(None, texts(find(page, "div", "messages"), "li")))


def _titles(client: Client, **query: str) -> list[str]:
    rows = find_all(client.get(PAGE, query), "label")
    return [inner_text(row) for row in rows if row.get("for", "").startswith("sora-remix-medium")]


def test_selected_videos_are_added_where_they_are(cms: Client, editor: Any, desk: Any) -> None:
    sea, _forest = make_medium(desk, "Sea"), make_medium(desk, "Forest")

    page = _import(cms, sea)

    video = Video.objects.get()
    assert (video.title, video.file.name, video.storage_alias) == ("Sea", sea.file.name, "")
    assert video.owned_files() == [] and video.source_object == sea
    assert (video.created_by, video.approval) == (editor, Approval.NEW)
    assert page.redirect_chain[-1][0] == LIST
    assert _messages(page) == ["1 video was imported. Its picture and length appear in a minute."]


def test_deleted_video_leaves_the_file_to_wagtailmedia(
    cms: Client, desk: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    sea = make_medium(desk, "Sea")
    before = digest(app_storage(), sea.file.name)
    _import(cms, sea)

    with django_capture_on_commit_callbacks(execute=True):
        Video.objects.get().delete()

    assert digest(app_storage(), sea.file.name) == before


def test_video_is_imported_once(cms: Client, desk: Any) -> None:
    sea = make_medium(desk, "Sea")
    _import(cms, sea)

    page = _import(cms, sea)

    assert _messages(page) == ["No video was imported."]
    assert Video.objects.count() == 1
    assert _titles(cms) == []
    assert "imported" in [inner_text(one) for one in find_all(cms.get(PAGE), "span", "w-status")]


def test_sound_is_not_offered(cms: Client, desk: Any) -> None:
    sound = make_medium(desk, "Waves", kind="audio", end="mp3")
    make_medium(desk, "Sea")

    _import(cms, sound)

    assert _titles(cms) == ["Sea"]
    assert not Video.objects.exists()


def test_only_media_of_the_collections_of_the_user_are_offered(cms: Client, desk: Any) -> None:
    secret = make_medium(Collection.get_first_root_node().add_child(name="Secret"), "Secret")
    make_medium(desk, "Sea")

    _import(cms, secret)

    assert _titles(cms) == ["Sea"]
    assert not Video.objects.exists()


def test_search_finds_titles(cms: Client, desk: Any) -> None:
    for title in ("Low tide", "Harbour"):
        make_medium(desk, title)

    assert _titles(cms, q="tide") == ["Low tide"]


def test_missing_file_is_named_and_the_others_are_added(cms: Client, desk: Any) -> None:
    gone, sea = make_medium(desk, "Gone"), make_medium(desk, "Sea")
    app_storage().delete(gone.file.name)

    page = _import(cms, gone, sea)

    assert f"“{gone.file.name}” is not in the storage. Nothing was added." in _messages(page)
    assert [video.title for video in Video.objects.all()] == ["Sea"]


def test_storage_that_is_down_is_named(
    cms: Client, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sea = make_medium(desk, "Sea")
    monkeypatch.setattr(FileSystemStorage, "exists", fail)

    page = _import(cms, sea)

    assert _messages(page)[0].startswith("The storage can't be reached.")


def test_title_is_escaped(cms: Client, desk: Any) -> None:
    make_medium(desk, "<img src=x>")

    assert "<img src=x>" not in cms.get(PAGE).content.decode()


def test_unusable_keys_are_left_out(cms: Client, desk: Any) -> None:
    page = cms.post(PAGE, {"medium": ["x", "-1", "9" * 30]}, follow=True)

    assert _messages(page) == ["No video was imported."]


def test_import_needs_the_permission_to_add_videos(client: Client, desk: Any) -> None:
    client.force_login(make_editor("view_video", name="reader"))

    assert PAGE not in links(client.get(LIST))
    assert client.get(PAGE).status_code == client.post(PAGE).status_code == 302


def test_list_of_videos_leads_to_the_import(cms: Client) -> None:
    assert PAGE in links(cms.get(LIST))


def test_site_without_wagtailmedia_has_no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "is_installed", lambda name: name != "wagtailmedia")

    assert "import" not in [pattern.name for pattern in video_pages.get_urlpatterns()]


def test_number_of_queries_does_not_depend_on_the_number_of_media(
    cms: Client, desk: Any, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    _import(cms, make_medium(desk, "Sea"))
    cms.get(PAGE)
    with django_assert_max_num_queries(25) as few:
        cms.get(PAGE)
    before = len(few)
    for number in range(5):
        _import(cms, make_medium(desk, f"Sea {number}"))

    with django_assert_max_num_queries(before):
        cms.get(PAGE)


def test_command_adds_the_videos_and_leaves_sound_out(desk: Any) -> None:
    sea = make_medium(desk, "Sea")
    make_medium(desk, "Waves", kind="audio", end="MP3")
    out = io.StringIO()

    call_command(
        "sora_remix_import",
        "wagtailmedia.Media",
        file_field="file",
        title_field="title",
        stdout=out,
    )

    assert Video.objects.get().source_object == sea
    assert out.getvalue().startswith(
        "Added 1 videos, 0 were there already, 0 were refused. 1 other files were left out."
    )
