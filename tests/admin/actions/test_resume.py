"""Users with the permission to decide resume sending from the lists."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from sora_remix.models import Chain, Remix
from tests.factories import ago, make_remix
from tests.forms import form_with, submit
from tests.html import messages
from tests.remix_actions import LIST, log_in

pytestmark = pytest.mark.django_db

RESUME = f"{LIST}resume/"
VIDEOS = "/admin/sora_remix/video/?o=1"


@pytest.fixture(autouse=True)
def paused() -> None:
    """fal has refused for now."""
    Chain.objects.hold_back(ago(minutes=-30), "HTTP 429")


def test_button_resumes_sending_and_redirects_back(client: Client) -> None:
    user = log_in(client, "view_remix", "view_video", "decide_unconfirmed")
    remix = make_remix(due_at=ago(minutes=-30))

    response = submit(client, VIDEOS, {"next": VIDEOS}, "", follow=True)

    assert response.redirect_chain == [(VIDEOS, 302)]
    assert messages(response) == ["Sending to fal was resumed."]
    assert not Chain.objects.is_held()
    assert list(Remix.objects.to_send()) == [remix]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr) == (user, "Sending to fal")
    assert entry.get_change_message() == "Resume sending"


def test_resuming_after_the_pause_has_ended_is_no_error(admin_client: Client) -> None:
    Chain.objects.update(held_until=ago(minutes=1))

    response = admin_client.post(RESUME, follow=True)

    assert messages(response) == ["Sending to fal had already resumed."]
    assert not LogEntry.objects.exists()


def test_get_request_changes_nothing(admin_client: Client) -> None:
    response = admin_client.get(RESUME)

    assert response.headers["Location"] == LIST
    assert Chain.objects.is_held()


@pytest.mark.parametrize("url", ["https://evil.example.com/", "//evil.example.com", "", "\n"])
def test_redirect_to_another_site_is_refused(admin_client: Client, url: str) -> None:
    response = admin_client.post(RESUME, {"next": url})

    assert response.headers["Location"] == LIST


@pytest.mark.parametrize(
    "held",
    [
        ("view_remix",),
        ("view_remix", "retry_remix", "remix_video", "cancel_remix"),
        ("decide_unconfirmed",),
    ],
)
def test_resuming_sending_needs_the_permission_to_decide(
    client: Client, held: tuple[str, ...]
) -> None:
    log_in(client, *held)

    response = client.post(RESUME)

    assert response.status_code == 403
    assert Chain.objects.is_held()


def test_post_without_csrf_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    log_in(client, "view_remix", "decide_unconfirmed")

    assert client.post(RESUME).status_code == 403
    assert Chain.objects.is_held()


def test_form_on_the_page_is_accepted() -> None:
    client = Client(enforce_csrf_checks=True)
    log_in(client, "view_remix", "decide_unconfirmed")
    form = form_with(client.get(LIST), "next")

    assert form.action == RESUME
    assert client.post(form.action, form.data()).status_code == 302
    assert not Chain.objects.is_held()
