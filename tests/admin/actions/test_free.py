"""Cancelling, retrying and collecting again from the list: shown first, done once, recorded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from sora_remix import services
from sora_remix.exceptions import InvalidTransition
from sora_remix.models import Remix, RemixEvent
from sora_remix.models.status import Status
from tests.deciding import ACTIONS, EDITOR, LIST, ask, confirm, history, log_in, said
from tests.factories import ago, make_remix, make_video

pytestmark = pytest.mark.django_db
Kind = RemixEvent.Kind

ACTS = ("cancel", "retry", "collect_again")
READY: dict[str, dict[str, Any]] = {
    "cancel": {"status": Status.QUEUED},
    "retry": {"status": Status.FAILED},
    "collect_again": {"status": Status.FAILED, "request_id": "fal-1"},
}


def _statuses(*remixes: Remix) -> list[str]:
    found = Remix.objects.in_bulk([remix.pk for remix in remixes])
    return [found[remix.pk].status for remix in remixes]


@pytest.mark.parametrize("act", ACTS)
def test_the_page_of_an_act_changes_nothing(admin_client: Client, act: str) -> None:
    remix = make_remix(**READY[act])

    response = ask(admin_client, act, [remix])

    assert response.context["preview"].button_label in response.content.decode()
    assert _statuses(remix) == [READY[act]["status"]]
    assert Remix.objects.count() == 1


def test_what_is_not_sent_is_cancelled_and_what_fal_may_have_is_wished_to_be(
    admin_client: Client,
) -> None:
    queued, sent = make_remix(), make_remix(status=Status.PROCESSING, request_id="fal-1")

    response = confirm(admin_client, ask(admin_client, "cancel", [queued, sent]))

    assert _statuses(queued, sent) == [Status.CANCELLED, Status.PROCESSING]
    sent.refresh_from_db()
    assert sent.cancel_requested_at
    assert history(queued) == [Kind.CANCELLED]
    assert history(sent) == [Kind.CANCEL_WISHED]
    assert [message.split(":")[0] for message in said(response)] == [
        "1 remix was cancelled before it was sent",
        "Cancellation of 1 remix was requested. If fal finishes it anyway, you pay for it and the "
        "video is stored.",
    ]


def test_the_page_says_what_cancelling_means_once_fal_has_it(admin_client: Client) -> None:
    remixes = [make_remix(), make_remix(status=Status.UNCONFIRMED)]

    page = ask(admin_client, "cancel", remixes).content.decode()

    assert "If fal finishes one anyway, you pay for it and the video is stored." in page
    assert "It will be cancelled. Nothing is charged." in page
    assert "fal is asked to stop. You may still be charged." in page


def test_a_result_is_collected_again_for_nothing(admin_client: Client) -> None:
    remix = make_remix(status=Status.FAILED, request_id="fal-1")

    response = confirm(admin_client, ask(admin_client, "collect_again", [remix]))

    assert _statuses(remix) == [Status.STORING]
    assert history(remix) == [Kind.COLLECTED_AGAIN]
    assert said(response) == ["1 remix is being collected again, free of charge."]


@pytest.mark.parametrize("act", ACTS)
def test_those_in_a_wrong_state_are_named_with_the_reason_and_left_alone(
    admin_client: Client, act: str
) -> None:
    ready, over = make_remix(**READY[act]), make_remix(status=Status.SUCCEEDED)

    asked = ask(admin_client, act, [ready, over])
    response = confirm(admin_client, asked)

    assert f"1 × {asked.context['preview'].reasons[0][0]}" in asked.content.decode()
    assert _statuses(over) == [Status.SUCCEEDED]
    assert history(over) == []
    assert len(history(ready)) == 1
    assert f"1 remix was not changed ({over})" in said(response)[1]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("cancel", {"status": Status.STORING}, "fal has already finished."),
    ("cancel", {"status": Status.FAILED}, "It has already finished."),
    (
        "cancel",
        {"status": Status.UNCONFIRMED, "cancel_requested_at": ago(hours=1)},
        "Cancellation was already requested.",
    ),
    ("retry", {"status": Status.UNCONFIRMED}, "Only a remix that failed or was cancelled"),
    ("retry", {"status": Status.FAILED, "endpoint": "gone"}, "There is no endpoint “gone”"),
    ("retry", {"status": Status.FAILED, "prompt": " "}, "The prompt is empty."),
    ("retry", {"status": Status.FAILED, "options": {"odd": 1}}, "has no option “odd”"),
    ("collect_again", {"status": Status.FAILED}, "there is nothing to collect"),
    ("collect_again", {"status": Status.PROCESSING, "request_id": "r"}, "Only a remix that failed"),
]


@pytest.mark.parametrize(("act", "values", "reason"), REFUSED)
def test_the_page_says_why_there_is_nothing_to_do(
    admin_client: Client, act: str, values: dict[str, Any], reason: str
) -> None:
    response = ask(admin_client, act, [make_remix(**values)])

    assert reason in response.context["preview"].reasons[0][0]
    assert "There is nothing to do" in response.content.decode()
    assert 'type="submit" class="default"' not in response.content.decode()


@pytest.mark.parametrize("act", ACTS)
def test_confirming_twice_does_it_once(admin_client: Client, act: str) -> None:
    remix = make_remix(**READY[act])
    asked = ask(admin_client, act, [remix])
    confirm(admin_client, asked)
    before = Remix.objects.count()

    response = confirm(admin_client, asked)

    assert Remix.objects.count() == before
    assert len(history(remix)) == 1
    assert "1 remix was not changed" in said(response)[0]


def test_what_changes_at_the_last_moment_is_named_and_not_recorded(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(remix: Remix, *, by: object) -> None:
        raise InvalidTransition

    remixes = [make_remix() for _ in range(12)]
    monkeypatch.setattr(services, "cancel", refuse)

    response = confirm(admin_client, ask(admin_client, "cancel", remixes))

    [message] = said(response)
    assert message.startswith("12 remixes were not changed (")
    assert " and 2 more): The remix is no longer in a state" in message
    assert not LogEntry.objects.exists()
    assert not RemixEvent.objects.exists()


def test_2000_remixes_are_selected_across_pages_and_cancelled(admin_client: Client) -> None:
    first = make_remix()
    Remix.objects.bulk_create(
        Remix(source=first.source, prompt="noir", endpoint="sora-2") for _ in range(1999)
    )

    asked = ask(admin_client, "cancel", [first], select_across="1")
    page = asked.content.decode()
    response = confirm(admin_client, asked)

    assert "the first 100 of 2000" in page
    assert "2000 remixes were cancelled" in said(response)[0]
    assert set(Remix.objects.values_list("status", flat=True)) == {Status.CANCELLED}


def test_what_arrives_after_the_page_was_shown_is_not_touched(admin_client: Client) -> None:
    asked = ask(admin_client, "cancel", [make_remix()], select_across="1")
    late = make_remix()

    confirm(admin_client, asked)

    assert _statuses(late) == [Status.QUEUED]


def test_the_filters_of_the_list_are_kept(admin_client: Client) -> None:
    asked = ask(admin_client, "cancel", [make_remix()], "?status__exact=queued")

    response = confirm(admin_client, asked)

    assert response.redirect_chain == [(f"{LIST}?status__exact=queued", 302)]


@pytest.mark.parametrize("remixes", ["", "1,x", "1;2", "-1"])
def test_what_names_no_remixes_is_refused(admin_client: Client, remixes: str) -> None:
    url = reverse("admin:sora_remix_remix_cancel")

    assert admin_client.post(url, {"remixes": remixes}).status_code == 400


def test_the_address_of_an_act_leads_back_to_the_list(admin_client: Client) -> None:
    response = admin_client.get(reverse("admin:sora_remix_remix_cancel"))

    assert response.url == LIST  # type: ignore[attr-defined]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("permissions", [(), ("view_remix",), ("remix_video",)])
def test_who_may_not_is_offered_nothing_and_does_nothing(
    client: Client, act: str, permissions: tuple[str, ...]
) -> None:
    log_in(client, *permissions)
    remix = make_remix(**READY[act])
    data = {"remixes": str(remix.pk), "_terms": ""}

    shown = client.get(LIST)
    asked = ask(client, act, [remix])
    done = client.post(reverse(f"admin:sora_remix_remix_{act}"), data)

    assert ACTIONS[act] not in shown.content.decode()
    assert "preview" not in (asked.context or {})
    assert done.status_code == 403
    assert _statuses(remix) == [READY[act]["status"]]


@pytest.mark.parametrize("act", ACTS)
def test_who_may_is_offered_the_action_and_does_it(client: Client, act: str) -> None:
    user = log_in(client, *EDITOR)
    remix = make_remix(**READY[act])

    shown = client.get(LIST).content.decode()
    confirm(client, ask(client, act, [remix]))

    assert ACTIONS[act] in shown
    assert LogEntry.objects.filter(object_id=str(remix.pk)).get().user == user
    assert remix.events.get().by == user


def test_who_may_only_look_sees_the_history(client: Client) -> None:
    log_in(client, "view_remix")
    remix = make_remix()
    admin = User.objects.create_superuser("boss")
    boss = Client()
    boss.force_login(admin)
    confirm(boss, ask(boss, "cancel", [remix]))

    page = client.get(f"{LIST}{remix.pk}/history/").content.decode()

    assert "Cancelled before it was sent." in page
    assert "boss" in page


def test_titles_and_reasons_are_shown_as_text(admin_client: Client) -> None:
    source = make_video(title="<script>1</script>")
    remix = make_remix(status=Status.FAILED, source=source, estimated_cost=1)
    odd = make_remix(status=Status.FAILED, endpoint="<script>2</script>")

    page = ask(admin_client, "retry", [remix, odd]).content.decode()

    for number in (1, 2):
        assert f"<script>{number}" not in page
        assert f"&lt;script&gt;{number}" in page


@pytest.mark.parametrize("act", ACTS)
def test_the_page_takes_as_many_queries_for_60_remixes_as_for_3(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries, act: str
) -> None:
    for count in (3, 57):
        for _ in range(count):
            values = {key: value for key, value in READY[act].items() if key == "status"}
            number = Remix.objects.count()
            make_remix(**values, request_id=f"fal-{number}", billed_cost=Decimal(1))
        remixes = list(Remix.objects.all())

        # Pages on which money is spent show the notices, which take two queries.
        with django_assert_num_queries(7 if act == "retry" else 5):
            ask(admin_client, act, remixes)
