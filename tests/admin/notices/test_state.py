"""What holds remixes up is read from the rows of the whole site."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.admin.notices.state import read_state
from sora_remix.models import Chain, Remix, RemixEvent, SourceCopy
from sora_remix.models.status import Status
from tests.factories import ago, make_remix

pytestmark = pytest.mark.django_db

Kind = RemixEvent.Kind


@pytest.fixture(autouse=True)
def living_endpoint(any_endpoint: None) -> None:
    """The site offers an endpoint that lives."""


def _worked(**length: float) -> None:
    Chain.objects.update_or_create(pk=1, defaults={"worked_at": ago(**length)})


def _happened(kind: Kind, detail: str = "", **length: float) -> None:
    make_remix(status=Status.FAILED).events.create(kind=kind, detail=detail, at=ago(**length))


@pytest.mark.parametrize(
    ("due", "values", "is_missing"),
    [
        (3, dict, True),
        (1, dict, False),
        (-1, dict, False),
        (60, lambda: {"leased_until": ago(minutes=-1)}, False),
        (60, lambda: {"leased_until": ago(minutes=1)}, True),
        (60, lambda: {"status": Status.SUCCEEDED}, False),
    ],
)
def test_worker_is_missing_only_while_a_remix_waits_long(
    due: int, values: Callable[[], dict[str, Any]], is_missing: bool
) -> None:
    _worked(days=1)
    make_remix(due_at=ago(minutes=due), **values())

    assert read_state().has_no_worker is is_missing


def test_announced_turn_is_no_sign_of_a_worker() -> None:
    _worked(minutes=3)
    make_remix(due_at=ago(minutes=3))

    Chain.objects.announce()
    announced = read_state()
    Chain.objects.admit(1)

    assert announced.has_no_worker
    assert not read_state().has_no_worker


def test_hold_of_the_account_is_no_pause() -> None:
    Chain.objects.hold_account("account_locked", "HTTP 403", "digest")

    system = read_state().system

    assert system.hold
    assert (system.hold.code, system.hold.reason) == ("account_locked", "HTTP 403")
    assert system.pause is None


def test_remixes_that_failed_over_the_account_are_no_hold() -> None:
    _worked(hours=1)
    _happened(Kind.REFUSED, "credentials_refused", minutes=5)

    assert read_state().system.hold is None


@pytest.mark.parametrize("is_taken", [True, False])
def test_key_that_only_the_workers_have_is_not_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, is_taken: bool
) -> None:
    settings.SORA_REMIX_FAL_KEY = None
    for name in ("FAL_KEY", "FAL_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    _worked(hours=1)
    _happened(Kind.ACCEPTED if is_taken else Kind.REFUSED, days=90)

    assert read_state().is_key_missing is not is_taken


def test_state_needs_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    read_state()  # reads once what is cached for good

    for _number in range(2):
        with django_assert_num_queries(2):
            read_state()
        _happened(Kind.REFUSED, "credentials_refused", minutes=5)
        Chain.objects.hold_account("key_refused", "HTTP 401", "digest")
        for status in (Status.UNCONFIRMED, Status.QUEUED, Status.PROCESSING, Status.STORING):
            make_remix(status=status, due_at=ago(hours=1), failing_since=ago(hours=2))
        make_remix(is_ready=False)
        SourceCopy.objects.create(name=str(Remix.objects.count()), failing_since=ago(hours=2))
