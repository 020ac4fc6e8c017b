"""Each permission allows only what it names; with view permission alone nothing can be spent."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sora_remix.models import Remix
from sora_remix.models.status import Status
from tests.factories import make_remix
from tests.html import listed
from tests.remix_actions import ACTIONS, EDITOR, LIST, ask, has_confirm_button, log_in

pytestmark = pytest.mark.django_db

NEEDED = {
    "cancel": {"cancel_remix"},
    "retry": {"retry_remix", "remix_video"},
    "collect_again": {"retry_remix"},
    "give_up": {"decide_unconfirmed"},
    "send_again": {"decide_unconfirmed", "remix_video"},
    "request_id": {"decide_unconfirmed"},
}
"""What each act needs beside `view_remix`."""
SETS = (
    (),
    ("remix_video",),
    ("cancel_remix",),
    ("retry_remix",),
    ("retry_remix", "remix_video"),
    ("decide_unconfirmed",),
    ("decide_unconfirmed", "remix_video"),
    ("view_exchange",),
)
SECRETS = ("fal-secret", "code_of_fal", "HTTP 422: raw", "video_secret")


def _url(name: str, remix: Remix) -> str:
    return reverse(f"admin:sora_remix_remix_{name}", args=[remix.pk])


def _ready(name: str) -> Remix:
    status = Status.UNCONFIRMED
    if name in ("retry", "collect_again"):
        status = Status.FAILED
    return make_remix(status=status, request_id="fal-1" if status == Status.FAILED else "")


def _exchanged(**values: Any) -> Remix:
    return make_remix(
        **{
            "status": Status.FAILED,
            "request_id": "fal-secret",
            "error_code": "code_of_fal",
            "error_message": "HTTP 422: raw <b>answer</b>",
            "arguments": {"video_id": "video_secret", "prompt": "</pre><script>1</script>"},
            **values,
        }
    )


@pytest.mark.parametrize("held", SETS)
@pytest.mark.parametrize("name", NEEDED)
def test_action_is_offered_and_run_only_with_all_its_permissions(
    client: Client, name: str, held: tuple[str, ...]
) -> None:
    log_in(client, "view_remix", *held)
    remix, may = _ready(name), NEEDED[name] <= {*held}
    before = (remix.status, remix.cancel_requested_at)

    page = client.get(_url("change", remix)).content.decode()
    asked = client.get(_url(name, remix))
    posted = client.post(_url(name, remix), {"_terms": "", "request_id": "fal-9"})

    assert (f'"{_url(name, remix)}"' in page) == may
    assert (asked.status_code == 403, posted.status_code == 403) == (not may, not may)
    if not may:
        remix.refresh_from_db()
        assert (remix.status, remix.cancel_requested_at, Remix.objects.count()) == (*before, 1)


@pytest.mark.parametrize("held", SETS)
@pytest.mark.parametrize("act", ACTIONS)
def test_action_on_a_selection_is_offered_only_with_all_its_permissions(
    client: Client, act: str, held: tuple[str, ...]
) -> None:
    log_in(client, "view_remix", *held)
    remix, may = _ready(act), NEEDED[act] <= {*held}
    data = {"remixes": str(remix.pk), "_terms": ""}

    page = client.get(LIST).content.decode()
    asked = ask(client, act, [remix])
    posted = client.post(reverse(f"admin:sora_remix_remix_{act}"), data)

    assert (ACTIONS[act] in page) == may
    assert has_confirm_button(asked) == may
    assert (posted.status_code == 403) == (not may)


@pytest.mark.parametrize("name", NEEDED)
def test_rows_that_can_not_be_viewed_can_not_be_decided(client: Client, name: str) -> None:
    log_in(client, *(permission for permission in EDITOR if permission != "view_remix"))
    remix = _ready(name)

    answer = client.post(_url(name, remix), {"_terms": "", "request_id": "fal-9"})

    assert answer.status_code == 403


def test_user_with_view_permission_sees_everything_but_the_exchange(client: Client) -> None:
    log_in(client, "view_remix")
    remix = _exchanged(other_request_ids=["fal-secret-2"])
    remix.events.create(kind="accepted", detail="fal-secret")

    urls = (LIST, _url("change", remix), _url("history", remix))
    pages = [client.get(url).content.decode() for url in urls]

    assert remix.prompt in pages[1]
    assert "fal accepted it." in pages[2]
    assert not any(secret in page for secret in SECRETS for page in pages)


def test_exchange_is_shown_as_text_with_its_permission(client: Client) -> None:
    log_in(client, "view_remix", "view_exchange")
    remix = _exchanged()

    page = client.get(_url("change", remix)).content.decode()

    assert all(secret in page for secret in SECRETS)
    assert "HTTP 422: raw &lt;b&gt;answer&lt;/b&gt;" in page
    assert "&quot;prompt&quot;: &quot;&lt;/pre&gt;&lt;script&gt;1" in page
    assert "<script>1" not in page


def test_missing_exchange_is_explained(admin_client: Client) -> None:
    page = admin_client.get(_url("change", make_remix())).content.decode()

    assert page.count("<dd>–</dd>") == 4


@pytest.mark.parametrize(
    "lookup",
    [
        "request_id__startswith=fal",
        "request_id=fal-secret",
        "other_request_ids__contains=fal",
        "error_code=code_of_fal",
        "error_message__contains=raw",
        "arguments__video_id=video_secret",
    ],
)
def test_hidden_values_can_not_be_guessed_by_filters(client: Client, lookup: str) -> None:
    log_in(client, "view_remix")
    _exchanged()

    assert client.get(f"{LIST}?{lookup}").status_code == 400


def test_user_with_permission_can_filter_by_the_exchange(client: Client) -> None:
    log_in(client, "view_remix", "view_exchange")
    remix = _exchanged()

    response = client.get(f"{LIST}?request_id__startswith=fal-s")

    assert listed(response) == [remix.pk]


@pytest.mark.parametrize(("held", "found"), [((), 0), (("view_exchange",), 1)])
def test_search_by_request_id_needs_the_permission_to_view_it(
    client: Client, held: tuple[str, ...], found: int
) -> None:
    log_in(client, "view_remix", *held)
    _exchanged()

    response = client.get(f"{LIST}?q=fal-secret")

    assert len(listed(response)) == found
