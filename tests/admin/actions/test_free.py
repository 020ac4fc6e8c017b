"""Cancelling, retrying and collecting again from the list: confirmed, run once, recorded."""

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
from tests.factories import ago, make_remix, make_video
from tests.forms import form_with
from tests.html import facts, messages
from tests.remix_actions import (
    ACTIONS,
    EDITOR,
    LIST,
    ask,
    confirm,
    has_confirm_button,
    history,
    log_in,
)

pytestmark = pytest.mark.django_db
Kind = RemixEvent.Kind

ACTS = ("cancel", "retry", "collect_again")
READY: dict[str, dict[str, Any]] = {
    "cancel": {"status": Status.QUEUED},
    "retry": {"status": Status.FAILED},
    "collect_again": {"status": Status.FAILED, "request_id": "fal-1"},
}
LABELS = {
    "cancel": "Cancel 1 remix",
    "retry": "Retry 1 remix ($0.40)",
    "collect_again": "Collect 1 remix again",
}
WRONG_STATE = {
    "cancel": "It has already finished.",
    "retry": "Only failed or cancelled remixes can be retried.",
    "collect_again": "Only failed remixes can be collected again.",
}


def _statuses(*remixes: Remix) -> list[str]:
    found = Remix.objects.in_bulk([remix.pk for remix in remixes])
    return [found[remix.pk].status for remix in remixes]


@pytest.mark.parametrize("act", ACTS)
def test_confirm_page_of_an_action_changes_nothing(admin_client: Client, act: str) -> None:
    remix = make_remix(**READY[act])

    response = ask(admin_client, act, [remix])

    assert [button.label for button in form_with(response, "_terms").buttons] == [LABELS[act]]
    assert _statuses(remix) == [READY[act]["status"]]
    assert Remix.objects.count() == 1


def test_cancel_ends_unsent_remixes_and_asks_fal_to_stop_the_others(
    admin_client: Client,
) -> None:
    queued, sent = make_remix(), make_remix(status=Status.PROCESSING, request_id="fal-1")

    response = confirm(admin_client, ask(admin_client, "cancel", [queued, sent]))

    assert _statuses(queued, sent) == [Status.CANCELLED, Status.PROCESSING]
    sent.refresh_from_db()
    assert sent.cancel_requested_at
    assert history(queued) == [Kind.CANCELLED]
    assert history(sent) == [Kind.CANCEL_WISHED]
    assert [message.split(":")[0] for message in messages(response)] == [
        "1 remix was cancelled before it was sent",
        "Cancellation of 1 remix was requested. If fal finishes it anyway, you pay for it and the "
        "video is stored.",
    ]


def test_page_explains_what_cancelling_means_for_sent_remixes(admin_client: Client) -> None:
    remixes = [make_remix(), make_remix(status=Status.UNCONFIRMED)]

    page = ask(admin_client, "cancel", remixes).content.decode()

    assert "If fal finishes one anyway, you pay for it and the video is stored." in page
    assert "It will be cancelled. Nothing is charged." in page
    assert "fal will be asked to stop. You may still be charged." in page


def test_collecting_a_result_again_is_free(admin_client: Client) -> None:
    remix = make_remix(status=Status.FAILED, request_id="fal-1")

    response = confirm(admin_client, ask(admin_client, "collect_again", [remix]))

    assert _statuses(remix) == [Status.STORING]
    assert history(remix) == [Kind.COLLECTED_AGAIN]
    assert messages(response) == ["1 remix is being collected again, free of charge."]


@pytest.mark.parametrize("act", ACTS)
def test_remixes_in_a_wrong_state_are_listed_with_the_reason_and_left_unchanged(
    admin_client: Client, act: str
) -> None:
    ready, over = make_remix(**READY[act]), make_remix(status=Status.SUCCEEDED)

    asked = ask(admin_client, act, [ready, over])
    response = confirm(admin_client, asked)

    assert WRONG_STATE[act] in facts(asked)["Not changed"]
    assert _statuses(over) == [Status.SUCCEEDED]
    assert history(over) == []
    assert len(history(ready)) == 1
    assert f"1 remix was not changed ({over})" in messages(response)[1]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("cancel", {"status": Status.STORING}, "fal has already finished."),
    ("cancel", {"status": Status.FAILED}, "It has already finished."),
    (
        "cancel",
        {"status": Status.UNCONFIRMED, "cancel_requested_at": ago(hours=1)},
        "Cancellation was already requested.",
    ),
    ("retry", {"status": Status.UNCONFIRMED}, "Only failed or cancelled remixes"),
    ("retry", {"status": Status.FAILED, "endpoint": "gone"}, "There is no endpoint “gone”"),
    ("retry", {"status": Status.FAILED, "prompt": " "}, "The prompt is empty."),
    ("retry", {"status": Status.FAILED, "options": {"odd": 1}}, "has no option “odd”"),
    ("collect_again", {"status": Status.FAILED}, "there is nothing to collect"),
    ("collect_again", {"status": Status.PROCESSING, "request_id": "r"}, "Only failed remixes"),
]


@pytest.mark.parametrize(("act", "values", "reason"), REFUSED)
def test_page_explains_why_no_selected_remix_can_be_changed(
    admin_client: Client, act: str, values: dict[str, Any], reason: str
) -> None:
    response = ask(admin_client, act, [make_remix(**values)])

    assert reason in facts(response)["Not changed"]
    assert "There is nothing to do" in response.content.decode()
    assert 'type="submit" class="default"' not in response.content.decode()


@pytest.mark.parametrize("act", ACTS)
def test_confirming_twice_applies_the_action_once(admin_client: Client, act: str) -> None:
    remix = make_remix(**READY[act])
    asked = ask(admin_client, act, [remix])
    confirm(admin_client, asked)
    before = Remix.objects.count()

    response = confirm(admin_client, asked)

    assert Remix.objects.count() == before
    assert len(history(remix)) == 1
    assert "1 remix was not changed" in messages(response)[0]


def test_remix_that_changes_before_the_action_runs_is_named_and_gets_no_event(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(remix: Remix, *, by: object) -> None:
        raise InvalidTransition

    remixes = [make_remix() for _ in range(12)]
    monkeypatch.setattr(services, "cancel", refuse)

    response = confirm(admin_client, ask(admin_client, "cancel", remixes))

    [message] = messages(response)
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
    assert "2000 remixes were cancelled" in messages(response)[0]
    assert set(Remix.objects.values_list("status", flat=True)) == {Status.CANCELLED}


def test_remix_added_after_the_page_was_shown_is_not_changed(admin_client: Client) -> None:
    asked = ask(admin_client, "cancel", [make_remix()], select_across="1")
    late = make_remix()

    confirm(admin_client, asked)

    assert _statuses(late) == [Status.QUEUED]


def test_filters_of_the_list_are_kept(admin_client: Client) -> None:
    asked = ask(admin_client, "cancel", [make_remix()], "?status__exact=queued")

    response = confirm(admin_client, asked)

    assert response.redirect_chain == [(f"{LIST}?status__exact=queued", 302)]


@pytest.mark.parametrize("remixes", ["", "1,x", "1;2", "-1"])
def test_request_without_valid_remixes_is_refused(admin_client: Client, remixes: str) -> None:
    url = reverse("admin:sora_remix_remix_cancel")

    assert admin_client.post(url, {"remixes": remixes}).status_code == 400


def test_opening_the_url_of_an_action_redirects_to_the_list(admin_client: Client) -> None:
    response = admin_client.get(reverse("admin:sora_remix_remix_cancel"))

    assert response.url == LIST  # type: ignore[attr-defined]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("permissions", [(), ("view_remix",), ("remix_video",)])
def test_user_without_the_permission_is_not_offered_the_action_and_can_not_run_it(
    client: Client, act: str, permissions: tuple[str, ...]
) -> None:
    log_in(client, *permissions)
    remix = make_remix(**READY[act])
    data = {"remixes": str(remix.pk), "_terms": ""}

    shown = client.get(LIST)
    asked = ask(client, act, [remix])
    done = client.post(reverse(f"admin:sora_remix_remix_{act}"), data)

    assert ACTIONS[act] not in shown.content.decode()
    assert not has_confirm_button(asked)
    assert done.status_code == 403
    assert _statuses(remix) == [READY[act]["status"]]


@pytest.mark.parametrize("act", ACTS)
def test_user_with_the_permission_is_offered_the_action_and_can_run_it(
    client: Client, act: str
) -> None:
    user = log_in(client, *EDITOR)
    remix = make_remix(**READY[act])

    shown = client.get(LIST).content.decode()
    confirm(client, ask(client, act, [remix]))

    assert ACTIONS[act] in shown
    assert LogEntry.objects.filter(object_id=str(remix.pk)).get().user == user
    assert remix.events.get().by == user


def test_user_with_view_permission_sees_the_history(client: Client) -> None:
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
def test_page_needs_as_many_queries_for_60_remixes_as_for_3(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries, act: str
) -> None:
    for count in (3, 57):
        for _ in range(count):
            values = {key: value for key, value in READY[act].items() if key == "status"}
            number = Remix.objects.count()
            make_remix(**values, request_id=f"fal-{number}", billed_cost=Decimal(1))
        remixes = list(Remix.objects.all())

        # Pages on which money is spent show the notices and budgets, which take three queries.
        with django_assert_num_queries(8 if act == "retry" else 5):
            ask(admin_client, act, remixes)
