"""Bring the files that are sent with remixes to fal, each once a day; all of it is free."""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import fal
from ..conf import conf
from ..endpoints import Endpoint, get_endpoint
from ..exceptions import (
    InvalidEndpoint,
    InvalidTransition,
    RemoteError,
    RemoteFailure,
    SourceUnreachable,
    UnknownEndpoint,
)
from ..fal.keys import is_safe_url
from ..flight import Flight
from ..models import Delivery, Remix, Video
from ..storage import app_storage
from .pace import HEARTBEAT, UNREACHABLE_FOR, UNREACHABLE_TIMES, Watch, back_off

logger = logging.getLogger(__name__)

PLACES = 2
"""Uploads at once: each holds a part of its file in memory."""
LOOKED_AT = 200
"""Remixes whose files are looked for at once."""
LIFE = timedelta(days=1)


def prepare_waiting() -> None:
    """Let those remixes be sent whose files fal has, and order the files of the others."""
    if not (remixes := Remix.objects.to_prepare(LOOKED_AT)):
        return
    names = {remix.pk: _files_of(remix) for remix in remixes}
    every = {name for files in names.values() for name in files}
    urls, refusals = Delivery.objects.urls(every), Delivery.objects.refusals(every)
    for remix in remixes:
        if refusal := next((refusals[one] for one in names[remix.pk] if one in refusals), None):
            _fail(remix, refusal)
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


def _fail(remix: Remix, refusal: Delivery) -> None:
    try:
        remix.fail(refusal.error_code, refusal.error_message)
    except InvalidTransition:
        logger.info("Remix %s: was decided about meanwhile", remix.pk)


def deliver(pks: Iterable[int]) -> None:
    """Bring those of these files to fal that it does not have, a few at once."""
    rest = iter(pks)
    while group := list(islice(rest, PLACES)):
        _deliver_group(Delivery.objects.claim(group))


def _deliver_group(deliveries: list[Delivery]) -> None:
    watch = Watch()
    with Flight[Delivery, str](PLACES) as flight:
        for delivery in deliveries:
            flight.start(delivery, _upload(delivery.name))
        while flight:
            for delivery, answer in flight.answers(HEARTBEAT):
                _settle(delivery, answer)
            watch.keep(flight.tags)


async def _upload(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    with app_storage().open(name, "rb") as file:
        return await fal.upload(name.rpartition("/")[2], kind, file, LIFE)


@transaction.atomic
def _settle(delivery: Delivery, answer: str | Exception) -> None:
    try:
        match answer:
            case str():
                delivery.arrived(answer, timezone.now() + LIFE)
            case RemoteFailure():
                delivery.refused(answer.code, str(answer))
            case FileNotFoundError():
                delivery.refused("source_unreachable", f"FileNotFoundError: {answer}")
            case _:
                _try_later(delivery, answer)
    except InvalidTransition:
        logger.warning("%s: another worker is bringing it to fal", delivery.name)
        return
    Remix.objects.files_moved()


def _try_later(delivery: Delivery, error: Exception) -> None:
    since = delivery.failing_since or timezone.now()
    if timezone.now() - since > UNREACHABLE_FOR and delivery.failures >= UNREACHABLE_TIMES:
        delivery.refused("cannot_reach_fal", f"{type(error).__name__}: {error}")
        return
    if isinstance(error, RemoteError):
        logger.warning("%s: not at fal yet: %s", delivery.name, error)
    else:
        logger.error("%s: bringing it to fal broke", delivery.name, exc_info=error)
    delivery.postpone(back_off(delivery.failures))
