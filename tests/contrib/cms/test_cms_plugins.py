"""The plugin shows approved videos to visitors, and tells editors why others are not shown."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from cms.toolbar.utils import get_object_edit_url, get_object_preview_url
from cms.utils.plugins import copy_plugins_to_placeholder
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from djangocms_versioning.models import Version
from pytest_django import DjangoAssertNumQueries

from sora_remix.contrib.cms.models import VideoPlugin
from sora_remix.models import Approval, Video
from tests.approved_videos import show
from tests.forms import form_with
from tests.html import find, find_all
from tests.sites.cms.content import draft_of, place, placeholder_of, publish
from tests.sites.cms.people import make_editor
from tests.users import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]


def _visit(content: Any) -> Any:
    cache.clear()
    return Client().get(content.page.get_absolute_url("en"))


def _edit(client: Client, content: Any) -> str:
    return client.get(get_object_edit_url(content)).content.decode()


def _add_url(content: Any) -> str:
    query = {
        "placeholder_id": placeholder_of(content).pk,
        "plugin_type": "RemixVideoPlugin",
        "plugin_language": "en",
        "plugin_position": 1,
        "cms_path": get_object_edit_url(content),
    }
    return f"/admin/cms/placeholder/add-plugin/?{urlencode(query)}"


def _change_url(plugin: VideoPlugin, content: Any) -> str:
    query = urlencode({"cms_path": get_object_edit_url(content)})
    return f"/admin/cms/placeholder/edit-plugin/{plugin.pk}/?{query}"


def test_visitor_sees_the_player_of_a_published_page(home: Any, editor: User) -> None:
    first, second = show(title="Low tide"), show(title="High tide")
    place(home, first)
    place(home, second, title="Waves", loop=True, autoplay=True)
    publish(home, editor)

    page = _visit(home)

    low, high = find_all(page, "video")
    assert (low.get("src"), low.get("aria-label")) == (first.file.url, "Low tide")
    assert (high.get("src"), high.get("aria-label")) == (second.file.url, "Waves")
    assert "muted" not in low.attrib and "autoplay" not in low.attrib
    assert {"muted", "autoplay", "loop"} <= high.attrib.keys()


def test_caches_keep_a_page_with_a_video_for_a_minute_at_most(
    home: Any, editor: User, settings: Any
) -> None:
    settings.CMS_CACHE_DURATIONS = {"content": 3600, "menus": 3600, "permissions": 3600}
    place(home, show())
    publish(home, editor)

    page = _visit(home)

    assert "max-age=60" in page["Cache-Control"]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda video: video.reject(), "This video was rejected."),
        (lambda _video: Video.objects.reset_approval(by=None), "This video is not approved yet."),
        (lambda _video: Video.objects.update(file=""), "This video has no file."),
        (lambda video: video.delete(), "This video was deleted."),
    ],
)
def test_video_that_is_withdrawn_leaves_a_hint_for_editors_only(
    cms: Client, home: Any, editor: User, change: Any, hint: str
) -> None:
    video = show(title="Secret tide")
    place(home, video)
    assert "sora-remix-hint" not in _edit(cms, home)

    change(video)

    assert hint in _edit(cms, home)
    preview = cms.get(get_object_preview_url(home)).content.decode()
    publish(home, editor)
    for page in (_edit(cms, home), preview, _visit(home).content.decode()):
        assert "<video" not in page and "Secret tide" not in page
    assert hint not in preview and hint not in _visit(home).content.decode()


def test_editor_places_a_video_and_changes_how_it_is_played(cms: Client, home: Any) -> None:
    video = show(title="Low tide")
    form = form_with(cms.get(_add_url(home)), "title")

    answer = cms.post(_add_url(home), form.data({"video": str(video.pk), "loop": "on"}, "_save"))

    plugin = VideoPlugin.objects.get()
    assert answer.status_code == 200
    assert (plugin.video, plugin.loop, plugin.autoplay, plugin.lazy) == (video, True, False, True)
    change = _change_url(plugin, home)
    form = form_with(cms.get(change), "title")
    cms.post(change, form.data({"title": "Waves"}, "_save"))
    plugin.refresh_from_db()
    assert (plugin.video, plugin.title) == (video, "Waves")


def test_form_has_the_chooser_and_shows_the_chosen_video(cms: Client, home: Any) -> None:
    video = show(title="Low tide")

    page = cms.get(_change_url(place(home, video), home))

    chooser = find(page, "select", name="video")
    assert "sora-remix-chooser" in chooser.get("class", "")
    assert chooser.get("data-approved") == "true"
    assert video.thumbnail.url in page.content.decode()


@pytest.mark.parametrize("approval", [Approval.NEW, Approval.REJECTED])
def test_video_that_is_not_approved_is_refused(cms: Client, home: Any, approval: Approval) -> None:
    video = show(approval=approval)
    form = form_with(cms.get(_add_url(home)), "title")

    answer = cms.post(_add_url(home), {**form.values, "video": video.pk})

    assert "This video is not approved, or no longer exists." in answer.content.decode()
    assert not VideoPlugin.objects.exists()


def test_video_whose_approval_was_withdrawn_does_not_block_the_form(cms: Client, home: Any) -> None:
    plugin = place(home, video := show())
    video.reject()
    change = _change_url(plugin, home)

    cms.post(change, form_with(cms.get(change), "title").data({"title": "Waves"}, "_save"))

    plugin.refresh_from_db()
    assert (plugin.video, plugin.title) == (video, "Waves")


def test_editor_who_may_not_view_videos_sees_no_titles_and_keeps_the_video(
    client: Client, home: Any
) -> None:
    client.force_login(make_editor("view_preset", name="other"))
    show(title="Secret tide")
    video = show(title="Hidden tide", approval=Approval.NEW)
    plugin = place(home, video)
    change = _change_url(plugin, home)

    page = client.get(change)
    client.post(change, form_with(page, "title").data({"title": "Waves"}, "_save"))

    assert not find_all(page, "select", name="video")
    assert "You may not view videos" in page.content.decode()
    for shown in (page.content.decode(), _edit(client, home)):
        assert "Secret tide" not in shown and "Hidden tide" not in shown
    plugin.refresh_from_db()
    assert (plugin.video, plugin.title) == (video, "Waves")
    assert client.get(_add_url(home)).status_code == 403


def test_new_draft_of_a_published_page_keeps_its_videos(home: Any, editor: User) -> None:
    video = show()
    place(home, video, title="Waves", loop=True)
    publish(home, editor)

    Version.objects.get_for_content(home).copy(editor)

    [old, new] = VideoPlugin.objects.order_by("pk")
    assert old.placeholder_id != new.placeholder_id
    assert new.placeholder == placeholder_of(draft_of(home.page))
    assert (new.video, new.title, new.loop) == (old.video, old.title, old.loop)


def test_copy_of_the_plugin_keeps_the_video(home: Any) -> None:
    plugin = place(home, show(), autoplay=True)

    copy_plugins_to_placeholder([plugin], placeholder_of(home), language="de")

    copied = VideoPlugin.objects.get(language="de")
    assert (copied.video, copied.autoplay) == (plugin.video, True)


def test_number_of_queries_does_not_depend_on_that_of_videos(
    home: Any, editor: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    place(home, show())
    publish(home, editor)
    _visit(home)  # the first visit fills other caches
    with CaptureQueriesContext(connection) as one:
        _visit(home)

    for _ in range(5):
        place(home, show())

    with django_assert_num_queries(len(one)):
        assert _visit(home).content.count(b"<video") == 6


def test_structure_names_a_video_as_its_page_does(home: Any) -> None:
    shown, hidden = show(title="Low tide"), show(title="Secret tide", approval=Approval.NEW)

    assert str(place(home, shown)) == "Low tide"
    assert str(place(home, shown, title="Waves")) == "Waves"
    assert str(place(home, hidden)) == ""
    assert str(place(home, None)) == ""
