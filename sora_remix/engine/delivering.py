"""Bring the files that are sent with remixes to fal, each once a day; all of it is free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import fal, media
from ..conf import conf
from ..database import atomic, refuse_transaction
from ..endpoints import Endpoint, get_endpoint
from ..exceptions import (
    InvalidEndpoint,
    RemoteError,
    RemoteFailure,
    SourceUnreachable,
    TryLater,
    UnknownEndpoint,
)
from ..fal.urls import is_safe_url
from ..flight import Flight
from ..logs import get_logger
from ..models import Delivery, Remix, Video
from ..storage import app_storage, content_type_of
from .isolation import DATABASE_IS_AWAY, describe, isolated
from .pace import HEARTBEAT, UNREACHABLE_FOR, UNREACHABLE_TIMES, TimeLimit, Watch, back_off

logger = get_logger(__name__)

PLACES = 2
"""Uploads at once: each holds a part of its file in memory."""
LOOKED_AT = 200
"""Remixes whose files are looked for at once."""
LIFE = timedelta(days=1)
OUT_OF_TIME = _(
    "The file could not be copied to fal within one task's time limit (Q_CLUSTER timeout)."
)
OUR_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    SuspiciousOperation,
    TypeError,
    ValueError,
)
"""Raised by code, not by networks: the next try would raise the same."""


def prepare_waiting() -> None:
    """Let those remixes be sent whose files fal has, and order the files of the others."""
    if not (remixes := Remix.objects.to_prepare(LOOKED_AT)):
        return
    names: dict[int, set[str]] = {}
    for remix in remixes:
        with isolated(remix, partial(_fail_in_words, remix)):
            names[remix.pk] = _files_of(remix)
    every = {name for files in names.values() for name in files}
    urls, refusals = Delivery.objects.urls(every), Delivery.objects.refusals(every)
    for remix in remixes:
        files = names.get(remix.pk, ())
        if refusal := next((refusals[one] for one in files if one in refusals), None):
            with isolated(remix):
                remix.fail(refusal.error_code, refusal.error_message)
    waiting = {pk for pk, files in names.items() if not files <= urls.keys()}
    Remix.objects.prepared(names.keys() - waiting)
    Delivery.objects.order(every - urls.keys() - refusals.keys())
    Remix.objects.unprepared(waiting)


def uploads(endpoint: Endpoint, source: Video, options: Mapping[str, Any]) -> set[str]:
    """Return the names in the storage of what fal must have a copy of before it is sent this."""
    if conf.SORA_REMIX_SOURCE_DELIVERY == "url":
        return set()
    return _files(endpoint, source, options)


def forget_copies(remix: Remix) -> None:
    """Have the files of a remix brought to fal anew when they are needed next."""
    Delivery.objects.lost(_files_of(remix))


def urls_for(remix: Remix, endpoint: Endpoint) -> dict[str, str] | None:
    """Return the URLs under which fal gets the files of a remix; None when it must wait for one.

    Raise `SourceUnreachable` when the storage has no URL that can be reached from outside.
    """
    names = _files(endpoint, remix.source, remix.options)
    if conf.SORA_REMIX_SOURCE_DELIVERY == "url":
        return {name: _public_url(name) for name in names}
    urls = Delivery.objects.urls(names) if names else {}
    return urls if urls.keys() == names else None


def _files(endpoint: Endpoint, source: Video, options: Mapping[str, Any]) -> set[str]:
    own = [str(source.file.name)] if endpoint.source.kind == "url" and source.file else []
    return {*own, *endpoint.files(options)}


def _files_of(remix: Remix) -> set[str]:
    try:
        return uploads(get_endpoint(remix.endpoint), remix.source, remix.options)
    except (UnknownEndpoint, InvalidEndpoint):
        return set()  # it is refused when it is sent


def _public_url(name: str) -> str:
    url = app_storage().url(name)
    if not is_safe_url(url):
        message = _("fal can't load “%(url)s”: the storage must give an https URL.")
        raise SourceUnreachable(message % {"url": url.partition("?")[0]})
    return url


def _fail_in_words(remix: Remix, error: Exception) -> None:
    """End what can't be prepared: nothing was sent, and trying again would only break again."""
    if not isinstance(error, DATABASE_IS_AWAY):
        remix.fail(fal.NOT_SENDABLE, describe(error))


def deliver(pks: Iterable[int], limit: TimeLimit | None = None) -> None:
    """Bring those of these files to fal that it does not have, within the time limit.

    Raise `OpenTransaction` inside one.
    """
    refuse_transaction()
    limit, rest = limit or TimeLimit(), iter(pks)
    while (group := list(islice(rest, PLACES))) and not limit.is_over:
        _deliver_group(Delivery.objects.claim(group), limit)


def _deliver_group(deliveries: list[Delivery], limit: TimeLimit) -> None:
    watch = Watch()
    with Flight[Delivery, str](PLACES) as flight:
        for delivery in deliveries:
            flight.start(delivery, _upload(delivery.name))
        while flight and not limit.is_over:
            for delivery, answer in flight.answers(min(HEARTBEAT, limit.left)):
                _settle(delivery, answer)
            watch.keep(flight.tags)
        unfinished = flight.tags
    for delivery in unfinished:
        _settle(delivery, TryLater(OUT_OF_TIME))


async def _upload(name: str) -> str:
    try:
        file = app_storage().open(name, "rb")
    except FileNotFoundError as error:
        raise RemoteFailure("source_unreachable", describe(error)) from error
    with file:
        sent = media.true_name(name.rpartition("/")[2], file)
        return await fal.upload(sent, content_type_of(sent), file, LIFE)


def _settle(delivery: Delivery, answer: str | Exception) -> None:
    with isolated(delivery, partial(_refuse_in_words, delivery)), atomic():
        match answer:
            case str():
                delivery.arrived(answer, timezone.now() + LIFE)
            case RemoteFailure():
                delivery.refused(answer.code, str(answer))
            case RemoteError() | OSError():
                _try_later(delivery, answer)
            case _ if isinstance(answer, OUR_ERRORS):
                logger.error("%s: can't be uploaded to fal", delivery, exc_info=answer)
                delivery.refused("source_unreachable", describe(answer))
            case _:
                logger.error(
                    "%s: unexpected error while uploading to fal", delivery, exc_info=answer
                )
                _try_later(delivery, answer)
        Remix.objects.files_moved()


def _refuse_in_words(delivery: Delivery, error: Exception) -> None:
    if not isinstance(error, DATABASE_IS_AWAY):
        delivery.refused("source_unreachable", describe(error))


def _try_later(delivery: Delivery, error: Exception) -> None:
    since = delivery.failing_since or timezone.now()
    if timezone.now() - since > UNREACHABLE_FOR and delivery.failures >= UNREACHABLE_TIMES:
        delivery.refused("cannot_reach_fal", describe(error))
        return
    logger.warning("%s: could not upload it to fal yet: %s", delivery, describe(error))
    delivery.postpone(back_off(delivery.failures), describe(error))
