"""Send queued remixes to fal: each by one POST, whatever happens."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import DatabaseError, IntegrityError, close_old_connections
from django.urls import reverse
from django.utils import timezone

from .. import fal
from ..conf import conf
from ..database import atomic, refuse_transaction
from ..endpoints import get_endpoint
from ..exceptions import (
    InvalidEndpoint,
    InvalidTransition,
    RequestRefused,
    SourceUnreachable,
    UnknownEndpoint,
)
from ..flight import Flight
from ..logs import get_logger
from ..models import Chain, EndpointFact, Remix
from .delivering import forget_copies, urls_for
from .isolation import DATABASE_IS_AWAY, describe, isolated, persist
from .pace import HEARTBEAT, UNREACHABLE_FOR, UNREACHABLE_TIMES, Watch, back_off

logger = get_logger(__name__)


def send_waiting(watch: Watch, until: float) -> None:
    """Send what waits, starting no more after `until` (`time.monotonic()`).

    A row is claimed only as its POST starts: a killed worker leaves in doubt what was in the air.
    Raise `OpenTransaction` inside one: a rollback would send the same again.
    """
    refuse_transaction()
    with Flight[Remix, fal.Submitted](fal.MAX_PARALLEL_CALLS) as flight:
        while True:
            try:
                if time.monotonic() < until and not watch.is_over:
                    _fill(flight)
                watch.keep(flight.tags)
            except DatabaseError:
                logger.exception("Stopped sending in this turn because of an error")
                close_old_connections()
                until = 0
            if not flight:
                return
            for remix, answer in flight.answers(HEARTBEAT):
                _settle(remix, answer)


def _fill(flight: Flight[Remix, fal.Submitted]) -> None:
    # A claim costs three queries, whether for one row or for many.
    if flight.room * 2 > fal.MAX_PARALLEL_CALLS:
        for remix in _claim(flight.room):
            with isolated(remix):
                _start(flight, remix)


def _claim(room: int) -> list[Remix]:
    """Claim remixes to send without ever exceeding `SORA_REMIX_MAX_IN_FLIGHT`."""
    if not Remix.objects.to_send().exists() or Chain.objects.is_held():
        return []
    with atomic():
        Chain.objects.lock()
        free = conf.SORA_REMIX_MAX_IN_FLIGHT - Remix.objects.in_flight().count()
        return Remix.objects.claim_to_send(min(room, free)) if free > 0 else []


def _start(flight: Flight[Remix, fal.Submitted], remix: Remix) -> None:
    """Put the POST of a claimed remix in the air, or say why there is none."""
    try:
        if (arguments := _arguments(remix)) is None:
            remix.not_ready()
            return
        remix.sending(arguments)
        logger.info("Remix %s: sending", remix.pk)
        flight.start(remix, fal.submit(remix.endpoint_id, arguments, _webhook_url(remix)))
    except (UnknownEndpoint, InvalidEndpoint) as error:
        remix.refused("endpoint_retired", error.message)
    except RequestRefused as error:
        remix.refused("source_not_remixable", error.message)
    except SourceUnreachable as error:
        remix.refused("source_unreachable", error.message)
    except (OSError, *DATABASE_IS_AWAY) as error:
        logger.exception("Remix %s: could not be sent", remix.pk)
        persist(remix, partial(_try_later, remix, "source_unreachable", describe(error)))
    except Exception as error:
        # It would fail like this for ever, and it was certainly not sent.
        logger.exception("Remix %s: could not build its request", remix.pk)
        remix.refused(fal.NOT_SENDABLE, describe(error))


def _arguments(remix: Remix) -> dict[str, Any] | None:
    """Return the body to send; None when fal does not have the files any more."""
    endpoint = get_endpoint(remix.endpoint)
    if (urls := urls_for(remix, endpoint)) is None:
        return None
    return endpoint.arguments(
        remix.source,
        remix.prompt,
        remix.options,
        source_url=urls.get(str(remix.source.file.name), ""),
        urls=urls,
    )


def _webhook_url(remix: Remix) -> str:
    """Return where fal rings when it is done; it holds our key, which ties its id to the row."""
    base = conf.SORA_REMIX_WEBHOOK_BASE_URL.rstrip("/")
    return base + reverse("sora_remix:webhook", args=[remix.key]) if base else ""


def _settle(remix: Remix, answer: fal.Submitted | Exception) -> None:
    """Commit what fal answered; whatever goes wrong stays with this remix."""
    doubt = partial(_leave_in_doubt, remix, answer)
    with isolated(remix, doubt):
        persist(remix, partial(_write_answer, remix, answer))


def _write_answer(remix: Remix, answer: fal.Submitted | Exception) -> None:
    """Move the row; every branch is certain of what it says, or says that it is not."""
    match answer:
        case fal.Accepted(request_id):
            logger.info("Remix %s: fal accepted it as %s", remix.pk, request_id)
            _accepted(remix, request_id)
        case fal.Refused(code, message):
            _refused(remix, code, message)
        case fal.NotSent(message):
            _not_sent(remix, message)
        case fal.RefusedForNow(seconds, message):
            logger.info("Remix %s: fal asked to send it later: %s", remix.pk, message)
            _hold_back(remix, seconds, message)
        case fal.Unknown(message):
            remix.unanswered(message)
        case Exception():
            logger.error("Remix %s: unexpected error while sending", remix.pk, exc_info=answer)
            remix.unanswered(describe(answer))


def _leave_in_doubt(remix: Remix, answer: object, error: Exception) -> None:
    """Say that fal may have it: its answer is known, and can't be written down as it should."""
    if isinstance(error, DATABASE_IS_AWAY):
        return  # it becomes unconfirmed when its lease ends
    remix.unanswered(describe(error, f"fal answered {answer!r}, which could not be saved. "))


def _refused(remix: Remix, code: str, message: str) -> None:
    remix.refused(code, message)
    if code == "source_unreachable":
        forget_copies(remix)
    if code == "endpoint_retired":
        EndpointFact.objects.note_retired(remix.endpoint_id)


def _accepted(remix: Remix, request_id: str) -> None:
    """Commit the id of a paid request."""
    try:
        remix.accepted(request_id)
    except InvalidTransition:
        remix.rang(request_id)  # its webhook was quicker, or says something else
    except IntegrityError:
        remix.unanswered(f"Another remix that asked for the same has {request_id}.")


def _not_sent(remix: Remix, message: str) -> None:
    logger.info("Remix %s: not sent: %s", remix.pk, message)
    # First, for it can be done twice.
    Chain.objects.hold_back(back_off(remix.failures), message)
    _try_later(remix, "cannot_reach_fal", message)


def _try_later(remix: Remix, code: str, message: str) -> None:
    """Send it later, for it certainly did not leave; give up after an hour of that."""
    since = remix.failing_since or timezone.now()
    if timezone.now() - since > UNREACHABLE_FOR and remix.failures >= UNREACHABLE_TIMES:
        remix.refused(code, message)
    else:
        remix.not_sent(back_off(remix.failures), message)


def _hold_back(remix: Remix, seconds: float, message: str) -> None:
    due_at = timezone.now() + timedelta(seconds=seconds)
    Chain.objects.hold_back(due_at, message)
    remix.requeued(due_at)
