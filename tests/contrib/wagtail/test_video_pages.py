"""The page of a video says how its remixes are going, and where the video is used."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from sora_remix.models import Approval, Remix
from tests.approved_videos import show
from tests.factories import make_remix, make_video
from tests.html import links
from tests.sites.wagtail.content import make_story
from tests.sites.wagtail.people import make_editor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]


def _url(pk: Any) -> str:
    return f"/cms/sora-remix/videos/{pk}/"


def _html(client: Client, pk: Any) -> str:
    return client.get(_url(pk)).content.decode()


def test_page_plays_the_video(cms: Client) -> None:
    video = show(title="Low tide")

    html = _html(cms, video.pk)

    assert f'src="{video.file.url}"' in html and "1280 × 720" in html


def test_page_warns_of_a_video_that_visitors_do_not_see(cms: Client) -> None:
    assert "Visitors see it once it is." in _html(cms, show(approval=Approval.NEW).pk)


def test_page_shows_the_state_of_remixes_and_leads_to_their_results(cms: Client) -> None:
    video, result = show(), make_video(title="Noir tide")
    made = make_remix(source=video, status=Remix.Status.SUCCEEDED, result=result)
    make_remix(source=video, status=Remix.Status.PROCESSING, prompt="as a drawing")

    page = cms.get(_url(video.pk))

    html = page.content.decode()
    assert "as a drawing" in html and "in progress" in html and "succeeded" in html
    assert _url(result.pk) in links(page)
    assert f"/admin/sora_remix/remix/{made.pk}/change/" in links(page)
    assert _url(video.pk) in links(cms.get(_url(result.pk)))


def test_remixes_are_hidden_from_users_who_may_not_view_them(client: Client) -> None:
    video = show()
    make_remix(source=video, prompt="as a drawing")
    client.force_login(make_editor("view_video"))

    assert "as a drawing" not in _html(client, video.pk)


def test_uses_of_a_video_are_listed(
    cms: Client, home: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    video = show()
    with django_capture_on_commit_callbacks(execute=True):
        story = make_story(home, "The tide turns", video=video)

    page = cms.get(_url(video.pk))
    usage = cms.get(f"{_url(video.pk)}usage/")

    assert "Used 1 time" in page.content.decode()
    assert f"{_url(video.pk)}usage/" in links(page)
    assert "The tide turns" in usage.content.decode()
    assert f"/cms/pages/{story.pk}/edit/" in " ".join(links(usage))


@pytest.mark.parametrize("part", ["", "usage/"])
def test_pages_need_the_permission_to_view_videos(client: Client, part: str) -> None:
    video = show()
    client.force_login(make_editor("add_video"))

    assert client.get(_url(video.pk) + part).status_code == 302


@pytest.mark.parametrize("part", ["", "usage/"])
def test_unknown_video_is_not_found(cms: Client, part: str) -> None:
    assert cms.get(_url(0) + part).status_code == 404
