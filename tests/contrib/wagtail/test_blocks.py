"""A video in a StreamField is played, compared, found again, and described in the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks
from wagtail.models import ReferenceIndex

from sora_remix.contrib.wagtail.blocks import VideoChooserBlock
from sora_remix.models import Approval, Video
from tests.approved_videos import show
from tests.sites.wagtail.content import make_story
from tests.sites.wagtail.models import StoryPage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]


def _body(*videos: Video | None) -> list[tuple[str, Any]]:
    return [("video", video) for video in videos]


def _html(client: Client, story: StoryPage) -> str:
    return client.get(story.url).content.decode()


def _described(client: Client, story: StoryPage) -> Any:
    [block] = client.get(f"/api/pages/{story.pk}/").json()["body"]
    return block["value"]


def test_page_plays_the_videos_of_its_blocks(client: Client, home: Any) -> None:
    first, second = show(title="Low tide"), show(title="High tide")

    html = _html(client, make_story(home, body=_body(first, second)))

    assert html.count("<video") == 2
    assert first.file.url in html and second.file.url in html


def test_page_does_not_play_a_video_that_is_no_longer_approved(client: Client, home: Any) -> None:
    video = show()
    story = make_story(home, video=video, body=_body(video))

    video.reject()

    assert "<video" not in _html(client, story)


def test_page_stays_when_its_video_is_deleted(client: Client, home: Any) -> None:
    video = show()
    story = make_story(home, video=video, body=_body(video))

    video.delete()

    assert "<video" not in _html(client, story)


def test_api_describes_what_a_player_needs(client: Client, home: Any) -> None:
    video = show(title="Low tide", sora_id="", captions_language="de")

    described = _described(client, make_story(home, body=_body(video)))

    site = "http://testserver"
    assert described == {
        "id": video.pk,
        "title": "Low tide",
        "url": site + video.file.url,
        "thumbnail": site + video.thumbnail.url,
        "captions": {"url": site + video.captions.url, "language": "de"},
        "duration": 4.0,
        "width": 1280,
        "height": 720,
        "is_labelled_as_ai": False,
    }


def test_api_says_which_videos_a_model_made(client: Client, home: Any) -> None:
    video = show(captions="", thumbnail="")

    described = _described(client, make_story(home, body=_body(video)))

    assert described["is_labelled_as_ai"]
    assert described["captions"] is None and described["thumbnail"] is None


def test_api_hides_a_video_that_is_not_approved(client: Client, home: Any) -> None:
    video = show(approval=Approval.NEW)

    assert _described(client, make_story(home, body=_body(video))) is None


def test_api_hides_a_video_whose_storage_the_site_no_longer_has(client: Client, home: Any) -> None:
    video = show(storage_alias="removed")

    assert _described(client, make_story(home, body=_body(video))) is None


def test_preview_of_the_block_shows_the_newest_video_that_pages_may_show() -> None:
    block = VideoChooserBlock()
    assert block.get_preview_value() is None
    video = show()
    show(approval=Approval.NEW)

    assert block.is_previewable
    assert block.get_preview_value() == video


@pytest.mark.parametrize("field", ["video", "body"])
def test_comparison_of_revisions_shows_both_videos(cms: Client, home: Any, field: str) -> None:
    before, after = show(title="Low tide"), show(title="High tide")
    story = make_story(home, video=before, body=_body(before))
    first = story.latest_revision
    if field == "video":
        story.video = after
    else:
        story.body[0].value = after
    second = story.save_revision()

    url = f"/cms/pages/{story.pk}/revisions/compare/{first.pk}...{second.pk}/"
    html = cms.get(url).content.decode()

    assert "<del>Low tide</del>" in html and "<ins>High tide</ins>" in html
    assert before.thumbnail.url in html and after.thumbnail.url in html


def test_uses_of_a_video_are_known(
    home: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    video = show()
    with django_capture_on_commit_callbacks(execute=True):
        story = make_story(home, video=video, body=_body(video))

    [(page, references)] = ReferenceIndex.get_references_to(video).group_by_source_object()

    assert page.pk == story.pk and len(references) == 2


def test_field_of_the_page_shows_the_picture_and_warns_of_a_hidden_video(
    cms: Client, home: Any
) -> None:
    video = show(title="Low tide", approval=Approval.REJECTED)
    story = make_story(home, video=video)

    html = cms.get(f"/cms/pages/{story.pk}/edit/").content.decode()

    assert 'id="id_video-chooser"' in html and video.thumbnail.url in html
    assert "This video was rejected. Visitors don&#x27;t see it." in html
