"""Check the status of remixes at fal."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

from .. import fal
from ..database import atomic, insert
from ..exceptions import InvalidTransition, RemoteError
from ..logs import get_logger
from ..models import Remix, RemixEvent, gathered_events
from ..request_pool import RequestPool
from .isolation import describe, isolated
from .pace import HEARTBEAT_SECONDS, Heartbeat, back_off, next_check

logger = get_logger(__name__)

LINGER = 0.1
"""Seconds that the first answer of a group waits for the others."""
Answered = tuple[Remix, fal.Progress | Exception]


def check_due(heartbeat: Heartbeat, until: float) -> None:
    """Check remixes that are due: one group, and more until `until` (`time.monotonic()`)."""
    in_flight: int | None = None
    while not heartbeat.is_over:
        if not (claimed := Remix.objects.claim_to_check(fal.MAX_PARALLEL_CALLS)):
            return
        in_flight = Remix.objects.in_flight().count() if in_flight is None else in_flight
        with RequestPool[Remix, fal.Progress](fal.MAX_PARALLEL_CALLS) as pool:
            for remix in claimed:
                pool.start(remix, _ask(remix))
            while pool:
                _settle_together(pool.answers(HEARTBEAT_SECONDS, linger=LINGER), in_flight)
                heartbeat.beat(pool.keys)
        if time.monotonic() >= until:
            return


def _settle_together(answers: list[Answered], in_flight: int) -> None:
    """Commit answers in one transaction; if that fails, one by one."""
    try:
        with atomic(), gathered_events() as events:
            _ask_again_together(answers, in_flight)
            for remix, answer in answers:
                if not _is_working(remix, answer):
                    _settle(remix, answer, in_flight)
            insert(RemixEvent.objects.all(), events)
    except Exception:
        logger.exception("Could not save the answers together")
        close_old_connections()
        for remix, answer in answers:
            with isolated(remix, partial(_ask_later, remix)):
                remix.refresh_from_db()  # the instance still has the values that were rolled back
                _settle(remix, answer, in_flight)


def _is_working(remix: Remix, answer: fal.Progress | Exception) -> bool:
    """Tell whether fal works on it and there is nothing to do but to ask again."""
    is_progress = isinstance(answer, fal.Progress) and not answer.is_finished
    return is_progress and not _is_cancel_due(remix)


def _ask_again_together(answers: list[Answered], in_flight: int) -> None:
    """Ask again about those that fal works on, with one UPDATE for those that are alike."""
    alike: dict[tuple[int, str], list[tuple[Remix, datetime, dict[str, Any]]]] = defaultdict(list)
    now = timezone.now()
    for remix, answer in answers:
        if isinstance(answer, fal.Progress) and _is_working(remix, answer):
            due_at = next_check(remix.submitted_at, in_flight)
            progress = _progress(remix, answer)
            pause = int((due_at - now).total_seconds())
            alike[pause, repr(progress)].append((remix, due_at, progress))
    for rows in alike.values():
        soonest = min(due_at for _remix, due_at, _progress in rows)
        Remix.objects.check_again([remix for remix, *_ in rows], soonest, **rows[0][2])


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


def _settle(remix: Remix, answer: fal.Progress | Exception, in_flight: int) -> None:
    with suppress(InvalidTransition):  # another worker has taken over
        if isinstance(answer, fal.Progress) and _is_cancel_due(remix):
            remix.cancellation_sent()
        match answer:
            case fal.Progress(is_finished=True):
                logger.info("Remix %s: finished at fal", remix.pk)
                remix.completed()
            case fal.Progress():
                due_at = next_check(remix.submitted_at, in_flight)
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
