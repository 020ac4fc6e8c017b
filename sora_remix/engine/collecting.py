"""Collect finished remixes, free of charge: fetch the result, store its files, commit."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from itertools import islice
from typing import IO

from django.db import DatabaseError, IntegrityError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import fal, media
from ..database import atomic, refuse_transaction
from ..endpoints import Outputs, get_endpoint
from ..exceptions import (
    FileGone,
    FileRefused,
    InvalidEndpoint,
    InvalidFileName,
    InvalidTransition,
    NotAnImage,
    NotAVideo,
    NotReady,
    RemoteCancelled,
    RemoteError,
    RemoteFailure,
    TryLater,
    UnknownEndpoint,
)
from ..logs import get_logger
from ..models import PendingFile, Remix, Video, renew_leases
from ..request_pool import RequestPool
from ..storage import new_name
from .isolation import DATABASE_IS_AWAY, describe, isolated
from .leftovers import remove_unused
from .pace import HEARTBEAT_SECONDS, Heartbeat, TimeLimit, back_off
from .source_copies import forget_copies
from .titles import title_of_result

logger = get_logger(__name__)

GONE_AFTER = timedelta(minutes=10)
"""How long a missing file is requested again, each time under a fresh URL."""
GONE_PAUSE = timedelta(seconds=200)
SLOWEST_STORAGE = 1024**2
"""Bytes per second: the assumed minimum speed of a storage."""
NOT_STORABLE = "result_not_storable"
"""Error code of a remix whose result causes an error while it is stored."""
OUT_OF_TIME = _("The files could not be copied within one task's time limit (Q_CLUSTER timeout).")
DECODING_THREADS = 2
"""How many results are decoded at once."""


@dataclass
class FetchedResult:
    """A result with its files, downloaded to temporary files."""

    result: fal.Result
    video: IO[bytes]
    thumbnail: IO[bytes] | None
    spritesheet: IO[bytes] | None
    facts: media.VideoFacts = dataclasses.field(init=False)
    """Set by `_decode`."""

    def close(self) -> None:
        for file in (self.video, self.thumbnail, self.spritesheet):
            if file:
                file.close()


CollectAnswer = fal.Result | FetchedResult


def collect(pks: Iterable[int], limit: TimeLimit | None = None) -> None:
    """Collect those of these remixes whose result can be collected, within the time limit.

    Raise `OpenTransaction` inside a transaction: a rollback would lose the names of the files.
    """
    refuse_transaction()
    limit, rest = limit or TimeLimit(), iter(pks)
    while (group := list(islice(rest, media.MAX_PARALLEL_DOWNLOADS))) and not limit.is_over:
        _collect_group(Remix.objects.claim_to_collect(group), limit)


def _collect_group(remixes: list[Remix], limit: TimeLimit) -> None:
    heartbeat = Heartbeat()
    # Remixes that failed before go last, one by one: each may need all the time.
    waiting = sorted(remixes, key=lambda remix: remix.failures)
    with RequestPool[Remix, CollectAnswer](media.MAX_PARALLEL_DOWNLOADS) as pool:
        while (pool or waiting) and not limit.is_over:
            _start_next(pool, waiting)
            for remix, answer in pool.answers(min(HEARTBEAT_SECONDS, limit.left)):
                heartbeat.beat([*pool.keys, *waiting, remix])
                with isolated(remix, partial(_fail, remix)):
                    _advance(pool, remix, answer, limit)
            heartbeat.beat([*pool.keys, *waiting])
        unfinished = pool.keys
    for remix in unfinished:
        with isolated(remix):
            remix.postpone(back_off(remix.failures), str(OUT_OF_TIME))
    for remix in waiting:
        with isolated(remix):
            remix.release()


def _start_next(pool: RequestPool[Remix, CollectAnswer], waiting: list[Remix]) -> None:
    while waiting and (not pool or not waiting[0].failures):
        remix = waiting.pop(0)
        pool.start(remix, _fetch(remix))
        if remix.failures:
            return


def _fail(remix: Remix, error: Exception) -> None:
    """Fail a remix that can't be settled: another attempt would only break again."""
    if isinstance(error, IntegrityError):  # of two at once, the later one now finds the first
        remix.postpone(back_off(remix.failures), describe(error))
    elif not isinstance(error, DATABASE_IS_AWAY):
        remix.fail(NOT_STORABLE, describe(error))


async def _fetch(remix: Remix) -> CollectAnswer:
    return await fal.result(remix.endpoint_id, remix.request_id, _outputs(remix))


def _outputs(remix: Remix) -> Outputs:
    """Return where the parts of the result are; a removed record must not lose a video."""
    try:
        return get_endpoint(remix.endpoint).outputs
    except (UnknownEndpoint, InvalidEndpoint):
        return Outputs()


async def _download(result: fal.Result) -> CollectAnswer:
    video = asyncio.create_task(media.download(result.video_url))
    pictures: Sequence[IO[bytes] | None] = ()
    try:
        thumbnail, spritesheet = pictures = await asyncio.gather(
            _download_extra(result.thumbnail_url), _download_extra(result.spritesheet_url)
        )
        fetched = FetchedResult(result, await video, thumbnail, spritesheet)
        # This takes seconds, while the leases must be renewed and other downloads continue.
        await asyncio.get_running_loop().run_in_executor(_decoders(os.getpid()), _decode, fetched)
    except BaseException as error:
        is_stopped = isinstance(error, asyncio.CancelledError)
        await _stop_downloads(video, pictures, keep_as=result.video_url if is_stopped else "")
        raise
    return fetched


async def _stop_downloads(
    video: asyncio.Task[IO[bytes]], pictures: Sequence[IO[bytes] | None], *, keep_as: str
) -> None:
    """Stop unfinished downloads and close the others; keep a whole video for the next attempt."""
    video.cancel()
    [file] = await asyncio.gather(video, return_exceptions=True)
    if not isinstance(file, BaseException):
        if keep_as:
            media.keep_download(keep_as, file)
        file.close()
    for picture in filter(None, pictures):
        picture.close()


@cache
def _decoders(pid: int) -> ThreadPoolExecutor:
    """Return the decoding threads of this process; each needs the memory of a few pictures."""
    return ThreadPoolExecutor(DECODING_THREADS)


def _decode(fetched: FetchedResult) -> None:
    """Read the facts of the files, and make a thumbnail if fal gave none that works."""
    fetched.thumbnail = _displayable(fetched.thumbnail)
    if fetched.thumbnail:
        fetched.facts = media.video_facts(fetched.video)
    else:
        fetched.facts, made = media.facts_and_thumbnail(fetched.video)
        fetched.thumbnail = io.BytesIO(made) if made else None


def _displayable(picture: IO[bytes] | None) -> IO[bytes] | None:
    """Return a picture that browsers can show; close any other."""
    if not picture:
        return None
    try:
        media.image_facts(picture)
    except NotAnImage:
        picture.close()
        return None
    return picture


async def _download_extra(url: str) -> IO[bytes] | None:
    """Download an optional picture: a broken one never fails a remix."""
    if not url:
        return None
    try:
        return await media.download(url, most_bytes=media.MAX_IMAGE_BYTES)
    except RemoteError as error:
        logger.warning("Could not download a picture of the result: %s", error)
        return None


def _advance(
    pool: RequestPool[Remix, CollectAnswer],
    remix: Remix,
    answer: CollectAnswer | Exception,
    limit: TimeLimit,
) -> None:
    if isinstance(answer, fal.Result):
        remix.start_storing(answer.billable_units)
        pool.start(remix, _download(answer))
    elif not isinstance(answer, FetchedResult):
        _settle(remix, answer)
    elif limit.allows(_storing_seconds(answer)):
        _hold_while_storing([*pool.keys, remix], answer)
        _store(remix, answer)
    else:
        media.keep_download(answer.result.video_url, answer.video)
        answer.close()
        remix.postpone(back_off(remix.failures), str(OUT_OF_TIME))


def _storing_seconds(fetched: FetchedResult) -> float:
    return fetched.video.seek(0, os.SEEK_END) / SLOWEST_STORAGE


def _hold_while_storing(remixes: list[Remix], fetched: FetchedResult) -> None:
    """Extend the leases while a large file is stored, because nothing can renew them then."""
    if (seconds := _storing_seconds(fetched)) > HEARTBEAT_SECONDS:
        renew_leases(remixes, silence=timedelta(seconds=seconds))


def _settle(remix: Remix, error: Exception) -> None:
    """Decide whether an error means a later attempt or a failure."""
    match error:
        case NotReady():
            remix.check_again(back_off(1))
        case RemoteCancelled() if remix.cancel_requested_at:
            remix.cancelled_at_fal(error.message)
        case RemoteFailure():
            if error.code == "source_unreachable":
                forget_copies(remix)
            remix.fail(error.code, error.message)
        case FileRefused() | InvalidFileName():
            remix.fail("result_refused", error.message)
        case NotAVideo():
            remix.fail("not_a_video", error.message)
        case FileGone():
            _retry_with_a_fresh_url(remix, error)
        case TryLater():
            logger.warning("Remix %s: could not collect the result yet: %s", remix.pk, error)
            remix.postpone(back_off(remix.failures), str(error))
        case _:
            logger.error("Remix %s: unexpected error while collecting", remix.pk, exc_info=error)
            remix.postpone(back_off(remix.failures), describe(error))


def _retry_with_a_fresh_url(remix: Remix, error: FileGone) -> None:
    since = remix.failing_since
    if since and timezone.now() - since >= GONE_AFTER:
        remix.fail("result_expired", error.message)
    else:
        remix.postpone(timezone.now() + GONE_PAUSE, str(error))


def _store(remix: Remix, fetched: FetchedResult) -> None:
    names: dict[str, str] = {}
    try:
        files = _named_files(fetched)
        PendingFile.objects.bulk_create(
            PendingFile(remix=remix, name=name) for name, _file in files.values()
        )
        for field, (name, file) in files.items():
            names[field] = media.store(name, file)
            PendingFile.objects.rename(remix, name, names[field])
        _commit(remix, fetched.result, fetched.facts, names)
    except InvalidTransition:
        # The sweep may have run before the file was stored: it will not come back.
        remove_unused(names.values())
        raise
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001  (a storage may raise anything)
        _settle(remix, error)
    except BaseException:
        # The task was stopped: the next one can use all its time for storing.
        if not fetched.video.closed:
            media.keep_download(fetched.result.video_url, fetched.video)
        raise
    finally:
        fetched.close()


def _named_files(fetched: FetchedResult) -> dict[str, tuple[str, IO[bytes]]]:
    """Choose a name in the storage for each file worth keeping."""
    files = {"file": (new_name("videos", fetched.facts.extension), fetched.video)}
    for field, file in (("thumbnail", fetched.thumbnail), ("spritesheet", fetched.spritesheet)):
        if file and (extension := media.image_extension(file)):
            files[field] = (new_name(f"{field}s", extension), file)
    return files


@atomic()
def _commit(
    remix: Remix, result: fal.Result, facts: media.VideoFacts, names: dict[str, str]
) -> None:
    video = Video.objects.create(
        title=title_of_result(remix),
        sora_id=_free_sora_id(remix, result.sora_id),
        **facts.known(),
        is_deleted_at_provider=_is_deleted_at_fal(remix),
        created_by_id=remix.requested_by_id,
        root_id=remix.source.root_id or remix.source_id,
        **names,
        stored_files=list(names.values()),
    )
    remix.succeed(video, list(names.values()))
    logger.info("Remix %s: stored as video %s", remix.pk, video.pk)


def _free_sora_id(remix: Remix, sora_id: str) -> str:
    """Return the Sora id unless another video has it: a paid result must not be lost over it."""
    if sora_id and Video.objects.filter(sora_id=sora_id).exists():
        logger.warning("Remix %s: another video already has the Sora id %s", remix.pk, sora_id)
        return ""
    return sora_id[:200]


def _is_deleted_at_fal(remix: Remix) -> bool:
    try:
        return get_endpoint(remix.endpoint).forgets(remix.options)
    except (UnknownEndpoint, InvalidEndpoint):
        return False
