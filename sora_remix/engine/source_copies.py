"""Upload the files that remixes need to fal, free of charge; each copy lives for a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
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
    AccountUnusable,
    InvalidEndpoint,
    InvalidTransition,
    RemoteError,
    RemoteFailure,
    SoraRemixError,
    SourceReplaced,
    SourceUnreachable,
    TryLater,
    UnknownEndpoint,
)
from ..fal.urls import is_safe_url
from ..logs import get_logger
from ..models import Chain, FittedClip, Remix, SourceCopy, Video
from ..request_pool import RequestPool
from ..storage import StoredFile, content_type_of
from .isolation import DATABASE_IS_AWAY, describe, isolated
from .pace import (
    HEARTBEAT_SECONDS,
    UNREACHABLE_FOR,
    UNREACHABLE_TIMES,
    Heartbeat,
    TimeLimit,
    back_off,
)

logger = get_logger(__name__)

UPLOADS_AT_ONCE = 2
"""Each upload holds a part of its file in memory."""
COPY_LIFETIME = timedelta(days=1)
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
"""Errors of code, not of networks: another attempt would raise the same."""


class ClipMissing(SoraRemixError):
    """The clip that a remix needs is not made yet, or was deleted."""

    otherwise = _("The clip that it needs is not made yet.")


def files_to_copy(endpoint: Endpoint, name: str, options: Mapping[str, Any]) -> set[str]:
    """Return the keys of the stored files that fal needs a copy of before this request.

    `name` is the key of the clip itself.
    """
    if conf.SORA_REMIX_SOURCE_DELIVERY == "url":
        return set()
    return _files(endpoint, name, options)


def sent_clip(remix: Remix) -> Video | FittedClip:
    """Return what is sent to fal: the source, or the clip that was made of it."""
    if not remix.recipe:
        return remix.source
    if not (remix.clip and remix.clip.file):
        raise ClipMissing
    return remix.clip


def forget_copies(remix: Remix) -> None:
    """Discard the copies of a remix's files, so that the next request uploads them again."""
    with suppress(ClipMissing):
        SourceCopy.objects.discard(files_of(remix))


def urls_for(remix: Remix, endpoint: Endpoint) -> dict[str, str] | None:
    """Return the URLs of a remix's files for fal, by key; None if a copy is missing.

    Raise `SourceUnreachable` when the storage has no URL that can be reached from outside,
    `SourceReplaced` and `ClipMissing`.
    """
    names = _files(endpoint, sent_clip(remix).stored_file("file").key, remix.options)
    if conf.SORA_REMIX_SOURCE_DELIVERY == "url":
        return {name: _public_url(name) for name in names}
    urls = SourceCopy.objects.urls(names) if names else {}
    return urls if urls.keys() == names else None


def files_of(remix: Remix) -> set[str]:
    """Return the keys of the stored files that fal needs a copy of. Raise `ClipMissing`."""
    name = sent_clip(remix).stored_file("file").key
    try:
        return files_to_copy(get_endpoint(remix.endpoint), name, remix.options)
    except (UnknownEndpoint, InvalidEndpoint):
        return set()  # it is refused when it is sent


def _files(endpoint: Endpoint, name: str, options: Mapping[str, Any]) -> set[str]:
    own = [name] if endpoint.source.kind == "url" and name else []
    return {*own, *endpoint.files(options)}


def _public_url(key: str) -> str:
    file = StoredFile.from_key(key)
    if file.fingerprint:
        _check_size(file)
    url = file.storage.url(file.name)
    if not is_safe_url(url):
        message = _("fal can't load “%(url)s”: the storage must give an https URL.")
        raise SourceUnreachable(message % {"url": url.partition("?")[0]})
    return url


def _check_size(file: StoredFile) -> None:
    """Raise `SourceReplaced` if a file of the site has another size than when it was read."""
    try:
        size = file.storage.size(file.name)
    except FileNotFoundError as error:
        raise SourceUnreachable(describe(error)) from error
    if not media.has_size(file.fingerprint, size):
        raise replaced(file)


def replaced(file: StoredFile) -> SourceReplaced:
    """Note that the site has replaced a file, and return the error that says so.

    What waits to be sent fails: nobody has chosen the new file.
    """
    error = SourceReplaced()
    with atomic():
        videos = Video.objects.note_replaced(file)
    for remix in Remix.objects.filter(source__in=videos, status=Remix.Status.QUEUED, recipe=""):
        with isolated(remix), suppress(InvalidTransition):
            remix.fail("source_replaced", str(error))
    logger.warning("The file %s of videos %s was replaced on the site", file.name, videos)
    return error


def upload_copies(pks: Iterable[int], limit: TimeLimit | None = None) -> None:
    """Upload those of these files that fal does not have, within the time limit.

    While the account is held, one file at most is uploaded, and only when a probe is due. Raise
    `OpenTransaction` inside a transaction.
    """
    refuse_transaction()
    limit, rest = limit or TimeLimit(), iter(pks)
    while (group := list(islice(rest, UPLOADS_AT_ONCE))) and not limit.is_over:
        if not Chain.objects.hold():
            _upload_group(SourceCopy.objects.claim(group), limit)
        elif Chain.objects.claim_probe(fal.key_digest()):
            _upload_group(SourceCopy.objects.claim(group[:1]), limit, is_probe=True)


def _upload_group(copies: list[SourceCopy], limit: TimeLimit, *, is_probe: bool = False) -> None:
    heartbeat = Heartbeat()
    with RequestPool[SourceCopy, str](UPLOADS_AT_ONCE) as pool:
        for copy in copies:
            pool.start(copy, _upload(copy.name))
        while pool and not limit.is_over:
            for copy, answer in pool.answers(min(HEARTBEAT_SECONDS, limit.left)):
                _settle(copy, answer, is_probe=is_probe)
            heartbeat.beat(pool.keys)
        unfinished = pool.keys
    for copy in unfinished:
        _settle(copy, TryLater(OUT_OF_TIME))


async def _upload(key: str) -> str:
    stored = StoredFile.from_key(key)
    try:
        file = stored.storage.open(stored.name, "rb")
    except FileNotFoundError as error:
        raise RemoteFailure("source_unreachable", describe(error)) from error
    with file:
        if not media.is_unchanged(file, stored.fingerprint):
            raise SourceReplaced
        sent = media.true_name(stored.name.rpartition("/")[2], file)
        return await fal.upload(sent, content_type_of(sent), file, COPY_LIFETIME)


def _settle(copy: SourceCopy, answer: str | Exception, *, is_probe: bool = False) -> None:
    with isolated(copy, partial(_refuse, copy)), atomic():
        match answer:
            case str():
                copy.uploaded(answer, timezone.now() + COPY_LIFETIME)
                # An upload is free, so it proves nothing: now a remix has to try the account.
                if is_probe:
                    Chain.objects.probe_now()
            case AccountUnusable():
                _hold_account(copy, answer, is_probe=is_probe)
            case RemoteFailure():
                copy.refused(answer.code, str(answer))
            case SourceReplaced():
                copy.refused("source_replaced", str(replaced(StoredFile.from_key(copy.name))))
            case RemoteError() | OSError():
                _try_later(copy, answer)
            case _ if isinstance(answer, OUR_ERRORS):
                logger.error("%s: can't be uploaded to fal", copy, exc_info=answer)
                copy.refused("source_unreachable", describe(answer))
            case _:
                logger.error("%s: unexpected error while uploading to fal", copy, exc_info=answer)
                _try_later(copy, answer)
        Remix.objects.recheck_files_now()


def _refuse(copy: SourceCopy, error: Exception) -> None:
    if not isinstance(error, DATABASE_IS_AWAY):
        copy.refused("source_unreachable", describe(error))


def _hold_account(copy: SourceCopy, error: AccountUnusable, *, is_probe: bool) -> None:
    logger.warning("%s: fal refuses the whole account: %s", copy, error)
    Chain.objects.hold_account(error.code, str(error), fal.key_digest(), is_probe=is_probe)
    copy.held()


def _try_later(copy: SourceCopy, error: Exception) -> None:
    since = copy.failing_since or timezone.now()
    if timezone.now() - since > UNREACHABLE_FOR and copy.failures >= UNREACHABLE_TIMES:
        copy.refused("cannot_reach_fal", describe(error))
        return
    logger.warning("%s: could not upload it to fal yet: %s", copy, describe(error))
    copy.postpone(back_off(copy.failures), describe(error))
