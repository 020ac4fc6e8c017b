"""The page of a remix offers the actions that its state allows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from sora_remix import services
from sora_remix.admin.formatting import outcomes
from sora_remix.models import Remix, RemixEvent
from sora_remix.models.status import Status
from tests.factories import ago, make_remix
from tests.forms import submit
from tests.html import errors, messages
from tests.remix_actions import EDITOR, LIST, confirm, history, log_in

pytestmark = pytest.mark.django_db

Kind = RemixEvent.Kind
BOX = "Unknown whether fal has it"
NAMES = ("cancel", "retry", "collect_again", "give_up", "send_again", "request_id")


def _url(name: str, remix: Remix) -> str:
    return reverse(f"admin:sora_remix_remix_{name}", args=[remix.pk])


def _offered(client: Client, remix: Remix) -> set[str]:
    page = client.get(_url("change", remix)).content.decode()
    signs = {name: f'"{_url(name, remix)}"' for name in NAMES} | {"request_id": 'name="request_id"'}
    return {name for name, sign in signs.items() if sign in page}


def _unconfirmed(**values: Any) -> Remix:
    return make_remix(**{"status": Status.UNCONFIRMED, **values})


@pytest.mark.parametrize(
    ("values", "offered"),
    [
        ({"status": Status.QUEUED}, {"cancel"}),
        ({"status": Status.SUBMITTING}, {"cancel"}),
        ({"status": Status.UNCONFIRMED}, {"cancel", "give_up", "send_again", "request_id"}),
        ({"status": Status.PROCESSING, "request_id": "r"}, {"cancel"}),
        ({"status": Status.PROCESSING, "cancel_requested_at": ago(minutes=1)}, set()),
        ({"status": Status.STORING, "request_id": "r"}, set()),
        ({"status": Status.SUCCEEDED, "request_id": "r"}, set()),
        ({"status": Status.FAILED}, {"retry"}),
        ({"status": Status.FAILED, "request_id": "r"}, {"retry", "collect_again"}),
        ({"status": Status.CANCELLED}, {"retry"}),
    ],
)
def test_page_offers_the_actions_that_the_state_allows(
    admin_client: Client, values: dict[str, Any], offered: set[str]
) -> None:
    assert _offered(admin_client, make_remix(**values)) == offered


def test_remix_that_was_sent_again_can_not_be_sent_again_from_its_page(
    admin_client: Client,
) -> None:
    remix = _unconfirmed()
    services.send_again(remix, by=None)

    assert _offered(admin_client, remix) == {"cancel", "give_up", "request_id"}


@pytest.mark.parametrize("status", [Status.UNCONFIRMED, Status.QUEUED, Status.FAILED])
def test_user_with_view_permission_is_offered_no_action(client: Client, status: Status) -> None:
    log_in(client, "view_remix")
    remix = make_remix(status=status, request_id="r" if status == Status.FAILED else "")

    assert _offered(client, remix) == set()
    assert BOX not in client.get(_url("change", remix)).content.decode()


@pytest.mark.parametrize("permissions", [(), ("view_remix",), ("remix_video",)])
@pytest.mark.parametrize("name", NAMES)
def test_user_without_the_permission_to_decide_is_refused(
    client: Client, name: str, permissions: tuple[str, ...]
) -> None:
    log_in(client, *permissions)
    remix = _unconfirmed()
    data = {"_terms": "", "request_id": "fal-1"}

    answers = [client.get(_url(name, remix)), client.post(_url(name, remix), data)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert Remix.objects.get().status == Status.UNCONFIRMED


@pytest.mark.parametrize("name", NAMES)
def test_user_with_every_permission_can_decide(client: Client, name: str) -> None:
    log_in(client, *EDITOR)
    states = {"retry": Status.FAILED, "collect_again": Status.FAILED}
    remix = make_remix(status=states.get(name, Status.UNCONFIRMED))
    Remix.objects.filter(status=Status.FAILED).update(request_id="r")

    assert client.get(_url(name, remix)).status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_decision_without_csrf_token_is_refused(admin_user: Any, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    response = client.post(_url(name, _unconfirmed()), {"_terms": "", "request_id": "fal-1"})

    assert response.status_code == 403
    assert Remix.objects.get().status == Status.UNCONFIRMED


@pytest.mark.parametrize("name", NAMES)
def test_missing_remix_is_not_found(admin_client: Client, name: str) -> None:
    url = reverse(f"admin:sora_remix_remix_{name}", args=[4711])

    assert admin_client.post(url).status_code == 404


def _enter(client: Client, remix: Remix, request_id: str, **more: Any) -> Any:
    """Enter a request id on the page of a remix."""
    return submit(client, _url("change", remix), {"request_id": request_id}, "", **more)


def test_request_id_settles_the_remix(admin_client: Client) -> None:
    remix = _unconfirmed()

    response = _enter(admin_client, remix, " fal-1 ", follow=True)

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")
    assert history(remix) == [Kind.ID_ENTERED]
    assert response.redirect_chain == [(_url("change", remix), 302)]
    assert messages(response) == ["The request id was saved. The result is being collected."]


@pytest.mark.parametrize(
    "request_id", ["", "  ", "two words", "x" * 256, "../../other", "-x", "<b>", "taken"]
)
def test_wrong_request_id_is_an_error_of_its_field(admin_client: Client, request_id: str) -> None:
    make_remix(status=Status.PROCESSING, request_id="taken")
    remix = _unconfirmed()

    response = _enter(admin_client, remix, request_id)

    assert list(errors(response)) == ["request_id"]
    assert "<b>" not in response.content.decode()
    remix.refresh_from_db()
    assert (remix.status, history(remix)) == (Status.UNCONFIRMED, [])


@pytest.mark.django_db(transaction=True)
def test_request_id_that_another_remix_takes_meanwhile_is_an_error(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collide(remix: Remix, request_id: str, *, by: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(services, "enter_request_id", collide)

    response = _enter(admin_client, _unconfirmed(), "fal-1")

    assert errors(response) == {"request_id": ["Another remix already has this request id."]}


def test_giving_up_marks_the_remix_as_failed(admin_client: Client) -> None:
    remix = _unconfirmed()

    response = confirm(admin_client, admin_client.get(_url("give_up", remix)))

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "given_up")
    assert history(remix) == [Kind.GIVEN_UP]
    assert response.redirect_chain == [(_url("change", remix), 302)]


@pytest.mark.parametrize("name", ["give_up", "send_again", "request_id"])
@pytest.mark.parametrize("status", [Status.PROCESSING, Status.FAILED, Status.QUEUED])
@pytest.mark.parametrize("method", ["get", "post"])
def test_settled_remix_can_not_be_decided_again(
    admin_client: Client, name: str, status: Status, method: str
) -> None:
    remix = make_remix(status=status)
    data = {"_terms": "", "request_id": "fal-1"}

    response = getattr(admin_client, method)(_url(name, remix), data, follow=True)

    assert response.redirect_chain == [(_url("change", remix), 302)]
    assert "Only unconfirmed remixes can be" in messages(response)[0]
    assert [one.status for one in Remix.objects.all()] == [status]
    assert history(remix) == []


def test_confirm_page_for_one_remix_changes_nothing(admin_client: Client) -> None:
    remix = make_remix()

    asked = admin_client.get(_url("cancel", remix))
    shown = Remix.objects.get().status
    confirm(admin_client, asked)

    assert (shown, Remix.objects.get().status) == (Status.QUEUED, Status.CANCELLED)


@pytest.mark.parametrize(
    ("values", "explained"),
    [
        ({"status": Status.PROCESSING}, ", and fal is being asked to stop."),
        ({"status": Status.PROCESSING, "cancel_asked_at": ago()}, ", and fal was asked to stop."),
        ({"status": Status.SUCCEEDED}, ", but fal finished it anyway."),
    ],
)
def test_requested_cancellation_is_shown_on_the_list_and_the_page(
    admin_client: Client, values: dict[str, Any], explained: str
) -> None:
    remix = make_remix(cancel_requested_at=ago(minutes=1), **values)

    pages = [admin_client.get(url).content.decode() for url in (LIST, _url("change", remix))]

    assert outcomes.explain(remix).endswith(explained)
    assert all("Cancellation was requested at" in page and explained in page for page in pages)


def test_requested_cancellation_is_no_longer_shown_once_cancelled() -> None:
    remix = make_remix(status=Status.CANCELLED, cancel_requested_at=ago(minutes=1))

    assert outcomes.explain(remix) == "It was cancelled. Nothing was charged."


@pytest.mark.parametrize("status", Status)
def test_double_charge_is_shown_in_every_state(admin_client: Client, status: Status) -> None:
    remix = make_remix(status=status, request_id="r", other_request_ids=["<b>1</b>", "fal-2"])

    pages = [admin_client.get(url).content.decode() for url in (LIST, _url("change", remix))]

    for page in pages:
        assert "You may have paid several times" in page
        assert "<b>1</b>" not in page
    assert ["fal-2" in page for page in pages] == [False, True]


def test_second_request_id_is_shown_as_a_double_charge() -> None:
    remix = make_remix(status=Status.SUCCEEDED, request_id="r", other_request_ids=["fal-2"])

    assert outcomes.explain(remix) == (
        "You may have paid twice: fal also has this remix under another request id."
    )


def test_list_needs_as_many_queries_for_60_rows_with_warnings_as_for_3(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (3, 57):
        for _ in range(count):
            _unconfirmed(other_request_ids=["fal-2"], cancel_requested_at=ago(minutes=1))

        with django_assert_num_queries(7):
            admin_client.get(LIST)
