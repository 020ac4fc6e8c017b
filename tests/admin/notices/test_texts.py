"""Our pages show what stops remixes until it is fixed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format
from django_q.conf import Conf
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.endpoints import SORA_2
from sora_remix.models import Chain, EndpointFact, Remix, RemixEvent, SourceCopy
from sora_remix.models.status import Status
from tests.checkout import SORA, draft, page_of
from tests.factories import ago, make_remix, make_video, moment
from tests.html import listed
from tests.remix_actions import LIST, log_in

pytestmark = pytest.mark.django_db

Kind = RemixEvent.Kind
VIDEOS = "/admin/sora_remix/video/"
BATCHES = "/admin/sora_remix/remixbatch/"
NO_WORKER = "No worker has been active for two minutes"
UNDECIDED = "it is unknown whether fal has"
PAUSED = "Sending to fal is paused until"
RETIRED = "was switched off. Set SORA_REMIX_ENDPOINT to another one"


@pytest.fixture(autouse=True)
def living_endpoint(any_endpoint: None) -> None:
    """The site offers an endpoint that lives."""


def _notices(client: Client, url: str = LIST) -> str:
    """Return the notices of a page; empty if it has none."""
    page = client.get(url).content.decode()
    return page.partition('<div class="sora-remix-notices">')[2].partition("</div>")[0]


def _worked(**length: float) -> None:
    Chain.objects.update_or_create(pk=1, defaults={"worked_at": ago(**length)})


def _happened(kind: Kind, detail: str = "", **length: float) -> None:
    _worked(hours=1)
    make_remix(status=Status.FAILED).events.create(kind=kind, detail=detail, at=ago(**length))


def test_healthy_site_shows_no_notice(admin_client: Client) -> None:
    _worked(seconds=1)
    make_remix(due_at=ago(hours=1))

    page = admin_client.get(LIST).content.decode()

    assert "sora-remix-notices" not in page


def test_remixes_waiting_for_a_worker_are_counted_with_advice(admin_client: Client) -> None:
    _worked(minutes=3)
    for status in (Status.QUEUED, Status.PROCESSING):
        make_remix(status=status, due_at=ago(minutes=3))

    said = _notices(admin_client)

    assert f"{NO_WORKER}, and 2 remixes are waiting. Start one with" in said
    assert "<code>python manage.py qcluster</code>" in said


def test_site_that_never_had_a_worker_is_warned(admin_client: Client) -> None:
    make_remix(due_at=ago(minutes=3))

    assert f"{NO_WORKER}, and 1 remix is waiting" in _notices(admin_client)


def test_unconfirmed_remixes_are_counted_with_a_link(client: Client) -> None:
    log_in(client, "view_remix", "decide_unconfirmed")
    remix = make_remix(status=Status.UNCONFIRMED)

    said = _notices(client)
    Remix.objects.update(status=Status.FAILED)

    url = f"{LIST}?status__exact=unconfirmed"
    assert f"1 remix is unconfirmed: {UNDECIDED} it." in said
    assert f'<a href="{url}">Decide</a>' in said
    assert list(Remix.objects.all()) == [remix]
    assert _notices(client) == ""


@pytest.mark.parametrize(
    "held", [("view_remix",), ("view_remix", "cancel_remix", "retry_remix", "remix_video")]
)
def test_unconfirmed_notice_needs_the_permission_to_decide(
    client: Client, held: tuple[str, ...]
) -> None:
    log_in(client, *held)
    make_remix(status=Status.UNCONFIRMED)

    assert _notices(client) == ""


def _by_date(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"any": {**SORA, "ends_on": date(2026, 1, 1)}}


def _by_word_of_fal(settings: Settings) -> None:
    EndpointFact.objects.note_retired("fal-ai/any")


@pytest.mark.parametrize("retire", [_by_date, _by_word_of_fal])
@pytest.mark.parametrize("url", [VIDEOS, LIST, BATCHES])
def test_retired_default_endpoint_is_shown_on_the_lists(
    admin_client: Client, settings: Settings, retire: Callable[[Settings], None], url: str
) -> None:
    _worked(seconds=1)
    retire(settings)

    said = _notices(admin_client, url)

    name = "“Any &lt;b&gt;endpoint&lt;/b&gt;”"
    assert f'<p class="quiet">The default endpoint, {name}, {RETIRED}' in said
    assert "SORA_REMIX_ENDPOINT" in said


def test_site_without_endpoint_setting_has_no_endpoint_notice(
    admin_client: Client, settings: Settings
) -> None:
    del settings.SORA_REMIX_ENDPOINT
    EndpointFact.objects.note_retired(SORA_2.endpoint_id)

    assert _notices(admin_client) == ""


def test_endpoint_notice_is_shown_only_on_the_lists(
    admin_client: Client, settings: Settings
) -> None:
    _by_date(settings)
    remix = make_remix()

    for url in (f"{LIST}{remix.pk}/change/", page_of(draft())):
        assert _notices(admin_client, url) == ""


def test_wrong_endpoint_setting_breaks_no_page(admin_client: Client, settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINT = SORA_2.key + "-gone"

    assert _notices(admin_client) == ""


def test_notice_is_shown_on_all_our_pages(admin_client: Client) -> None:
    remix, batch = make_remix(due_at=ago(hours=1)), draft()
    video, name = make_video(), "admin:sora_remix_remixbatch_change"

    pages = [
        *(VIDEOS, LIST, BATCHES, page_of(batch), reverse(name, args=[batch.pk])),
        *(f"{LIST}{remix.pk}/change/", f"{VIDEOS}{video.pk}/change/", f"{VIDEOS}add/"),
    ]

    for url in pages:
        assert NO_WORKER in _notices(admin_client, url), url


def _pause(reason: str = "HTTP 429: <b>slow</b> down", **length: float) -> None:
    Chain.objects.hold_back(ago(**(length or {"minutes": -30})), reason)
    Chain.objects.update(worked_at=ago(seconds=1))


def test_pause_is_shown_with_its_end_and_reason(admin_client: Client) -> None:
    _pause()
    end = Chain.objects.get().held_until
    assert end

    said = _notices(admin_client)

    clock = date_format(end, "TIME_FORMAT")
    assert f"{PAUSED} {clock} and then resumes by itself." in said
    assert "Waiting remixes cost nothing meanwhile. Reason: “HTTP 429" in said
    assert "Reason: “HTTP 429: &lt;b&gt;slow&lt;/b&gt; down”." in said


def test_pause_without_a_reason_is_shown(admin_client: Client) -> None:
    _pause(reason="")

    said = _notices(admin_client)

    assert "Waiting remixes cost nothing meanwhile.</p>" in said


def test_finished_pause_is_not_shown(admin_client: Client) -> None:
    _pause(minutes=1)

    assert _notices(admin_client) == ""


def test_answer_of_fal_is_shown_only_with_its_permission(client: Client) -> None:
    log_in(client, "view_remix", "decide_unconfirmed")
    _pause()

    said = _notices(client)

    assert PAUSED in said
    assert "HTTP 429" not in said


@pytest.mark.parametrize(("held", "offered"), [((), False), (("decide_unconfirmed",), True)])
def test_lists_have_a_resume_button_for_users_with_the_permission(
    client: Client, held: tuple[str, ...], offered: bool
) -> None:
    log_in(client, "view_remix", "view_video", *held)
    _pause()

    said = _notices(client, f"{VIDEOS}?o=1&p=1")

    assert PAUSED in said
    assert ('<form method="post" action="/admin/sora_remix/remix/resume/"' in said) is offered
    assert ('name="next" value="/admin/sora_remix/video/?o=1&amp;p=1"' in said) is offered


def test_pages_with_a_form_link_to_the_resume_button(admin_client: Client) -> None:
    _pause()

    said = _notices(admin_client, page_of(draft()))

    assert f'<a href="{LIST}">Show remixes</a>' in said
    assert "<form" not in said


OLD = {"failing_since": moment(2026, 11, 3, 12, 30)}
DONE = {"status": Status.PROCESSING, "completed_at": ago(days=9)}
FOR_GOOD = "charged, and the site keeps trying."


@pytest.mark.parametrize(
    ("values", "name", "said"),
    [
        (
            {"status": Status.QUEUED},
            "send",
            f"Since %s, sending 2 remixes to fal has been failing. Nothing is {FOR_GOOD}",
        ),
        (
            {"status": Status.PROCESSING},
            "check",
            f"Since %s, asking fal about 2 remixes has been failing. Nothing more is {FOR_GOOD}",
        ),
        (
            DONE,
            "collect",
            "fal has finished 2 remixes, but since %s, collecting their files has been failing. "
            f"Nothing more is {FOR_GOOD}",
        ),
        (
            {"status": Status.STORING},
            "collect",
            "fal has finished 2 remixes, but since %s, collecting their files has been failing. "
            f"Nothing more is {FOR_GOOD}",
        ),
    ],
)
def test_repeated_failures_are_shown_with_a_link_to_their_remixes(
    admin_client: Client, values: dict[str, Any], name: str, said: str
) -> None:
    _worked(seconds=1)
    first = make_remix(**values, **OLD, error_message="ConnectError: no <b>route</b>")
    second = make_remix(**values, failing_since=ago(hours=2))
    make_remix(**values)

    shown = _notices(admin_client)
    linked = listed(admin_client.get(f"{LIST}?failing={name}"))

    assert said % "11/03/2026 12:30 p.m." in shown
    assert "Reason: “ConnectError: no &lt;b&gt;route&lt;/b&gt;”." in shown
    assert f'<a href="{LIST}?failing={name}">Show remixes</a>' in shown
    assert linked == [second.pk, first.pk]


def test_repeated_upload_failures_are_shown_while_a_remix_waits(
    admin_client: Client,
) -> None:
    _worked(seconds=1)
    for name in "ab":
        SourceCopy.objects.create(name=name, **OLD, error_message="ConnectError: no route")
    SourceCopy.objects.create(name="c", error_message="It failed just now.", failing_since=ago())
    SourceCopy.objects.create(name="d", **OLD, error_code="source_unreachable")
    before = _notices(admin_client)

    remix = make_remix(is_ready=False, due_at=ago(minutes=-1))
    shown = _notices(admin_client)
    linked = listed(admin_client.get(f"{LIST}?failing=upload"))

    assert "Since 11/03/2026 12:30 p.m., uploading 2 files to fal has been failing." in shown
    assert "Reason: “ConnectError: no route”." in shown
    assert (before, linked) == ("", [remix.pk])


@pytest.mark.parametrize(
    ("minutes", "failures", "is_told"),
    [(59, 2, False), (61, 2, True), (4, 3, False), (6, 3, True), (6, 2, False)],
)
def test_failures_are_shown_after_an_hour_or_three_slow_tries(
    admin_client: Client, minutes: int, failures: int, is_told: bool
) -> None:
    _worked(seconds=1)
    make_remix(status=Status.STORING, failures=failures, failing_since=ago(minutes=minutes))

    assert ("has been failing" in _notices(admin_client)) is is_told
    linked = listed(admin_client.get(f"{LIST}?failing=collect"))
    assert bool(linked) is is_told


def test_reason_and_link_of_a_failure_need_their_permissions(client: Client) -> None:
    log_in(client, "view_video")
    _worked(seconds=1)
    make_remix(status=Status.STORING, **OLD, error_message="ConnectError: no route")

    said = _notices(client, VIDEOS)

    assert "fal has finished 1 remix, but since" in said
    assert "ConnectError" not in said
    assert "<a" not in said


@pytest.mark.parametrize("status", [Status.UNCONFIRMED, Status.SUCCEEDED, Status.SUBMITTING])
def test_remixes_without_further_tries_are_not_shown_as_failing(
    admin_client: Client, status: str
) -> None:
    _worked(seconds=1)
    make_remix(status=status, **OLD)

    assert "has been failing" not in _notices(admin_client)


def test_unknown_value_of_the_filter_shows_all_remixes(admin_client: Client) -> None:
    make_remix()

    assert len(listed(admin_client.get(f"{LIST}?failing=odd"))) == 1


def test_site_that_runs_tasks_in_the_request_is_warned(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = make_remix(status=Status.FAILED, due_at=ago(hours=1))
    make_remix(due_at=ago(hours=1))
    monkeypatch.setattr(Conf, "SYNC", True)

    for url in (LIST, VIDEOS, page_of(draft()), f"{LIST}{failed.pk}/retry/"):
        said = _notices(admin_client, url)
        assert "runs tasks inside the request (Q_CLUSTER “sync”). Nothing is sent to fal" in said
        assert "confirmed remixes wait and cost nothing" in said
        assert NO_WORKER not in said


def test_pages_that_spend_nothing_show_no_notice(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conf, "SYNC", True)

    assert _notices(admin_client, f"{LIST}{make_remix().pk}/cancel/") == ""


def test_links_stay_within_the_admin_site_of_the_page(
    admin_client: Client, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.urls_of_two_admins"
    _pause()
    make_remix(status=Status.STORING, **OLD)
    make_remix(status=Status.UNCONFIRMED)

    said = _notices(admin_client, "/editors/sora_remix/remix/")

    assert 'action="/editors/sora_remix/remix/resume/"' in said
    assert 'href="/editors/sora_remix/remix/?failing=collect"' in said
    assert 'href="/editors/sora_remix/remix/?status__exact=unconfirmed"' in said
    assert "/admin/" not in said


@pytest.fixture
def no_key(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has no key."""
    settings.SORA_REMIX_FAL_KEY = None
    for name in ("FAL_KEY", "FAL_KEY_ID"):
        monkeypatch.delenv(name, raising=False)


def test_missing_key_is_shown_with_its_settings(admin_client: Client, no_key: None) -> None:
    said = _notices(admin_client)

    assert "no key for fal yet, so nothing can be sent. Set SORA_REMIX_FAL_KEY" in said
    assert '<a href="https://fal.ai/dashboard/keys">Create a key at fal</a>' in said


def test_settings_and_commands_are_named_only_to_administrators(
    client: Client, no_key: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(client, "view_remix")
    make_remix(due_at=ago(minutes=3))
    _by_date(settings)

    shown = [_notices(client)]
    _happened(Kind.ACCEPTED, "fal-1", minutes=10)
    Chain.objects.hold_account("key_refused", "HTTP 401", "digest")
    monkeypatch.setattr(Conf, "SYNC", True)
    shown.append(_notices(client))

    first, second = shown
    assert f"{NO_WORKER}, and 1 remix is waiting. Ask an administrator to start one." in first
    assert "no key for fal yet, so nothing can be sent. Ask an administrator to set one." in first
    assert "was switched off. Ask an administrator to choose another one." in first
    assert "This site has no workers" in second
    assert "Ask an administrator to set a valid key." in second
    for name in ("SORA_REMIX", "FAL_KEY", "qcluster", "Q_CLUSTER", "doctor"):
        assert name not in first + second


def test_notices_of_a_page_need_three_queries(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = f"{VIDEOS}add/"
    admin_client.get(url)  # reads once what is cached for good

    for queries in (4, 5):  # two for session and user, and one where a decision waits
        with django_assert_num_queries(queries):
            admin_client.get(url)
        make_remix(status=Status.UNCONFIRMED)
