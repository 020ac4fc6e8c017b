"""Rows are read where they are written, and transactions are retried after conflicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.handlers.base import BaseHandler
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    OperationalError,
    connection,
    transaction,
)
from django.db.models import Count, Model
from django.http import HttpRequest, HttpResponse
from pytest_django import Settings

from sora_remix import database
from sora_remix.database import (
    PrimaryManager,
    alias,
    atomic,
    insert,
    on_commit,
    own_transactions,
    refuse_transaction,
    retry_conflicts,
)
from sora_remix.exceptions import InvalidTransition, OpenTransaction
from sora_remix.models import EndpointFact, Remix, RemixBatch, RemixEvent, Video
from tests.databases import empty_database
from tests.factories import make_remix, make_video

MODELS = list(apps.get_app_config("sora_remix").get_models())


@pytest.fixture
def replica(db: None, settings: Settings) -> Iterator[None]:
    """Have everything read from a replica that nothing has arrived at yet."""
    with empty_database("replica"):
        settings.DATABASE_ROUTERS = ["tests.sites.routers.ReplicaRouter"]
        yield


@pytest.mark.parametrize(
    ("router", "expected"),
    [([], "default"), (["ReplicaRouter"], "default"), (["SplitRouter"], "videos")],
)
def test_alias_is_the_one_that_the_router_writes_to(
    settings: Settings, router: list[str], expected: str
) -> None:
    settings.DATABASE_ROUTERS = [f"tests.sites.routers.{name}" for name in router]

    assert alias() == expected
    assert Remix.objects.all().db == expected


@pytest.mark.parametrize("model", MODELS)
def test_each_model_is_read_where_it_is_written(model: type[Model]) -> None:
    assert all(isinstance(manager, PrimaryManager) for manager in model._meta.managers)
    assert isinstance(model._base_manager, PrimaryManager)
    assert model._meta.base_manager_name == "objects"


def _locked(remix: Remix) -> Remix:
    with atomic():
        return Remix.objects.select_for_update().get(pk=remix.pk)


def _reloaded(remix: Remix) -> Remix:
    remix.refresh_from_db()
    return remix


READS: dict[str, Callable[[Remix], object]] = {
    "a list": lambda remix: list(Remix.objects.all()),
    "the default manager": lambda remix: Remix._default_manager.get(),
    "the base manager": lambda remix: Remix._base_manager.get(),
    "values": lambda remix: Remix.objects.values_list("pk").get(),
    "an aggregate": lambda remix: Remix.objects.aggregate(Count("pk"))["pk__count"],
    "in bulk": lambda remix: Remix.objects.in_bulk([remix.pk])[remix.pk],
    "a lock": _locked,
    "a related manager": lambda remix: remix.events.get(),
    "a filtered related manager": lambda remix: remix.events.filter(detail="").get(),
    "a forward key": lambda remix: Remix.objects.get().source,
    "a reverse one-to-one": lambda remix: Video.objects.get(title="Result").remix,
    "many to many": lambda remix: remix.batch and remix.batch.videos.get(),
    "a count of many to many": lambda remix: remix.batch and remix.batch.videos.count(),
    "whether there are many to many": lambda remix: remix.batch and remix.batch.videos.exists(),
    "a join": lambda remix: Remix.objects.select_related("source", "batch").get(),
    "a subquery": lambda remix: Remix.objects.filter(source__in=Video.objects.all()).get(),
    "a reload": _reloaded,
    "deferred columns": lambda remix: Remix.objects.only("pk").get().prompt,
    "a prefetch": lambda remix: Remix.objects.prefetch_related("events", "source").get(),
    "a prefetch of many to many": lambda remix: RemixBatch.objects.prefetch_related("videos").get(),
    "get or create": lambda remix: not Remix.objects.get_or_create(pk=remix.pk)[1],
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_written_row_is_found_at_once(replica: None, read: Callable[[Remix], object]) -> None:
    source = make_video()
    batch = RemixBatch.objects.start([source.pk], by=None)
    remix = make_remix(source=source, batch=batch, result=make_video(title="Result"))
    RemixEvent.of(remix.pk, RemixEvent.Kind.REQUESTED).save()

    assert read(remix)


def test_another_database_is_read_when_named(replica: None) -> None:
    assert Remix.objects.using("replica").db == "replica"
    assert Remix.objects.db_manager("replica").all().db == "replica"
    assert Remix.objects.filter(pk=1).using("replica").db == "replica"


def _from_driver(**codes: str) -> DatabaseError:
    """Return what Django makes of the error of a driver."""
    error = OperationalError("could not serialize access")
    error.__cause__ = type("DriverError", (Exception,), codes)()
    return error


CONFLICTS = {
    "serialization failure": _from_driver(sqlstate="40001"),
    "deadlock": _from_driver(sqlstate="40P01"),
    "serialization failure in psycopg2": _from_driver(pgcode="40001"),
    "lock wait timeout in MySQL": OperationalError(1205, "Lock wait timeout exceeded"),
    "snapshot too old in MariaDB": OperationalError(1020, "Record has changed since last read"),
    "deadlock in MySQL": OperationalError(1213, "Deadlock found when trying to get lock"),
    "locked SQLite": OperationalError("database is locked"),
    "locked table in SQLite": OperationalError("database table is locked: sora_remix_remix"),
    "unique violation": IntegrityError("UNIQUE constraint failed"),
}


class Decision:
    """Writes a row, then meets what gets in its way, if anything is left of that."""

    def __init__(self, *errors: Exception) -> None:
        self.calls = 0
        self._errors = list(errors)

    def __call__(self) -> str:
        self.calls += 1
        EndpointFact.objects.create(endpoint_id=f"call {self.calls}")
        if self._errors:
            raise self._errors.pop(0)
        return "done"


def _written() -> list[str]:
    return list(EndpointFact.objects.values_list("endpoint_id", flat=True))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pauses pass at once."""
    slept = [0.0]
    start = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: start + slept[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: slept.append(slept.pop() + seconds))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", CONFLICTS.values(), ids=CONFLICTS)
def test_conflicting_transaction_is_retried_from_its_start(
    error: DatabaseError,
) -> None:
    decision = Decision(error)

    assert retry_conflicts(decision)() == "done"

    assert _written() == ["call 2"]


@pytest.mark.django_db(transaction=True)
def test_conflicting_transaction_is_retried_repeatedly() -> None:
    decision = Decision(*[OperationalError("database is locked")] * 50)

    assert retry_conflicts(decision)() == "done"

    assert decision.calls == 51


@pytest.mark.django_db(transaction=True)
def test_retries_end_with_an_explanation() -> None:
    decision = Decision(*[OperationalError("database is locked")] * 100_000)

    with pytest.raises(InvalidTransition, match="nothing is charged") as refusal:
        retry_conflicts(decision)()

    assert isinstance(refusal.value.__cause__, OperationalError)
    assert decision.calls > database.CONFLICT_SECONDS / 0.1
    assert _written() == []


@pytest.mark.django_db(transaction=True)
def test_repeated_unique_violation_is_raised() -> None:
    decision = Decision(*[IntegrityError("UNIQUE constraint failed")] * 9)

    with pytest.raises(IntegrityError):
        retry_conflicts(decision)()

    assert decision.calls == database.DUPLICATE_ATTEMPTS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "error",
    [
        OperationalError("server closed the connection unexpectedly"),
        _from_driver(sqlstate="57P01"),
        DataError("value too long"),
        ValueError("no database"),
    ],
)
def test_other_error_is_raised_at_once(error: Exception) -> None:
    decision = Decision(error)

    with pytest.raises(type(error)):
        retry_conflicts(decision)()

    assert decision.calls == 1
    assert _written() == []


@pytest.mark.django_db(transaction=True)
def test_nested_call_is_part_of_the_outer_transaction() -> None:
    inner = Decision(OperationalError("database is locked"))
    starts: list[int] = []

    @retry_conflicts
    def outer() -> str:
        starts.append(inner.calls)
        return retry_conflicts(inner)()

    assert outer() == "done"

    assert starts == [0, 1]
    assert _written() == ["call 2"]


@pytest.mark.django_db(transaction=True)
def test_call_after_a_failed_one_is_retried_too() -> None:
    with pytest.raises(ValueError, match="first"):
        retry_conflicts(Decision(ValueError("first")))()

    assert retry_conflicts(Decision(OperationalError("database is locked")))() == "done"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", CONFLICTS.values(), ids=CONFLICTS)
def test_conflict_inside_a_transaction_of_the_caller_is_explained(
    error: DatabaseError,
) -> None:
    decision = Decision(error)

    with transaction.atomic(), pytest.raises(InvalidTransition, match="try again"):
        retry_conflicts(decision)()

    assert decision.calls == 1


@pytest.mark.django_db(transaction=True)
def test_sending_is_refused_inside_a_transaction() -> None:
    refuse_transaction()

    with atomic(), pytest.raises(OpenTransaction):
        refuse_transaction()


@pytest.mark.django_db(transaction=True)
def test_sending_is_refused_without_autocommit() -> None:
    transaction.set_autocommit(False)
    try:
        with pytest.raises(OpenTransaction):
            refuse_transaction()
    finally:
        transaction.set_autocommit(True)


@pytest.mark.django_db(transaction=True)
def test_on_commit_callback_runs_after_the_commit_or_at_once() -> None:
    done: list[str] = []

    with atomic():
        on_commit(lambda: done.append("after"))
        done.append("before")
    on_commit(lambda: done.append("at once"))

    assert done == ["before", "after", "at once"]


def _view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def test_view_can_control_its_own_transactions(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    own: Any = own_transactions(lambda request: _view(request))

    assert BaseHandler().make_view_atomic(own) is own
    assert BaseHandler().make_view_atomic(_view) is not _view


def test_view_transactions_are_on_the_database_of_the_app(settings: Settings) -> None:
    settings.DATABASE_ROUTERS = ["tests.sites.routers.SplitRouter"]

    own: Any = own_transactions(lambda request: _view(request))

    assert own._non_atomic_requests == {"videos"}


def test_django_uses_its_own_limit_of_values_after_an_insert_that_failed(db: None) -> None:
    usual = connection.features.max_query_params
    raised = []

    def rows() -> Iterator[RemixEvent]:
        raised.append(connection.features.max_query_params)
        raise ZeroDivisionError
        yield RemixEvent()

    with pytest.raises(ZeroDivisionError):
        insert(RemixEvent.objects.all(), rows())

    assert (raised != [usual]) is (connection.vendor == "sqlite" and usual == 999)
    assert connection.features.max_query_params == usual
