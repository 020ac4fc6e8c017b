"""Send queued remixes to fal, each with exactly one POST."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import DatabaseError, IntegrityError, close_old_connections
from django.urls import reverse
from django.utils import timezone

from .. import fal
from ..conf import conf
from ..database import atomic, insert, refuse_transaction
from ..endpoints import get_endpoint
from ..exceptions import (
    InvalidEndpoint,
    InvalidTransition,
    RequestRefused,
    SourceReplaced,
    SourceUnreachable,
    UnknownEndpoint,
)
from ..logs import get_logger
from ..models import (
    Chain,
    EndpointFact,
    Remix,
    RemixEvent,
    gathered_events,
    reconciliation,
)
from ..request_pool import RequestPool
from .isolation import DATABASE_IS_AWAY, describe, isolated, persist
from .pace import (
    HEARTBEAT_SECONDS,
    UNREACHABLE_FOR,
    UNREACHABLE_TIMES,
    WITHOUT_WEBHOOK,
    Heartbeat,
    back_off,
    expects_webhooks,
)
from .source_copies import ClipMissing, forget_copies, sent_clip, urls_for

logger = get_logger(__name__)

Answered = tuple[Remix, fal.Submitted | Exception]


def send_waiting(heartbeat: Heartbeat, until: float) -> None:
    """Send queued remixes: one group, and more until `until` (`time.monotonic()`).

    A row is claimed as its POST starts, so a killed worker leaves only open POSTs unconfirmed.
    Raise `OpenTransaction` inside a transaction: a rollback would send the same again.
    """
    refuse_transaction()
    may_start = True
    with RequestPool[Remix, fal.Submitted](fal.MAX_PARALLEL_CALLS) as pool:
        while True:
            try:
                if may_start and not heartbeat.is_over:
                    _fill(pool)
                heartbeat.beat(pool.keys)
            except DatabaseError:
                logger.exception("Stopped sending in this turn because of an error")
                close_old_connections()
                until = 0
            may_start = time.monotonic() < until
            if not pool:
                return
            answers = pool.answers(HEARTBEAT_SECONDS)
            paid = _settle_together(answers)
            for remix, answer in answers:
                if remix not in paid:
                    _settle(remix, answer)


def _fill(pool: RequestPool[Remix, fal.Submitted]) -> None:
    # A claim costs three queries, whether for one row or for many.
    if pool.room * 2 > fal.MAX_PARALLEL_CALLS:
        claimed = _claim(pool.room)
        if not _start_together(pool, claimed):
            for remix in claimed:
                with isolated(remix):
                    _start_alone(pool, remix)
        if any(remix.is_probe and remix not in pool.keys for remix in claimed):
            Chain.objects.probe_now()  # nothing was sent, so the next remix may try


def _claim(room: int) -> list[Remix]:
    """Claim remixes to send without ever exceeding `SORA_REMIX_MAX_IN_FLIGHT`."""
    if not Remix.objects.to_send().exists() or Chain.objects.is_held(key := fal.key_digest()):
        return []
    with atomic():
        chain = Chain.objects.lock()
        free = conf.SORA_REMIX_MAX_IN_FLIGHT - Remix.objects.in_flight().count()
        if free <= 0:
            return []
        if chain.held_code:
            return _claim_probe(key)
        claimed = Remix.objects.claim_to_send(min(room, free))
    if expects_webhooks(chain):
        for remix in claimed:
            remix.check_after = WITHOUT_WEBHOOK
    return claimed


def _claim_probe(key: str) -> list[Remix]:
    """Claim one remix to try the held account with, unless another worker is trying it."""
    claimed = Remix.objects.claim_to_send(1) if Chain.objects.claim_probe(key) else []
    for remix in claimed:
        remix.is_probe = True
    return claimed


def _start_together(pool: RequestPool[Remix, fal.Submitted], remixes: Sequence[Remix]) -> bool:
    """Record in one transaction that these are sent, then start their POSTs; or do neither."""
    try:
        requests = [(remix, _arguments(remix), _webhook_url(remix)) for remix in remixes]
        with atomic(), gathered_events() as events:
            for remix, arguments, _url in requests:
                _start(remix, arguments)
            insert(RemixEvent.objects.all(), events)
    except Exception as error:  # noqa: BLE001  (found and logged again, one by one)
        logger.info("Could not start %s remixes together: %s", len(remixes), describe(error))
        close_old_connections()
        return False
    for request in requests:
        _post(pool, *request)
    return True


def _start(remix: Remix, arguments: dict[str, Any] | None) -> None:
    """Record the body of the request that is about to be sent; None: it can't be sent yet."""
    if arguments is None:
        remix.not_ready()
    else:
        remix.sending(arguments)


def _post(
    pool: RequestPool[Remix, fal.Submitted],
    remix: Remix,
    arguments: dict[str, Any] | None,
    webhook_url: str,
) -> None:
    if arguments is not None:
        logger.info("Remix %s: sending", remix.pk)
        pool.start(remix, fal.submit(remix.endpoint_id, arguments, webhook_url))


def _start_alone(pool: RequestPool[Remix, fal.Submitted], remix: Remix) -> None:
    """Start the POST of a claimed remix, or record why it can't be sent."""
    try:
        arguments, webhook_url = _arguments(remix), _webhook_url(remix)
        _start(remix, arguments)
        _post(pool, remix, arguments, webhook_url)
    except InvalidTransition:
        raise
    except (UnknownEndpoint, InvalidEndpoint) as error:
        remix.refused("endpoint_retired", error.message)
    except RequestRefused as error:
        remix.refused("source_not_remixable", error.message)
    except SourceUnreachable as error:
        remix.refused("source_unreachable", error.message)
    except SourceReplaced as error:
        remix.refused("source_replaced", str(error))
    except (OSError, *DATABASE_IS_AWAY) as error:
        logger.exception("Remix %s: could not be sent", remix.pk)
        persist(remix, partial(_try_later, remix, "source_unreachable", describe(error)))
    except Exception as error:
        # Another attempt would fail in the same way, and it was certainly not sent.
        logger.exception("Remix %s: could not build its request", remix.pk)
        remix.refused(fal.NOT_SENDABLE, describe(error))


def _arguments(remix: Remix) -> dict[str, Any] | None:
    """Return the body to send; None if fal no longer has the files."""
    endpoint = get_endpoint(remix.endpoint)
    try:
        clip, urls = sent_clip(remix), urls_for(remix, endpoint)
    except ClipMissing:
        return None
    if urls is None:
        return None
    return endpoint.arguments(
        clip,
        remix.prompt,
        remix.options,
        source_url=urls.get(clip.stored_file("file").key, ""),
        urls=urls,
    )


def _webhook_url(remix: Remix) -> str:
    """Return the webhook URL; the key in it connects fal's request id with the row."""
    base = conf.SORA_REMIX_WEBHOOK_BASE_URL.rstrip("/")
    return base + reverse("sora_remix:webhook", args=[remix.key]) if base else ""


def _settle_together(answers: Sequence[Answered]) -> list[Remix]:
    """Commit the ids of paid requests with their history; return the remixes, none if it fails.

    One by one, an id is committed even if its history can't be written.
    """
    paid = [(remix, answer) for remix, answer in answers if isinstance(answer, fal.Accepted)]
    if len(paid) < 2:
        return []
    try:
        with atomic(), gathered_events() as events:
            for remix, answer in paid:
                _write_answer(remix, answer)
            insert(RemixEvent.objects.all(), events)
    except Exception:
        logger.exception("Could not save the answers together")
        close_old_connections()
        return []
    return [remix for remix, _answer in paid]


def _settle(remix: Remix, answer: fal.Submitted | Exception) -> None:
    """Commit fal's answer; an error concerns only this remix."""
    with isolated(remix, partial(_mark_unconfirmed, remix, answer)):
        persist(remix, partial(_write_answer, remix, answer))


def _write_answer(remix: Remix, answer: fal.Submitted | Exception) -> None:
    """Move the row; only what is certain is recorded as such."""
    match answer:
        case fal.Accepted(request_id):
            logger.info("Remix %s: fal accepted it as %s", remix.pk, request_id)
            _accepted(remix, request_id)
            _end_hold(remix)
        case fal.Refused(code, message):
            _end_hold(remix)
            _refused(remix, code, message)
        case fal.AccountHeld(code, message):
            _hold_account(remix, code, message)
        case fal.NotSent(message):
            _not_sent(remix, message)
        case fal.RefusedForNow(seconds, message):
            logger.info("Remix %s: fal asked to send it later: %s", remix.pk, message)
            _end_hold(remix)
            _hold_back(remix, seconds, message)
        case fal.Unknown(message):
            remix.unanswered(message)
        case Exception():
            logger.error("Remix %s: unexpected error while sending", remix.pk, exc_info=answer)
            remix.unanswered(describe(answer))


def _mark_unconfirmed(remix: Remix, answer: object, error: Exception) -> None:
    """Mark it as unconfirmed, because fal's answer could not be saved."""
    if isinstance(error, DATABASE_IS_AWAY):
        return  # it becomes unconfirmed when its lease runs out
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
        # Its webhook was quicker, or gave another id.
        reconciliation.id_received(remix, request_id)
    except IntegrityError:
        remix.unanswered(f"Another remix that asked for the same has {request_id}.")


def _not_sent(remix: Remix, message: str) -> None:
    logger.info("Remix %s: not sent: %s", remix.pk, message)
    # This comes first, because it may happen twice.
    Chain.objects.hold_back(back_off(remix.failures), message)
    _try_later(remix, "cannot_reach_fal", message)


def _try_later(remix: Remix, code: str, message: str) -> None:
    """Send it later, because it was certainly not sent; fail it after an hour of failures."""
    since = remix.failing_since or timezone.now()
    if timezone.now() - since > UNREACHABLE_FOR and remix.failures >= UNREACHABLE_TIMES:
        remix.refused(code, message)
    else:
        remix.not_sent(back_off(remix.failures), message)


def _hold_account(remix: Remix, code: str, message: str) -> None:
    logger.warning("Remix %s: fal refuses the whole account: %s", remix.pk, message)
    Chain.objects.hold_account(code, message, fal.key_digest(), is_probe=remix.is_probe)
    remix.held(code)


def _end_hold(remix: Remix) -> None:
    """End the hold of the account if this remix tried it; others were sent before the hold."""
    if remix.is_probe and Chain.objects.end_hold():
        logger.info("fal accepts requests of the account again")


def _hold_back(remix: Remix, seconds: float, message: str) -> None:
    due_at = timezone.now() + timedelta(seconds=seconds)
    Chain.objects.hold_back(due_at, message)
    remix.requeued(due_at)
