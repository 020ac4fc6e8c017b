"""Our pages say what keeps remixes from being made, until it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.endpoints import SORA_2
from sora_remix.models import Chain, EndpointFact, Remix, RemixEvent
from sora_remix.models.status import Status
from tests.deciding import LIST, log_in
from tests.factories import ago, make_remix, make_video
from tests.ordering import SORA, draft, page_of

pytestmark = pytest.mark.django_db

Kind = RemixEvent.Kind
VIDEOS = "/admin/sora_remix/video/"
BATCHES = "/admin/sora_remix/remixbatch/"
NO_WORKER = "No worker has taken a turn for two minutes"
NO_KEY = "fal refuses the site&#x27;s key"
UNDECIDED = "nobody knows whether fal has"
RETIRED = "the endpoint that is offered first, was switched off"


@pytest.fixture(autouse=True)
def living_endpoint(any_endpoint: None) -> None:
    """The site offers an endpoint that lives."""


def _notices(client: Client, url: str = LIST) -> str:
    """Return the part of a page in which notices stand; empty when there are none."""
    page = client.get(url).content.decode()
    return page.partition('<div class="sora-remix-notices" role="status">')[2].partition("</div>")[
        0
    ]


def _worked(**length: float) -> None:
    Chain.objects.update_or_create(pk=1, defaults={"worked_at": ago(**length)})


def _happened(kind: Kind, detail: str = "", **length: float) -> None:
    _worked(hours=1)
    make_remix(status=Status.FAILED).events.create(kind=kind, detail=detail, at=ago(**length))


def test_when_all_is_well_nothing_is_said(admin_client: Client) -> None:
    _worked(seconds=1)
    make_remix(due_at=ago(hours=1))

    page = admin_client.get(LIST).content.decode()

    assert "sora-remix-notices" not in page


def test_remixes_that_wait_for_a_worker_are_counted_with_what_to_do(admin_client: Client) -> None:
    _worked(minutes=3)
    for status in (Status.QUEUED, Status.PROCESSING):
        make_remix(status=status, due_at=ago(minutes=3))

    said = _notices(admin_client)

    assert f"{NO_WORKER} while 2 remixes wait: start one with" in said
    assert "<code>python manage.py qcluster</code>" in said


def test_a_site_that_never_had_a_worker_is_told_so(admin_client: Client) -> None:
    make_remix(due_at=ago(minutes=3))

    assert f"{NO_WORKER} while 1 remix waits" in _notices(admin_client)


@pytest.mark.parametrize(
    ("due", "values"),
    [
        (1, dict),
        (-1, dict),
        (60, lambda: {"leased_until": ago(minutes=-1)}),
        (60, lambda: {"status": Status.SUCCEEDED}),
    ],
)
def test_nobody_is_missed_where_nothing_waits_long(
    admin_client: Client, due: int, values: Callable[[], dict[str, Any]]
) -> None:
    _worked(days=1)
    make_remix(due_at=ago(minutes=due), **values())

    assert _notices(admin_client) == ""


def test_a_turn_that_is_only_announced_is_no_sign_of_life(admin_client: Client) -> None:
    _worked(minutes=3)
    make_remix(due_at=ago(minutes=3))

    Chain.objects.announce()
    announced = _notices(admin_client)
    Chain.objects.admit(1)

    assert NO_WORKER in announced
    assert _notices(admin_client) == ""


@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.FAILED])
def test_a_refused_key_is_told(admin_client: Client, kind: Kind) -> None:
    _happened(kind, "credentials_refused", minutes=5)

    said = _notices(admin_client)

    assert NO_KEY in said
    assert "<code>python manage.py sora_remix_doctor</code>" in said


def test_a_key_that_fal_takes_again_is_not_told_of_any_more(admin_client: Client) -> None:
    _happened(Kind.ACCEPTED, "fal-1", minutes=10)
    _happened(Kind.REFUSED, "credentials_refused", minutes=5)
    before = _notices(admin_client)

    _happened(Kind.ACCEPTED, "fal-2", minutes=1)

    assert NO_KEY in before
    assert _notices(admin_client) == ""


@pytest.mark.parametrize(
    ("detail", "days"), [("credentials_refused", 2), ("content_policy_violation", 0)]
)
def test_what_tells_nothing_of_the_key_today_is_not_told(
    admin_client: Client, detail: str, days: int
) -> None:
    _happened(Kind.REFUSED, detail, days=days, minutes=5)

    assert _notices(admin_client) == ""


def test_unconfirmed_remixes_are_counted_with_a_link_to_them(client: Client) -> None:
    log_in(client, "view_remix", "decide_unconfirmed")
    remix = make_remix(status=Status.UNCONFIRMED)

    said = _notices(client)
    Remix.objects.update(status=Status.FAILED)

    url = f"{LIST}?status__exact=unconfirmed"
    assert f"1 remix is unconfirmed: {UNDECIDED} it." in said
    assert f'<a href="{url}">Decide</a>' in said
    assert list(client.get(url).context["cl"].model.objects.all()) == [remix]
    assert _notices(client) == ""


@pytest.mark.parametrize(
    "held", [("view_remix",), ("view_remix", "cancel_remix", "retry_remix", "remix_video")]
)
def test_who_may_not_decide_is_not_asked_to(client: Client, held: tuple[str, ...]) -> None:
    log_in(client, *held)
    make_remix(status=Status.UNCONFIRMED)

    assert _notices(client) == ""


def _by_date(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"any": {**SORA, "ends_on": date(2026, 1, 1)}}


def _by_word_of_fal(settings: Settings) -> None:
    EndpointFact.objects.note_retired("fal-ai/any")


@pytest.mark.parametrize("retire", [_by_date, _by_word_of_fal])
@pytest.mark.parametrize("url", [VIDEOS, LIST, BATCHES])
def test_a_retired_default_endpoint_is_hinted_at_on_the_lists(
    admin_client: Client, settings: Settings, retire: Callable[[Settings], None], url: str
) -> None:
    _worked(seconds=1)
    retire(settings)

    said = _notices(admin_client, url)

    assert f'<p class="quiet">“Any &lt;b&gt;endpoint&lt;/b&gt;”, {RETIRED}' in said
    assert "SORA_REMIX_ENDPOINT" in said


def test_the_hint_stands_on_the_lists_only(admin_client: Client, settings: Settings) -> None:
    _by_date(settings)
    remix = make_remix()

    for url in (f"{LIST}{remix.pk}/change/", page_of(draft())):
        assert _notices(admin_client, url) == ""


def test_a_wrong_endpoint_setting_breaks_no_page(admin_client: Client, settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINT = SORA_2.key + "-gone"

    assert _notices(admin_client) == ""


def test_all_our_pages_say_it(admin_client: Client) -> None:
    remix, batch = make_remix(due_at=ago(hours=1)), draft()
    video, name = make_video(), "admin:sora_remix_remixbatch_change"

    pages = [
        *(VIDEOS, LIST, BATCHES, page_of(batch), reverse(name, args=[batch.pk])),
        *(f"{LIST}{remix.pk}/change/", f"{VIDEOS}{video.pk}/change/", f"{VIDEOS}add/"),
    ]

    for url in pages:
        assert NO_WORKER in _notices(admin_client, url), url


def test_notices_take_two_queries_however_many_there_are(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries, settings: Settings
) -> None:
    url = f"{VIDEOS}add/"
    admin_client.get(url)  # reads once what is cached for good

    for _ in range(2):
        with django_assert_num_queries(4):  # two are for session and user
            admin_client.get(url)
        _by_date(settings)
        _happened(Kind.REFUSED, "credentials_refused", minutes=5)
        for status in (Status.UNCONFIRMED, Status.QUEUED):
            make_remix(status=status, due_at=ago(hours=1))
