"""Messages are nudges: late, twice or never, the chain continues while there is work."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.models import Model
from django.utils.module_loading import import_string
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage
from pytest_django import Settings

from sora_remix import engine, services, tasks
from sora_remix.engine import untaken
from sora_remix.models import Chain, Remix
from sora_remix.storage import app_storage
from tests.databases import empty_database
from tests.factories import ago, make_remix
from tests.processes import wait_until

State = Chain.State
Queued = list[tuple[Any, ...]]
Turn = Callable[[int], Iterator[engine.Errand]]


@pytest.fixture
def queued(db: None, monkeypatch: pytest.MonkeyPatch) -> Queued:
    """Enqueued tasks with their arguments."""
    queued: Queued = []
    monkeypatch.setattr(
        tasks, "async_task", lambda name, *args: queued.append((import_string(name), *args))
    )
    return queued


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The turns that the engine took; it finds nothing to collect."""
    taken: list[int] = []

    def turn(number: int) -> Iterator[engine.Errand]:
        taken.append(number)
        yield from ()

    monkeypatch.setattr(engine, "take_turn", turn)
    return taken


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it was slept, without sleeping."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def _state() -> tuple[int, str]:
    chain = Chain.objects.get()
    return chain.turn, chain.state


def test_turn_runs_once_however_often_its_message_is_delivered(
    queued: Queued, taken: list[int]
) -> None:
    tasks.nudge()

    tasks.advance(1)
    tasks.advance(1)

    assert (queued, taken) == ([(tasks.advance, 1)], [1])


def test_unannounced_turn_is_not_run(queued: Queued, taken: list[int]) -> None:
    make_remix()

    tasks.advance(1)

    assert (queued, taken) == ([], [])


def test_several_nudges_enqueue_one_turn(queued: Queued) -> None:
    for _ in range(3):
        tasks.nudge()

    assert queued == [(tasks.advance, 1)]


def test_turn_enqueues_the_next_while_anything_is_unsettled(
    queued: Queued, taken: list[int]
) -> None:
    make_remix(status=Remix.Status.PROCESSING)
    tasks.nudge()

    tasks.advance(1)

    assert queued == [(tasks.advance, 1), (tasks.advance, 2)]
    assert _state() == (2, State.PENDING)


@pytest.mark.parametrize(
    "status", [Remix.Status.UNCONFIRMED, Remix.Status.SUCCEEDED, Remix.Status.FAILED]
)
def test_chain_ends_when_nothing_needs_a_worker(
    queued: Queued, taken: list[int], status: str
) -> None:
    make_remix(status=status)
    tasks.nudge()

    tasks.advance(1)

    assert (queued, taken) == ([(tasks.advance, 1)], [1])
    assert _state() == (1, State.IDLE)


def test_work_that_arrives_during_a_turn_is_done_by_the_next(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turn(number: int) -> Iterator[engine.Errand]:
        make_remix()
        tasks.nudge()
        yield from ()

    monkeypatch.setattr(engine, "take_turn", turn)
    tasks.nudge()

    tasks.advance(1)

    assert queued == [(tasks.advance, 1), (tasks.advance, 2)]


def test_remix_found_finished_is_enqueued_for_collecting_at_once(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    during = []

    def turn(number: int) -> Iterator[engine.Errand]:
        yield engine.Errand("collect", (1, 2))
        during.extend(queued)
        yield engine.Errand("deliver", (3,))

    monkeypatch.setattr(engine, "take_turn", turn)
    Chain.objects.announce()

    tasks.advance(1)

    assert during == [(tasks.collect, 1, 2)]
    assert queued == [(tasks.collect, 1, 2), (tasks.deliver, 3)]


def test_failing_turn_does_not_end_the_chain(
    queued: Queued,
    monkeypatch: pytest.MonkeyPatch,
    pauses: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def turn(number: int) -> Iterator[engine.Errand]:
        yield engine.Errand("collect", (1,))
        raise RuntimeError("It broke.")

    monkeypatch.setattr(engine, "take_turn", turn)
    make_remix()
    tasks.nudge()

    tasks.advance(1)

    assert queued == [(tasks.advance, 1), (tasks.collect, 1), (tasks.advance, 2)]
    assert len(pauses) == 1
    assert "It broke." in caplog.text


def test_worker_with_a_replaced_turn_enqueues_nothing(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turn(number: int) -> Iterator[engine.Errand]:
        Chain.objects.update(since=ago(seconds=21))
        tasks.nudge()
        yield from ()

    monkeypatch.setattr(engine, "take_turn", turn)
    make_remix()
    tasks.nudge()

    tasks.advance(1)

    assert queued == [(tasks.advance, 1), (tasks.advance, 2)]
    assert _state() == (2, State.PENDING)


def test_killed_turn_is_replaced_once_it_is_stale(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turn(number: int) -> Iterator[engine.Errand]:
        raise SystemExit

    monkeypatch.setattr(engine, "take_turn", turn)
    Chain.objects.announce()

    with pytest.raises(SystemExit):
        tasks.advance(1)

    assert _state() == (1, State.RUNNING)
    Chain.objects.update(since=ago(seconds=21))
    tasks.nudge()
    assert queued == [(tasks.advance, 2)]


def test_collect_task_passes_its_arguments_on(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[Any] = []
    monkeypatch.setattr(engine, "collect", lambda pks, limit: collected.extend(pks))

    tasks.collect(3, 5)

    assert collected == [3, 5]


@pytest.mark.parametrize(
    ("name", "work"),
    [("collect", "collect"), ("deliver", "upload_copies"), ("fit", "fit_clips")],
)
def test_long_work_knows_the_timeout_of_its_worker(
    queued: Queued, monkeypatch: pytest.MonkeyPatch, name: str, work: str
) -> None:
    left: list[float] = []
    monkeypatch.setattr(Conf, "TIMEOUT", 60)
    monkeypatch.setattr(engine, work, lambda pks, limit: left.append(limit.left))

    getattr(tasks, name)(1)

    assert 50 < left[0] <= 54


def test_work_is_not_limited_without_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[float] = []
    monkeypatch.setattr(Conf, "TIMEOUT", None)
    monkeypatch.setattr(engine, "collect", lambda pks, limit: left.append(limit.left))

    tasks.collect(1)

    assert left == [math.inf]


def test_upload_is_followed_by_a_turn_that_sends_the_waiting_remixes(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded: list[tuple[int, ...]] = []
    monkeypatch.setattr(engine, "upload_copies", lambda pks, limit: uploaded.append(pks))

    tasks.deliver(1, 2)

    assert uploaded == [(1, 2)]
    assert queued == [(tasks.advance, 1)]


@pytest.mark.django_db(transaction=True)
def test_worker_that_makes_a_clip_runs_the_turns_meanwhile(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []

    def turn(number: int) -> Iterator[engine.Errand]:
        turns.append(number)
        yield engine.Errand("fit", (2,))

    monkeypatch.setattr(untaken, "PATIENCE", timedelta(0))
    monkeypatch.setattr(untaken, "take_turn", turn)
    monkeypatch.setattr(engine, "fit_clips", lambda pks, limit: wait_until(lambda: bool(turns)))

    tasks.fit(1)

    assert set(turns) == {1}
    assert queued[:2] == [(tasks.advance, 1), (tasks.fit, 2)]
    assert queued[-1] == (tasks.advance, 2)
    assert _state() == (2, State.PENDING)


def test_nothing_is_enqueued_where_tasks_run_in_the_request(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conf, "SYNC", True)

    tasks.nudge()
    tasks.queue_collect(1)

    assert queued == []
    assert not Chain.objects.exists()


def test_worker_does_not_wait_for_turns_that_were_not_enqueued(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conf, "SYNC", True)
    tasks.nudge()

    monkeypatch.setattr(Conf, "SYNC", False)
    tasks.nudge()

    assert queued == [(tasks.advance, 1)]


@pytest.mark.django_db(transaction=True)
def test_broker_that_runs_tasks_at_once_sends_nothing(
    taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_remix()

    def run(name: str, *args: int) -> None:
        import_string(name)(*args)

    monkeypatch.setattr(tasks, "async_task", run)

    tasks.nudge()
    tasks.sweep()

    assert taken == []
    assert _state() == (1, State.PENDING)


def test_collect_task_can_be_enqueued_alone(queued: Queued) -> None:
    tasks.queue_collect(3, 5)

    assert queued == [(tasks.collect, 3, 5)]


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each sweep of the engine, without one."""
    swept: list[str] = []
    monkeypatch.setattr(engine, "sweep", lambda: swept.append("swept"))
    return swept


def test_sweep_restarts_the_chain_while_anything_is_unsettled(
    queued: Queued, swept: list[str]
) -> None:
    make_remix()

    tasks.sweep()

    assert (swept, queued) == (["swept"], [(tasks.advance, 1)])


def test_sweep_restarts_a_turn_with_a_lost_message_under_the_same_number(
    queued: Queued, swept: list[str]
) -> None:
    make_remix()
    tasks.nudge()
    Chain.objects.update(since=ago(seconds=21))

    tasks.sweep()

    assert queued == [(tasks.advance, 1), (tasks.advance, 1)]


def test_sweep_does_not_disturb_a_running_chain(queued: Queued, swept: list[str]) -> None:
    make_remix()
    tasks.nudge()

    tasks.sweep()

    assert queued == [(tasks.advance, 1)]


def test_sweep_without_work_enqueues_nothing(queued: Queued, swept: list[str]) -> None:
    make_remix(status=Remix.Status.FAILED)

    tasks.sweep()

    assert (swept, queued) == (["swept"], [])


def test_sweep_settles_before_it_searches_for_work(queued: Queued) -> None:
    make_remix(status=Remix.Status.SUBMITTING, leased_until=ago(seconds=1))

    tasks.sweep()

    assert (queued, Remix.objects.get().status) == ([], Remix.Status.UNCONFIRMED)


def test_message_has_a_name_and_plain_numbers(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_q.tasks.get_broker", lambda _cluster: ORM(list_key="test"))

    tasks.queue_collect(3, 5)

    message = SignedPackage.loads(OrmQ.objects.get().payload)
    assert (message["func"], message["args"]) == ("sora_remix.tasks.collect", (3, 5))
    assert message["kwargs"] == {}


def _migrate(using: str = "default") -> None:
    emit_post_migrate_signal(verbosity=0, interactive=False, db=using)


def test_migrating_schedules_the_sweep_every_minute_without_end(db: None) -> None:
    Schedule.objects.all().delete()

    _migrate()

    schedule = Schedule.objects.get()
    assert import_string(schedule.func) is tasks.sweep
    assert (schedule.schedule_type, schedule.minutes, schedule.repeats) == ("I", 1, -1)


def test_migrating_again_keeps_one_schedule(db: None) -> None:
    Schedule.objects.all().delete()

    _migrate()
    _migrate()

    assert Schedule.objects.count() == 1


def test_schedule_changed_by_the_site_is_kept(db: None) -> None:
    Schedule.objects.all().delete()
    _migrate()
    Schedule.objects.update(name="Ours", minutes=5)

    _migrate()

    assert [(one.name, one.minutes) for one in Schedule.objects.all()] == [("Ours", 5)]


def test_site_with_two_schedules_of_the_sweep_can_migrate(db: None) -> None:
    Schedule.objects.all().delete()
    for name in ("weekdays", "weekends"):
        Schedule.objects.create(func=tasks.SWEEP, name=name)

    _migrate()

    assert Schedule.objects.count() == 2


def test_no_schedule_is_made_in_a_database_that_the_queue_does_not_use(db: None) -> None:
    Schedule.objects.all().delete()

    tasks.ensure_schedule(using="other")

    assert not Schedule.objects.exists()


def test_new_schedule_is_found_before_a_replica_has_it(db: None, settings: Settings) -> None:
    with empty_database("replica"):
        settings.DATABASE_ROUTERS = ["tests.sites.routers.ReplicaRouter"]

        assert tasks.is_sweep_scheduled()


@pytest.mark.parametrize("model", [Schedule, Remix])
def test_no_schedule_is_made_before_the_tables_exist(
    db: None, monkeypatch: pytest.MonkeyPatch, model: type[Model]
) -> None:
    Schedule.objects.all().delete()
    _hide(monkeypatch, model)

    _migrate()

    assert not Schedule.objects.exists()


def test_only_the_schedule_of_the_app_is_deleted_with_its_tables(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Schedule.objects.create(func="math.sqrt")
    _hide(monkeypatch, Remix)

    _migrate()

    assert list(Schedule.objects.all()) == [other]


def test_schedule_in_another_database_is_deleted_too(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "alias", lambda: "videos")
    monkeypatch.setattr(tasks, "_has_table", lambda _using, model: model is Schedule)

    tasks.ensure_schedule(using="videos")

    assert not Schedule.objects.exists()


def _hide(monkeypatch: pytest.MonkeyPatch, model: type[Model]) -> None:
    """Pretend that this model has no table."""
    names = list(connection.introspection.table_names())
    names.remove(model._meta.db_table)
    monkeypatch.setattr(connection.introspection, "table_names", lambda: names)


WITHOUT_THE_APP = """
import pydoc
from django.conf import settings
from django.core.management import call_command

settings.configure(
    SECRET_KEY="for this test only",
    INSTALLED_APPS=["django.contrib.contenttypes", "django_q"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    Q_CLUSTER={"orm": "default", "timeout": 60, "retry": 120},
)
import django

django.setup()
call_command("migrate", verbosity=0)
from django_q.models import Schedule

Schedule.objects.create(func="sora_remix.tasks.sweep")
for name, *arguments in (("advance", 1), ("collect", 1), ("deliver", 1), ("sweep",)):
    # As a worker of django-q2 does; what this raises ends the worker.
    pydoc.locate(f"sora_remix.tasks.{name}")(*arguments)
assert not Schedule.objects.exists()
"""


def test_messages_left_in_a_queue_do_not_break_a_worker_without_the_app() -> None:
    without = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_APP], env=without, capture_output=True, text=True
    )

    assert process.returncode == 0, process.stderr
    assert "Did not run sweep, because sora_remix is not installed" in process.stderr


def test_files_that_wait_to_be_read_get_more_workers(queued: Queued, media_root: Path) -> None:
    for number in range(2):
        app_storage().save(f"{number}.mp4", ContentFile(b"no video"))
        services.add_video(f"{number}.mp4", title="Sea", owned=False, read_later=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "sweep", lambda: None)
        tasks.sweep()

    assert [task for task, _moment in queued] == [tasks.read_files] * tasks.READERS
    task, moment = queued[0]
    task(moment - tasks.SECONDS_BETWEEN_SWEEPS)
    assert engine.has_unread()
    task(moment)
    assert not engine.has_unread()
