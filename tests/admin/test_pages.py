"""Requests and actions have limits, and pages show the start of long prompts."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from sora_remix.admin.formatting import text
from sora_remix.models import Remix, RemixBatch
from sora_remix.models.status import Status
from tests import checkout
from tests.factories import make_remix, make_video

pytestmark = pytest.mark.django_db

LISTS = {"video": "/admin/sora_remix/video/", "remix": "/admin/sora_remix/remix/"}
LONG = "x" * 20_000


@pytest.fixture
def most_two(settings: Any) -> None:
    """A site on which two remixes are the most."""
    settings.SORA_REMIX_MAX_BATCH = 2


def _act(client: Client, model: str, action: str) -> Any:
    data = {"action": action, "select_across": "1", "_selected_action": ["1"]}
    return client.post(LISTS[model], data)


@pytest.mark.usefixtures("most_two")
@pytest.mark.parametrize(
    ("model", "action"),
    [
        ("video", "remix_selected"),
        ("video", "approve_selected"),
        ("video", "reject_selected"),
        ("video", "clear_selected"),
        ("remix", "cancel_selected"),
        ("remix", "retry_selected"),
        ("remix", "collect_selected"),
    ],
)
def test_action_for_too_many_rows_is_refused_with_a_message(
    admin_client: Client, model: str, action: str
) -> None:
    for _ in range(3):
        make_remix(status=Status.FAILED)

    response = _act(admin_client, model, action)

    said = [str(message) for message in get_messages(response.wsgi_request)]
    assert response.status_code == 302
    assert said == [
        "Nothing was done, because at most 2 rows can be selected at once. "
        "Use a filter to select fewer."
    ]
    assert not RemixBatch.objects.exists()


@pytest.mark.usefixtures("most_two")
@pytest.mark.parametrize("action", ["cancel_selected", "retry_selected"])
def test_action_for_the_maximum_number_of_rows_is_confirmed(
    admin_client: Client, action: str
) -> None:
    for _ in range(2):
        make_remix(status=Status.FAILED)

    assert _act(admin_client, "remix", action).status_code == 200


@pytest.mark.usefixtures("most_two")
def test_draft_with_too_many_videos_is_explained(admin_client: Client) -> None:
    batch = checkout.draft(*(make_video() for _ in range(3)))

    page = admin_client.get(checkout.page_of(batch)).content.decode()

    assert "You can request at most 2 remixes at once." in page
    assert 'id="confirm-form"' not in page


@pytest.mark.usefixtures("most_two")
def test_too_many_prompts_are_refused_before_anything_is_stored(
    admin_client: Client,
) -> None:
    batch = checkout.draft(checkout.make_clip(), checkout.make_clip())
    data = {"endpoint": "flux-3", "prompt": ["a", "b"], "_numbers": "0 1"}

    page = admin_client.post(checkout.page_of(batch), data)

    assert "You can request at most 2 remixes at once" in page.content.decode()
    assert not Remix.objects.exists()
    batch.refresh_from_db()
    assert batch.confirmed_at is None


def test_very_long_prompt_is_shortened_except_on_the_page_of_its_remix(
    admin_client: Client,
) -> None:
    source = make_video(file="a.mp4")
    result = make_video(file="b.mp4", root=source)
    remix = make_remix(source=source, prompt=LONG, status=Status.SUCCEEDED, result=result)
    make_remix(source=result, prompt=LONG)

    for path in (
        f"video/{source.pk}/tree/",
        f"video/{result.pk}/change/",
        f"video/review/?video={result.pk}",
        f"video/compare/?left={source.pk}&right={result.pk}",
        "remix/",
    ):
        page = admin_client.get(f"/admin/sora_remix/{path}").content.decode()
        assert "x" * 20 in page
        assert "x" * text.PROMPT_SHOWN not in page
    own = admin_client.get(f"/admin/sora_remix/remix/{remix.pk}/change/").content.decode()
    assert LONG in own
