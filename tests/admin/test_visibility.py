"""Rows hidden by the ModelAdmins of a site are shown on no page and can't be changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.test import Client

from sora_remix.admin import RemixAdmin, RemixBatchAdmin, VideoAdmin
from sora_remix.models import Approval, PromptPreset, Remix, RemixBatch, Video
from sora_remix.models.status import Status
from tests.admin_pages import (
    Walked,
    content_of,
    log_in_editor,
    make_rows,
    make_site,
    names_of,
    url_of,
    urls_with,
)
from tests.checkout import filled_in, make_clip
from tests.factories import make_remix
from tests.html import find_all, inner_text, messages

pytestmark = pytest.mark.django_db

SECRET = "Secret "


class HalfOfVideos(VideoAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[Video]:
        return super().get_queryset(request).exclude(title__startswith=SECRET)


class HalfOfRemixes(RemixAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[Remix]:
        videos = self.admin_site.get_model_admin(Video).get_queryset(request)
        return super().get_queryset(request).filter(source__in=videos.order_by().values("pk"))


class OwnBatches(RemixBatchAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[RemixBatch]:
        return super().get_queryset(request).filter(created_by=request.user.pk)


class DeniedVideos(VideoAdmin):
    def has_view_permission(self, request: HttpRequest, obj: Video | None = None) -> bool:
        may = not (obj and obj.title.startswith(SECRET))
        return may and super().has_view_permission(request, obj)

    has_change_permission = has_delete_permission = has_view_permission


class DeniedRemixes(RemixAdmin):
    def has_view_permission(self, request: HttpRequest, obj: Remix | None = None) -> bool:
        may = not (obj and obj.source.title.startswith(SECRET))
        return may and super().has_view_permission(request, obj)


HALF = make_site(Video=HalfOfVideos, Remix=HalfOfRemixes, RemixBatch=OwnBatches)
DENIED = make_site(Video=DeniedVideos, Remix=DeniedRemixes)
SITES = {"rows": HALF, "objects": DENIED}


class Both(NamedTuple):
    """Rows that an editor can view, and hidden ones."""

    shown: Walked
    hidden: Walked
    child: Video
    """A result that may be seen, of a source that may not."""


@pytest.fixture
def both(client: Client, settings: Any) -> Both:
    """Visible and hidden rows in one batch and one draft, and an editor with all permissions."""
    settings.ROOT_URLCONF = urls_with(("editors/", HALF))
    shown = make_rows(log_in_editor(client))
    hidden = make_rows(User.objects.create_user("other"), word=SECRET)
    child = make_clip(title="Child", duration=5)
    made: dict[str, Any] = {"endpoint": "flux-3", "batch": shown.batch, "source": hidden.source}
    make_remix(prompt=f"{SECRET}gold", status=Status.FAILED, request_id="r3", **made)
    make_remix(prompt="gold", status=Status.SUCCEEDED, request_id="r4", result=child, **made)
    shown.draft.videos.add(hidden.source)
    return Both(shown, hidden, child)


def _on(settings: Any, kind: str) -> Any:
    settings.ROOT_URLCONF = urls_with(("editors/", SITES[kind]))
    return SITES[kind]


@pytest.mark.parametrize("name", names_of())
def test_no_page_shows_hidden_rows(client: Client, both: Both, name: str) -> None:
    response = client.get(url_of(HALF, name, both.shown))

    assert response.status_code in (200, 302, 403, 405)
    assert SECRET.strip() not in content_of(response)


@pytest.mark.parametrize("name", names_of(Video))
def test_pages_of_a_result_do_not_show_its_hidden_source(
    client: Client, both: Both, name: str
) -> None:
    rows = replace(both.shown, result=both.child)

    response = client.get(url_of(HALF, name, rows))

    assert response.status_code in (200, 302, 404, 405)
    assert SECRET.strip() not in content_of(response)
    assert f"left={both.hidden.source.pk}&" not in response.content.decode().replace("&amp;", "&")


OF_MANY = (
    "changelist",
    "_add",
    "_notices",
    "_approve",
    "_reject",
    "_clear",
    "_resume",
    "_spend",
    "_spend_groups",
    "_spend_remixes",
    "_video_choose",
    "_video_layout",
    "_video_remix",
    "_video_upload",
)
HIDEABLE = (Video, Remix, RemixBatch, PromptPreset)
OF_A_ROW = [
    *(("rows", name) for name in names_of(*HIDEABLE) if not name.endswith(OF_MANY)),
    *(("objects", name) for name in names_of(Video, Remix) if not name.endswith(OF_MANY)),
]


@pytest.mark.parametrize(("kind", "name"), OF_A_ROW)
def test_no_page_of_a_hidden_row_opens(
    client: Client, both: Both, settings: Any, kind: str, name: str
) -> None:
    site = _on(settings, kind)

    response = client.get(url_of(site, name, both.hidden))

    assert SECRET.strip() not in content_of(response)
    if name != "sora_remix_remix_progress":
        assert response.status_code in (302, 403, 404, 405)
    elif kind == "rows":
        assert response.json()["remixes"] == []


def test_hidden_video_is_not_offered_in_the_chooser(
    client: Client, both: Both, settings: Any
) -> None:
    url = url_of(_on(settings, "rows"), "sora_remix_video_choose", both.shown)

    response = client.get(url, {"approved": "false"})

    assert SECRET.strip() not in content_of(response)
    assert response.json()["results"]


def _states() -> list[Any]:
    """Return all that must stay as it is."""
    videos = Video.objects.order_by("pk").values_list("approval", "cleared_at", "file")
    remixes = Remix.objects.order_by("pk").values_list("status", "request_id")
    return [*videos, *remixes, RemixBatch.objects.count()]


@pytest.mark.parametrize("kind", SITES)
@pytest.mark.parametrize("decision", ["approve", "reject", "clear"])
def test_hidden_videos_can_not_be_decided(
    client: Client, both: Both, settings: Any, kind: str, decision: str
) -> None:
    _on(settings, kind)
    Video.objects.filter(pk=both.hidden.result.pk).update(
        approval=Approval.REJECTED if decision == "clear" else Approval.NEW
    )
    video = Video.objects.get(pk=both.hidden.result.pk)
    before = _states()

    url = f"/editors/sora_remix/video/{decision}/"
    page = client.post(url, {"videos": f"{video.pk}:{video.revision}"}, follow=True)

    assert _states() == before
    left_alone = "1 video was not changed: It was deleted, or you don't have permission to view it."
    assert left_alone in messages(page)


@pytest.mark.parametrize("kind", SITES)
def test_hidden_video_is_not_reviewed(client: Client, both: Both, settings: Any, kind: str) -> None:
    _on(settings, kind)
    video, before = both.hidden.result, _states()
    sent = {"decision": "approve", "shown": video.revision}

    response = client.post(f"/editors/sora_remix/video/review/?video={video.pk}", sent)
    queue = client.get("/editors/sora_remix/video/review/?after=0").content.decode()
    last = client.get(f"/editors/sora_remix/video/review/?after={both.hidden.source.pk - 1}")

    assert response.status_code == 404
    assert _states() == before
    assert SECRET.strip() not in queue + last.content.decode()


@pytest.mark.parametrize("kind", SITES)
@pytest.mark.parametrize("act", ["cancel", "retry", "collect-again"])
def test_hidden_remixes_can_not_be_changed(
    client: Client, both: Both, settings: Any, kind: str, act: str
) -> None:
    _on(settings, kind)
    queued = make_remix(source=both.hidden.source, prompt=f"{SECRET}queued", endpoint="flux-3")
    hidden, before = [both.hidden.failed.pk, queued.pk], _states()
    url = "/editors/sora_remix"
    name = {"collect-again": "collect_selected"}.get(act, f"{act}_selected")

    one = [client.post(f"{url}/remix/{pk}/{act}/", {"_terms": ""}) for pk in hidden]
    client.post(f"{url}/remix/{act}/", {"remixes": ",".join(map(str, hidden)), "_terms": ""})
    asked = client.post(f"{url}/remix/", {"action": name, "_selected_action": hidden})
    cells = {"action": act.replace("-", "_"), "cell": Remix.objects.values_list("pk", flat=True)}
    page = client.post(f"{url}/remixbatch/{both.shown.batch.pk}/cells/", cells)

    assert {answer.status_code for answer in one} <= {403, 404}
    assert _states() == before
    assert SECRET.strip() not in asked.content.decode() + page.content.decode()


@pytest.mark.parametrize("kind", SITES)
@pytest.mark.parametrize("name", ["give-up", "send-again", "request-id"])
def test_hidden_unconfirmed_remix_can_not_be_decided(
    client: Client, both: Both, settings: Any, kind: str, name: str
) -> None:
    _on(settings, kind)
    before = _states()
    url = f"/editors/sora_remix/remix/{both.hidden.unconfirmed.pk}/{name}/"

    response = client.post(url, {"_terms": "", "request_id": "fal-9"})

    assert response.status_code in (403, 404)
    assert _states() == before


@pytest.mark.parametrize("kind", SITES)
def test_hidden_video_can_not_be_added_to_a_draft(
    client: Client, both: Both, settings: Any, kind: str
) -> None:
    _on(settings, kind)
    hidden, url = both.hidden.result, "/editors/sora_remix"
    Video.objects.filter(pk=hidden.pk).update(root=both.shown.source.pk)
    before = _states()
    Remix.objects.filter(pk=both.shown.done.pk).update(result=None)
    Remix.objects.filter(pk=both.hidden.done.pk).update(result=None)
    Remix.objects.filter(pk=both.shown.done.pk).update(result=hidden)

    cells = {"action": "further", "cell": [both.shown.done.pk]}
    page = client.post(f"{url}/remixbatch/{both.shown.batch.pk}/cells/", cells, follow=True)
    alone = client.post(f"{url}/video/remix/", {"video": hidden.pk})

    assert alone.status_code in (403, 404)
    assert _states() == before
    assert messages(page) == [
        "1 remix was left out, because you don't have permission to view its video."
    ]


@pytest.mark.parametrize("kind", SITES)
def test_draft_buys_only_videos_that_its_editor_can_view(
    client: Client, both: Both, settings: Any, kind: str
) -> None:
    _on(settings, kind)
    draft = both.shown.draft
    url = f"/editors/sora_remix/remixbatch/{draft.pk}/confirm/"

    page = client.get(url)
    sent = client.post(url, {**filled_in(page), "prompt": "make it noir"})

    assert sent.status_code == 302
    assert "1 selected video is no longer available to you and" in page.content.decode()
    assert SECRET.strip() not in page.content.decode()
    made = Remix.objects.filter(batch=draft).values_list("source", flat=True)
    assert {*made} == {both.shown.source.pk, both.shown.result.pk}


@pytest.mark.parametrize("kind", SITES)
def test_video_hidden_after_the_page_was_opened_is_not_bought(
    client: Client, both: Both, settings: Any, kind: str
) -> None:
    _on(settings, kind)
    draft = both.shown.draft
    url = f"/editors/sora_remix/remixbatch/{draft.pk}/confirm/"
    page = client.get(url)
    # As many as before, but others.
    Video.objects.filter(pk=both.shown.source.pk).update(title=f"{SECRET}now")
    Video.objects.filter(pk=both.hidden.source.pk).update(title="Shown now")

    sent = client.post(url, {**filled_in(page), "prompt": "make it noir"})

    assert "Nothing was sent" in sent.content.decode()
    assert Remix.objects.filter(batch=draft).count() == 0


@pytest.mark.parametrize("part", ["file/file", "file/thumbnail", "captions"])
def test_files_can_be_opened_through_the_video_or_a_visible_remix(
    client: Client, both: Both, part: str
) -> None:
    lonely = make_clip(title="Lonely", thumbnail="t.jpg", captions=both.shown.source.captions.name)
    videos = [both.shown.source, both.shown.result, both.hidden.source, both.hidden.result, lonely]
    seen: dict[str, list[bool]] = {}

    for number, held in enumerate(("view_video", "view_remix", "remix_video")):
        other = Client()
        user = User.objects.create_user(f"user {number}")
        user.user_permissions.set(Permission.objects.filter(codename=held))
        other.force_login(user)
        urls = [f"/editors/sora_remix/video/{video.pk}/{part}/" for video in videos]
        seen[held] = [other.get(url).status_code < 400 for url in urls]

    assert seen == {
        "view_video": [True, True, False, False, True],
        "view_remix": [True, True, False, False, False],
        "remix_video": [False] * 5,
    }


def test_filter_does_not_show_hidden_names(client: Client, both: Both) -> None:
    url = f"/editors/sora_remix/remix/?source__id__exact={both.hidden.source.pk}"

    page = client.get(url).content.decode()

    assert SECRET.strip() not in page
    assert "0 remixes" in page


def _presets(page: Any) -> set[str]:
    """Return the names of the presets on the page to confirm."""
    selects = find_all(page, "select", name="_preset")
    options = [option for select in selects for option in find_all(select, "option")]
    return {inner_text(option) for option in options} - {"Insert a preset…"}


def test_presets_of_others_are_not_offered_to_a_superuser(client: Client, both: Both) -> None:
    User.objects.update(is_superuser=True)

    page = client.get(f"/editors/sora_remix/remixbatch/{both.shown.draft.pk}/confirm/")

    assert _presets(page) == {both.shown.preset.name}


def test_notice_counts_only_remixes_that_the_user_can_view(client: Client, both: Both) -> None:
    page = client.get("/editors/sora_remix/remix/").content.decode()

    assert "1 remix is unconfirmed" in page


@pytest.mark.parametrize("model", [Video, Remix, PromptPreset])
def test_rows_of_a_model_missing_from_the_site_are_not_shown(
    client: Client, both: Both, settings: Any, model: type[Model]
) -> None:
    models = [one for one in (Video, Remix, RemixBatch, PromptPreset) if one is not model]
    settings.ROOT_URLCONF = urls_with(("editors/", make_site(*models)))

    page = client.get(f"/editors/sora_remix/remixbatch/{both.shown.draft.pk}/confirm/")

    if model is Video:
        assert page.status_code == 403
    elif model is PromptPreset:
        assert _presets(page) == set()
    else:
        assert page.status_code == 200
