"""Check the status of remixes at fal."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import suppress
from copy import copy
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from .. import fal
from ..database import atomic, insert
from ..exceptions import InvalidTransition, RemoteError
from ..logs import get_logger
from ..models import Chain, Remix, RemixEvent, gathered_events
from ..request_pool import RequestPool
from .isolation import describe, isolated, log_group_error
from .pace import HEARTBEAT_SECONDS, CheckPace, Heartbeat, back_off

logger = get_logger(__name__)

LINGER = 0.1
"""Seconds that the first answer of a group waits for the others."""
Answered = tuple[Remix, fal.Progress | Exception]


def check_due(heartbeat: Heartbeat, until: float) -> None:
    """Check remixes that are due: one group, and more until `until` (`time.monotonic()`).

    The next are asked about while some answers are still missing: one that takes long holds up no
    others.
    """
    Remix.objects.cancel_now()
    pace: CheckPace | None = None
    may_start = True
    with RequestPool[Remix, fal.Progress](fal.MAX_PARALLEL_QUESTIONS) as pool:
        while True:
            if may_start and not heartbeat.is_over:
                may_start = _fill(pool)
            if not pool:
                return
            pace = pace or CheckPace()
            _settle_together(pool.answers(HEARTBEAT_SECONDS, linger=LINGER), pace)
            heartbeat.beat(pool.keys)
            may_start = may_start and time.monotonic() < until


def _fill(pool: RequestPool[Remix, fal.Progress]) -> bool:
    """Ask about more once half of the places are free; tell whether more may be due."""
    if pool.room * 2 < fal.MAX_PARALLEL_QUESTIONS:
        return True
    try:
        claimed = Remix.objects.claim_to_check(pool.room)
    except DatabaseError:
        if not pool:
            raise
        logger.exception("Asked about no others in this turn because of an error")
        close_old_connections()
        return False
    for remix in claimed:
        pool.start(remix, _ask(remix))
    return bool(claimed)


def _settle_together(answers: list[Answered], pace: CheckPace) -> None:
    """Commit answers in one transaction; if that fails, one by one."""
    try:
        with atomic(), gathered_events() as events:
            _ask_again_together(answers, pace)
            _complete_together(answers, pace)
            for remix, answer in answers:
                if not isinstance(answer, fal.Progress) or _is_cancel_due(remix):
                    # A copy, because a rollback would leave the changes in the instance.
                    _settle(copy(remix), answer, pace)
            insert(RemixEvent.objects.all(), events)
    except Exception as error:  # noqa: BLE001  (each is tried again by itself)
        log_group_error(error)
        for remix, answer in answers:
            with isolated(remix, partial(_ask_later, remix)):
                _settle(remix, answer, pace)


def _is_working(remix: Remix, answer: fal.Progress | Exception) -> bool:
    """Tell whether fal works on it and there is nothing to do but to ask again."""
    is_progress = isinstance(answer, fal.Progress) and not answer.is_finished
    return is_progress and not _is_cancel_due(remix)


def _ask_again_together(answers: list[Answered], pace: CheckPace) -> None:
    """Ask again about those that fal works on, with one UPDATE for those that are alike."""
    alike: dict[tuple[Any, ...], list[tuple[Remix, datetime, dict[str, Any]]]] = defaultdict(list)
    now = timezone.now()
    for remix, answer in answers:
        if isinstance(answer, fal.Progress) and _is_working(remix, answer):
            due_at = pace.next_check(remix)
            progress = _progress(remix, answer)
            pause = int((due_at - now).total_seconds())
            alike[remix.lease, pause, repr(progress)].append((remix, due_at, progress))
    for rows in alike.values():
        soonest = min(due_at for _remix, due_at, _progress in rows)
        Remix.objects.check_again([remix for remix, *_ in rows], soonest, **rows[0][2])


def _complete_together(answers: list[Answered], pace: CheckPace) -> None:
    """Record that fal has finished these, with one UPDATE for those of one claim."""
    alike: dict[Any, list[Remix]] = defaultdict(list)
    for remix, answer in answers:
        is_finished = isinstance(answer, fal.Progress) and answer.is_finished
        if is_finished and not _is_cancel_due(remix):
            alike[remix.lease].append(remix)
    for remixes in alike.values():
        Remix.objects.complete(remixes)
        for remix in remixes:
            _say_finished(remix, pace)


def _say_finished(remix: Remix, pace: CheckPace) -> None:
    logger.info("Remix %s: finished at fal", remix.pk)
    if pace.expects_webhooks:
        Chain.objects.miss_webhook()


def _progress(remix: Remix, answer: fal.Progress) -> dict[str, Any]:
    """Return what has changed since fal was asked before."""
    progress = {"queue_position": answer.position, "progress_log": list(answer.logs)}
    known = {"queue_position": remix.queue_position, "progress_log": remix.progress_log}
    return {} if progress == known else progress


def _ask_later(remix: Remix, error: Exception) -> None:
    remix.postpone(back_off(remix.failures), describe(error))


async def _ask(remix: Remix) -> fal.Progress:
    if _is_cancel_due(remix):
        await fal.cancel(remix.endpoint_id, remix.request_id)
    return await fal.progress(remix.endpoint_id, remix.request_id)


def _is_cancel_due(remix: Remix) -> bool:
    return remix.cancel_requested_at is not None and remix.cancel_asked_at is None


def _settle(remix: Remix, answer: fal.Progress | Exception, pace: CheckPace) -> None:
    with suppress(InvalidTransition):  # another worker has taken over
        if isinstance(answer, fal.Progress) and _is_cancel_due(remix):
            remix.cancellation_sent()
        match answer:
            case fal.Progress(is_finished=True):
                remix.completed()
                _say_finished(remix, pace)
            case fal.Progress():
                due_at = pace.next_check(remix)
                remix.check_again(due_at, position=answer.position, log=answer.logs)
            case RemoteError():
                logger.warning("Remix %s: could not get its status: %s", remix.pk, answer)
                remix.postpone(back_off(remix.failures), str(answer))
            case _:
                logger.error(
                    "Remix %s: unexpected error while checking its status",
                    remix.pk,
                    exc_info=answer,
                )
                _ask_later(remix, answer)
