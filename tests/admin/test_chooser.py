"""A site's own admin chooses videos by their pictures."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.http import HttpRequest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.admin import VideoAdmin
from sora_remix.models import Approval, Video
from tests.admin_pages import ADMINS, log_in_editor, make_site, urls_with
from tests.factories import make_video
from tests.forms import form_with, submit
from tests.html import errors, find, find_all, inner_text
from tests.sites.clips.admin import ArticleAdmin
from tests.sites.clips.models import Article

pytestmark = pytest.mark.django_db

site = make_site(*ADMINS, Article, Article=ArticleAdmin)
URLS = urls_with(("editors/", site))
ADD = "/editors/clips/article/add/"
CHOOSE = "/editors/sora_remix/video/choose/"


@pytest.fixture(autouse=True)
def editor(settings: Settings, client: Client) -> Any:
    """Somebody who may change articles and view videos."""
    settings.ROOT_URLCONF = URLS
    user = log_in_editor(client, "view_video")
    user.user_permissions.add(*Permission.objects.filter(content_type__app_label="clips"))
    return user


def _video(title: str = "Sea", approval: str = Approval.APPROVED, **values: Any) -> Video:
    return make_video(
        title=title, file=f"{title}.mp4", thumbnail=f"{title}.jpg", approval=approval, **values
    )


def _found(client: Client, **query: str) -> list[str]:
    answer = client.get(CHOOSE, query).json()
    return [one["text"] for one in answer["results"]]


def test_field_searches_videos(client: Client) -> None:
    select = find(client.get(ADD), "select", name="video")

    assert select.attrib["data-ajax--url"] == CHOOSE
    assert select.attrib["data-approved"] == "true"
    assert "admin-autocomplete" not in select.attrib["class"].split()


def test_field_says_that_it_needs_scripts(client: Client) -> None:
    said = inner_text(find(client.get(ADD), "noscript"))

    assert said == "Choosing another video needs JavaScript."


def test_approved_videos_with_a_file_are_found_by_title(client: Client) -> None:
    _video("Sea")
    _video("Forest")
    _video("Secret sea", Approval.NEW)
    make_video(title="Sea at Sora", approval=Approval.APPROVED)

    assert _found(client) == ["Forest", "Sea"]
    assert _found(client, term="sea") == ["Sea"]
    assert _found(client, term="sea", approved="false") == ["Secret sea", "Sea"]


def test_result_has_a_picture_and_a_preview_without_markup_of_its_title(client: Client) -> None:
    _video("<b>Sea</b>", duration=12)

    [found] = client.get(CHOOSE).json()["results"]

    assert found["picture"].startswith("/media/") and found["text"] == "<b>Sea</b>"
    assert "12" in found["note"]
    assert "<b>" not in found["preview"] and "data-video" in found["preview"]


def test_results_come_in_pages(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sora_remix.admin.chooser.PER_PAGE", 2)
    for title in ("One", "Two", "Three"):
        _video(title)

    first, second = client.get(CHOOSE).json(), client.get(CHOOSE, {"page": "2"}).json()

    assert [len(page["results"]) for page in (first, second)] == [2, 1]
    assert [page["pagination"]["more"] for page in (first, second)] == [True, False]
    assert client.get(CHOOSE, {"page": "x" * 99}).status_code == 200


def test_search_needs_few_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        _video(f"Sea {number}")

    with django_assert_max_num_queries(6):
        _found(client, term="sea")


def test_search_is_for_those_who_may_view_videos(client: Client, editor: Any) -> None:
    editor.user_permissions.remove(Permission.objects.get(codename="view_video"))

    assert client.get(CHOOSE).status_code == 403
    assert not find_all(client.get(ADD), "select", class_="sora-remix-chooser")


def test_chosen_video_is_saved_and_shown(client: Client) -> None:
    video = _video()

    client.post(ADD, {"name": "News", "video": str(video.pk)})

    article = Article.objects.get()
    assert article.video == video
    page = client.get(f"/editors/clips/article/{article.pk}/change/")
    chosen = find(page, "div", class_="sora-remix-chosen")
    assert "Sea" in inner_text(chosen) and find_all(chosen, "img")
    assert form_with(page, "video").values["video"] == str(video.pk)


def test_video_that_is_not_approved_is_refused(client: Client) -> None:
    video = _video(approval=Approval.REJECTED)

    page = client.post(ADD, {"name": "News", "video": str(video.pk)})

    assert "not approved" in str(errors(page))
    assert not Article.objects.exists()


def test_present_video_stays_when_its_approval_was_withdrawn(client: Client) -> None:
    video = _video()
    article = Article.objects.create(name="News", video=video)
    Video.objects.all().reset_approval(by=None)
    page = client.get(f"/editors/clips/article/{article.pk}/change/")
    assert "Visitors don't see it" in inner_text(find(page, "div", class_="sora-remix-chosen"))

    submit(client, page, {"name": "Old news"})

    article.refresh_from_db()
    assert (article.name, article.video) == ("Old news", video)


def test_site_can_offer_every_video(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ArticleAdmin, "approved_videos_only", False)
    video = _video(approval=Approval.NEW)

    assert find(client.get(ADD), "select", name="video").attrib["data-approved"] == "false"
    client.post(ADD, {"name": "News", "video": str(video.pk)})
    assert Article.objects.get().video == video


class OwnVideos(VideoAdmin):
    """Shows people what they have added."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(created_by=request.user.pk)


@pytest.fixture
def own_videos(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that shows people only their own videos, and lets them choose every one of these."""
    own = make_site(*ADMINS, Article, Article=ArticleAdmin, Video=OwnVideos)
    settings.ROOT_URLCONF = urls_with(("editors/", own))
    monkeypatch.setattr(ArticleAdmin, "approved_videos_only", False)


@pytest.mark.usefixtures("own_videos")
def test_video_that_the_site_hides_can_not_be_guessed(client: Client, editor: Any) -> None:
    hidden, own = _video("Secret", Approval.NEW), _video("Own", Approval.NEW, created_by=editor)

    pages = [
        client.get(f"{ADD}?video={hidden.pk}"),
        client.post(ADD, {"name": "News", "video": str(hidden.pk)}),
    ]

    assert not any("Secret" in page.content.decode() for page in pages)
    assert not Article.objects.exists()
    client.post(ADD, {"name": "News", "video": str(own.pk)})
    assert Article.objects.get().video == own


@pytest.mark.usefixtures("own_videos")
def test_present_video_stays_though_the_site_hides_it(client: Client) -> None:
    article = Article.objects.create(name="News", video=_video("Sea"))
    page = client.get(f"/editors/clips/article/{article.pk}/change/")

    submit(client, page, {"name": "Old news"})

    article.refresh_from_db()
    assert article.name == "Old news" and article.video


def test_field_can_be_left_empty(client: Client) -> None:
    client.post(ADD, {"name": "News", "video": ""})

    assert Article.objects.get().video is None


def test_admin_site_without_videos_gets_the_field_of_django(
    client: Client, settings: Settings
) -> None:
    settings.ROOT_URLCONF = urls_with(("editors/", make_site(Article, Article=ArticleAdmin)))

    assert find(client.get(ADD), "select", name="video") is not None
