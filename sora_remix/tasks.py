"""What workers run; the only module that knows django-q2.

Messages are nudges: the truth is in our rows, and every task may run twice, late, or never.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db import connections, router, transaction
from django_q.conf import Conf
from django_q.models import Schedule
from django_q.tasks import async_task

from . import engine
from .models import Chain, Remix

logger = logging.getLogger(__name__)

SWEEP = "sora_remix.tasks.sweep"


def advance(turn: int) -> None:
    """Take one turn of the chain and ask for the next while anything is unsettled."""
    if not Chain.objects.admit(turn):
        return
    try:
        for errand in engine.take_turn(turn):
            _queue(f"sora_remix.tasks.{errand.task}", *errand.pks)
    except Exception:
        logger.exception("Turn %s broke; the next one goes on", turn)
        time.sleep(1)
    # Released first, looked for work after: whoever adds work in between can announce a turn.
    if Chain.objects.release(turn) and Remix.objects.unsettled().exists():
        nudge()


def collect(*pks: int) -> None:
    """Collect the results of these remixes, as far as they wait for it."""
    engine.collect(pks)


def deliver(*pks: int) -> None:
    """Bring these files to fal, as far as it does not have them."""
    engine.deliver(pks)
    nudge()


def sweep() -> None:
    """Settle and revive what dead workers and lost messages left behind."""
    try:
        engine.sweep()
    finally:
        if Remix.objects.unsettled().exists():
            nudge()


def nudge() -> None:
    """See to it that a turn is on its way; as often as anybody likes."""
    turn = Chain.objects.announce()
    if turn is not None:
        _queue("sora_remix.tasks.advance", turn)


def queue_collect(*pks: int) -> None:
    """Have a worker collect these remixes soon."""
    _queue("sora_remix.tasks.collect", *pks)


def ensure_schedule(using: str, **_signal: Any) -> None:
    """Create the schedule of the sweep, once (receives `post_migrate`)."""
    if using != router.db_for_write(Schedule):
        return
    tables = connections[using].introspection.table_names()
    if Schedule._meta.db_table not in tables:
        return  # django-q2 is migrated later; then this runs again
    schedules = Schedule.objects.using(using)
    if not schedules.filter(func=SWEEP).exists():
        schedules.create(
            func=SWEEP, name="sora_remix sweep", schedule_type=Schedule.MINUTES, minutes=1
        )


def is_sweep_scheduled() -> bool:
    """Tell whether the sweep is going to run."""
    return bool(Schedule.objects.filter(func=SWEEP).exclude(repeats=0).exists())


def is_sync() -> bool:
    """Tell whether django-q2 runs tasks inside the process that asks for them."""
    return bool(Conf.SYNC)


def _queue(task: str, *args: int) -> None:
    # Outside a transaction, the ORM broker closes the database connection at every call.
    with transaction.atomic():
        async_task(task, *args)
