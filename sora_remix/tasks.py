"""Tasks of the workers; the only module that uses django-q2.

Messages are nudges: the rows hold the truth, and every task may run twice, late, or never.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from contextvars import ContextVar
from functools import wraps
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router, transaction
from django.db.models import Model, QuerySet
from django_q.conf import Conf

from .database import alias
from .logs import get_logger

# A worker shared with a site without the app, or left after the app was removed, imports this
# for old messages and schedules: an error here would stop the worker each time.
if apps.is_installed("sora_remix"):
    from . import engine
    from .models import Chain, Remix
if apps.is_installed("django_q"):  # if not, the system checks must still run to report it
    from django_q.brokers import get_broker
    from django_q.models import Schedule
    from django_q.tasks import async_task

logger = get_logger(__name__)

SWEEP = "sora_remix.tasks.sweep"
SECONDS_BETWEEN_SWEEPS = 60
READERS = 6
"""How many messages to read files one sweep sends: with its own, each takes five seconds."""
_is_queueing: ContextVar[bool] = ContextVar("sora_remix_is_queueing", default=False)


def worker_task(work: Callable[..., None]) -> Callable[..., None]:
    """Refuse to run inside the call that queues a task, as django-q2's `sync` does.

    There a request would wait for fal, a rollback of the caller would lose what was paid for, and
    each turn would call the next until the stack overflows. If the app is no longer installed,
    only its schedule is deleted.
    """

    @wraps(work)
    def run(*args: int) -> None:
        if not apps.is_installed("sora_remix"):
            logger.warning("Did not run %s, because sora_remix is not installed", work.__name__)
            _delete_schedule()
            return
        if _is_queueing.get():
            logger.error(
                "Did not run %s, because tasks need a worker (manage.py qcluster)", work.__name__
            )
            return
        work(*args)

    return run


@worker_task
def advance(turn: int) -> None:
    """Run one turn of the chain, and queue the next while any remix needs a worker."""
    if not Chain.objects.admit(turn):
        return
    try:
        for errand in engine.take_turn(turn):
            queue_errand(errand)
    except Exception:
        logger.exception("Unexpected error in turn %s. The next turn continues", turn)
        time.sleep(1)
    # Release before checking for work, so that work added in between can start a turn.
    if Chain.objects.release(turn) and Remix.objects.unsettled().exists():
        nudge()


@worker_task
def collect(*pks: int) -> None:
    """Collect those of these remixes whose result can be collected."""
    engine.collect(pks, _time_limit())


@worker_task
def deliver(*pks: int) -> None:
    """Upload those of these files that fal does not have."""
    engine.upload_copies(pks, _time_limit())
    nudge()


@worker_task
def fit(*pks: int) -> None:
    """Make those of these clips that remixes wait for; meanwhile, do what no worker takes."""
    limit = _time_limit()
    with engine.UntakenWork(limit, queue_errand, nudge):
        engine.fit_clips(pks, limit)
    nudge()


@worker_task
def sweep() -> None:
    """Finish or restart what stopped workers and lost messages left behind."""
    try:
        engine.sweep()
    finally:
        if Remix.objects.unsettled().exists():
            nudge()
    if engine.has_unread():
        for _reader in range(READERS):
            _queue("sora_remix.tasks.read_files", int(time.time()))


@worker_task
def read_files(queued_at: int) -> None:
    """Read some files that nobody has read yet; what a later sweep repeats is left to that."""
    if time.time() - queued_at < SECONDS_BETWEEN_SWEEPS:
        engine.read_unread()


def nudge() -> None:
    """Queue the next turn unless one is pending."""
    if is_sync():
        logger.warning("Queued no turn, because Q_CLUSTER has “sync” set")
        return  # a turn without a message would block the first real worker
    turn = Chain.objects.announce()
    if turn is not None:
        _queue("sora_remix.tasks.advance", turn)


def queue_errand(errand: engine.Errand) -> None:
    """Queue a task that runs this errand."""
    _queue(f"sora_remix.tasks.{errand.task}", *errand.pks)


def queue_collect(*pks: int) -> None:
    """Queue a task that collects these remixes."""
    _queue("sora_remix.tasks.collect", *pks)


def ensure_schedule(using: str, **_signal: Any) -> None:
    """Create the schedule of the sweep once, and delete it with the app's tables.

    Receives `post_migrate` for any database, and creates the schedule only in that one: while test
    databases are created, the others are still those of the site.
    """
    if using == alias() and not _has_table(using, Remix):
        _delete_schedule()
        return
    is_home = using == router.db_for_write(Schedule) and _has_table(using, Schedule)
    if is_home and not _schedules().exists():
        _schedules().create(
            func=SWEEP, name="sora_remix sweep", schedule_type=Schedule.MINUTES, minutes=1
        )


def is_sweep_scheduled() -> bool:
    """Return whether the sweep is scheduled."""
    return bool(_schedules().exclude(repeats=0).exists())


def queue_size() -> int | None:
    """Return how many messages wait in the broker, or None if it does not say."""
    if not apps.is_installed("django_q"):
        raise ImproperlyConfigured("“django_q” is not in INSTALLED_APPS.")
    size: int | None = get_broker().queue_size()
    return size


def queue_databases() -> set[str]:
    """Return the aliases of the databases that must have django-q2's tables."""
    if not apps.is_installed("django_q"):
        return set()
    return {router.db_for_write(Schedule), Conf.ORM or router.db_for_write(Schedule)}


def _delete_schedule() -> None:
    # django-q2 may use another database, and its tables may not exist.
    if _has_table(router.db_for_write(Schedule), Schedule):
        _schedules().delete()


def _schedules() -> QuerySet[Any]:
    """Return the schedules of the sweep from the database that they are written to."""
    schedules: QuerySet[Any] = Schedule.objects.using(router.db_for_write(Schedule))
    return schedules.filter(func=SWEEP)


def _has_table(using: str, model: type[Model]) -> bool:
    return model._meta.db_table in connections[using].introspection.table_names()


def is_sync() -> bool:
    """Return whether tasks would run inside the call that queues them; then none is queued."""
    return bool(Conf.SYNC)


def _time_limit() -> engine.TimeLimit:
    """Return how long this task may run before django-q2 kills its worker."""
    return engine.TimeLimit(Conf.TIMEOUT) if Conf.TIMEOUT else engine.TimeLimit()


def _queue(task: str, *args: int) -> None:
    if is_sync():
        logger.warning("Did not queue %s, because Q_CLUSTER has “sync” set", task)
        return
    # Outside a transaction, the ORM broker closes the database connection at every call.
    transaction_of_broker = transaction.atomic(using=Conf.ORM) if Conf.ORM else nullcontext()
    token = _is_queueing.set(True)
    try:
        with transaction_of_broker:
            async_task(task, *args)
    finally:
        _is_queueing.reset(token)
