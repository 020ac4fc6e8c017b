"""Every page says why fal accepts nothing from the account, and when it is tried again."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils.formats import date_format
from pytest_django import Settings

from sora_remix.models import Chain, Remix
from sora_remix.models.status import Status
from tests.checkout import draft, page_of
from tests.factories import ago, make_remix
from tests.forms import form_with, submit
from tests.html import find, inner_text, messages, texts
from tests.remix_actions import LIST, log_in

pytestmark = pytest.mark.django_db

LOCKED = "fal has locked the site's account, usually because its balance is used up."
FREE = "Remixes wait. Nothing is sent, and nothing is charged for them."


@pytest.fixture(autouse=True)
def living_endpoint(any_endpoint: None) -> None:
    """The site offers an endpoint that lives."""


def _hold(code: str = "account_locked") -> None:
    Chain.objects.hold_account(code, "HTTP 403: <b>locked</b>", "digest")
    Chain.objects.update(worked_at=ago(seconds=1))


def _said(client: Client, url: str = LIST) -> str:
    """Return the texts of the notices of a page."""
    area = find(client.get(url), "div", id="sora-remix-notice-area")
    return inner_text(area)


def test_locked_account_is_explained_to_administrators(admin_client: Client) -> None:
    _hold()
    end = Chain.objects.get().held_until
    assert end

    said = _said(admin_client)

    clock = date_format(end, "TIME_FORMAT")
    assert said == (
        f"{LOCKED} {FREE} Add credit at fal. At {clock}, the site tries again and continues "
        "by itself. Reason: “HTTP 403: <b>locked</b>”. Open billing at falTry now"
    )
    link = find(admin_client.get(LIST), "a", href="https://fal.ai/dashboard/billing")
    assert inner_text(link) == "Open billing at fal"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("key_refused", "fal refuses the site's key."),
        ("key_missing", "The workers have no key for fal."),
    ],
)
def test_refused_or_missing_key_is_explained_with_its_settings(
    admin_client: Client, code: str, cause: str
) -> None:
    _hold(code)

    said = _said(admin_client)

    assert said.startswith(f"{cause} {FREE} Set a valid one as SORA_REMIX_FAL_KEY in the settings")
    assert find(admin_client.get(LIST), "a", href="https://fal.ai/dashboard/keys") is not None


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("account_locked", "Ask an administrator to add credit at fal."),
        ("key_refused", "Ask an administrator to set a valid key."),
    ],
)
def test_others_are_told_to_ask_an_administrator(client: Client, code: str, remedy: str) -> None:
    log_in(client, "view_remix")
    _hold(code)

    said = _said(client)

    assert f"{FREE} {remedy} At " in said
    assert said.endswith(", the site tries again and continues by itself.")
    for name in ("SORA_REMIX", "FAL_KEY", "HTTP 403", "at fal Try", "Try now", "billing"):
        assert name not in said


def test_missing_key_is_reported_once(
    admin_client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SORA_REMIX_FAL_KEY = None
    for name in ("FAL_KEY", "FAL_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    _hold("key_missing")

    said = _said(admin_client)

    assert said.startswith("The workers have no key for fal.")
    assert "no key for fal yet" not in said


def test_due_probe_waits_for_the_next_remix(admin_client: Client) -> None:
    _hold()
    Chain.objects.update(held_until=ago(seconds=1))

    assert "The next waiting remix is sent as a try." in _said(admin_client)


def test_hold_that_ended_is_not_shown(admin_client: Client) -> None:
    _hold()
    Chain.objects.end_hold()

    assert _said(admin_client) == ""


@pytest.mark.parametrize("url", [LIST, "/admin/sora_remix/video/", "/admin/sora_remix/remixbatch/"])
def test_lists_have_a_button_to_try_now(admin_client: Client, url: str) -> None:
    _hold()

    page = admin_client.get(url)

    assert form_with(page, "next").action == f"{LIST}resume/"
    assert texts(find(page, "div", id="sora-remix-notice-area"), "button", "button") == ["Try now"]


def test_pages_with_a_form_link_to_the_list_instead(admin_client: Client) -> None:
    _hold()

    page = admin_client.get(page_of(draft()))

    area = find(page, "div", id="sora-remix-notice-area")
    assert texts(area, "a") == ["Open billing at fal", "Show remixes"]


def test_button_has_a_waiting_remix_tried_at_once(client: Client) -> None:
    log_in(client, "view_remix", "decide_unconfirmed")
    make_remix()
    _hold()

    response = submit(client, LIST, {"next": LIST}, "", follow=True)

    [message] = messages(response)
    assert message.startswith("One remix is sent to fal now. If fal accepts it, the others follow.")
    hold = Chain.objects.hold()
    assert hold
    assert hold.next_try is None
    assert LogEntry.objects.count() == 1


def test_button_ends_the_hold_where_no_remix_waits(admin_client: Client) -> None:
    make_remix(status=Status.SUCCEEDED)
    _hold()

    response = submit(admin_client, LIST, {"next": LIST}, "", follow=True)

    assert messages(response) == ["Sending to fal was resumed."]
    assert Chain.objects.hold() is None


def test_history_says_why_a_remix_was_held(admin_client: Client) -> None:
    remix = make_remix(status=Status.SUBMITTING)
    remix.held("account_locked")

    page = admin_client.get(f"{LIST}{remix.pk}/history/").content.decode()

    assert "fal refused the site&#x27;s key or account. It waits." in page
    assert "fal has locked the site&#x27;s account" in page
    assert Remix.objects.get().status == Status.QUEUED
