"""Input that arrives after a session ran out is shown again after the login."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sora_remix.admin.checkout import kept_input
from sora_remix.models import Remix, RemixBatch
from tests.checkout import draft, filled_in, grid_of, make_clip, options, page_of
from tests.forms import submit
from tests.html import messages

pytestmark = pytest.mark.django_db

PROMPTS = ["{title} as film noir", "at night"]


@pytest.fixture
def batch(db: None) -> RemixBatch:
    return draft(make_clip(), make_clip())


def _sent_too_late(client: Client, batch: RemixBatch, **more: Any) -> Any:
    """Fill in the page, let the session run out, and confirm."""
    page = submit(client, page_of(batch), {"endpoint": "grok"}, "_recalculate")
    cell = filled_in(page)["_cell"][0]
    sent = {**filled_in(page), "prompt": PROMPTS, "_cell": [cell], **options(resolution="720p")}
    client.logout()
    return client.post(page_of(batch), {**sent, **more})


def test_input_is_shown_again_after_the_login(
    admin_client: Client, admin_user: User, batch: RemixBatch
) -> None:
    refused = _sent_too_late(admin_client, batch)
    login = {"username": admin_user.username, "password": "password"}
    page = admin_client.post(refused.url, login, follow=True)

    values = filled_in(page)
    assert page.redirect_chain[-1][0] == page_of(batch)
    assert [text.strip() for text in values["prompt"]] == PROMPTS
    assert (values["endpoint"], values["option-resolution"]) == ("grok", "720p")
    assert len(values["_without"].split()) == 1
    assert "Your input is kept" in messages(page)[0]
    assert not Remix.objects.exists()

    assert admin_client.post(page_of(batch), values)["Location"] == grid_of(batch)
    assert batch.remixes.count() == 3


def test_input_is_shown_once(admin_client: Client, admin_user: User, batch: RemixBatch) -> None:
    _sent_too_late(admin_client, batch)
    admin_client.force_login(admin_user)
    submit(admin_client, page_of(batch), {}, "_recalculate")

    page = admin_client.get(page_of(batch))

    assert (filled_in(page)["prompt"], messages(page)) == ("", [])


def test_input_is_kept_for_its_own_draft_only(
    admin_client: Client, admin_user: User, batch: RemixBatch
) -> None:
    _sent_too_late(admin_client, batch)
    admin_client.force_login(admin_user)

    page = admin_client.get(page_of(draft(make_clip())))

    assert (filled_in(page)["prompt"], messages(page)) == ("", [])


def test_large_input_and_other_fields_are_not_kept(admin_client: Client, batch: RemixBatch) -> None:
    _sent_too_late(admin_client, batch, prompt="x" * kept_input.MOST)
    assert kept_input.SESSION_KEY not in admin_client.session

    admin_client.post(page_of(batch), {"prompt": "noir", "_remove": "1", "secret": "x"})
    assert admin_client.session[kept_input.SESSION_KEY]["input"] == "prompt=noir"


def test_input_of_a_user_without_access_to_the_admin_is_not_kept(batch: RemixBatch) -> None:
    client = Client()
    client.force_login(User.objects.create_user("reader"))

    client.post(page_of(batch), {"prompt": "noir"})

    assert kept_input.SESSION_KEY not in client.session


def test_prompt_of_a_second_tab_is_returned_when_the_draft_was_confirmed(
    admin_client: Client, batch: RemixBatch
) -> None:
    tabs = [admin_client.get(page_of(batch)) for _ in range(2)]
    submit(admin_client, tabs[0], {"prompt": "{title} noir"}, "")

    late = submit(admin_client, tabs[1], {"prompt": "made of <b>gold</b>"}, "", follow=True)
    again = submit(admin_client, tabs[0], {"prompt": "{title} noir"}, "", follow=True)

    assert "Nothing was made with this prompt: “made of <b>gold</b>”" in messages(late)
    assert "Nothing was made" not in again.content.decode()
    assert batch.remixes.count() == 2
