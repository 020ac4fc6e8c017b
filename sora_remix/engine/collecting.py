"""Collect finished remixes, free of charge: fetch the result, store its files, commit."""

from __future__ import annotations

import asyncio
import io
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import cache, partial
from typing import IO

from django.db import close_old_connections
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import fal, media
from ..database import refuse_transaction
from ..endpoints import Outputs, get_endpoint
from ..exceptions import (
    FileGone,
    FileRefused,
    InvalidEndpoint,
    InvalidFileName,
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
from ..models import Remix, renew_leases
from ..request_pool import RequestPool
from .isolation import describe, isolated
from .pace import HEARTBEAT_SECONDS, Heartbeat, TimeLimit, back_off
from .source_copies import forget_copies
from .storing import FetchedResult, StoringGroup, fail_unstorable

logger = get_logger(__name__)

GONE_AFTER = timedelta(minutes=10)
"""How long a missing file is requested again, each time under a fresh URL."""
GONE_PAUSE = timedelta(seconds=200)
OUT_OF_TIME = _("The files could not be copied within one task's time limit (Q_CLUSTER timeout).")
DECODING_THREADS = 2
"""How many results are decoded at once."""
LINGER = 0.02
"""Seconds that an answer waits for others, which cost less to commit together."""
TOGETHER_SECONDS = 8.0
"""How long storing takes at most, on a slow storage, until the first of a group is committed."""

CollectAnswer = fal.Result | FetchedResult
Found = tuple[Remix, fal.Result]
Fetched = tuple[Remix, FetchedResult]


def collect(pks: Iterable[int], limit: TimeLimit | None = None) -> None:
    """Collect those of these remixes whose result can be collected, within the time limit.

    Raise `OpenTransaction` inside a transaction: a rollback would lose the names of the files.
    """
    refuse_transaction()
    _Collector(pks, limit or TimeLimit()).run()


class _Collector:
    def __init__(self, pks: Iterable[int], limit: TimeLimit) -> None:
        self._limit, self._heartbeat = limit, Heartbeat()
        # Remixes that failed before go last, one by one: each may need all the time.
        claimed = Remix.objects.claim_to_collect(pks)
        self._waiting = sorted(claimed, key=lambda remix: remix.failures)
        self._answered: list[Remix] = []
        self._pool = RequestPool[Remix, CollectAnswer](media.MAX_PARALLEL_DOWNLOADS)

    def run(self) -> None:
        with self._pool as pool:
            while (pool or self._waiting) and not self._limit.is_over:
                self._start_next()
                seconds = min(HEARTBEAT_SECONDS, self._limit.left)
                self._advance(pool.answers(seconds, linger=LINGER))
                self._heartbeat.beat(self._held)
            unfinished = pool.keys
        for remix in unfinished:
            with isolated(remix):
                remix.postpone(back_off(remix.failures), str(OUT_OF_TIME))
        for remix in self._waiting:
            with isolated(remix):
                remix.release()

    @property
    def _held(self) -> list[Remix]:
        return [*self._pool.keys, *self._waiting, *self._answered]

    def _start_next(self) -> None:
        pool, waiting = self._pool, self._waiting
        while waiting and pool.room and (not pool or not waiting[0].failures):
            remix = waiting.pop(0)
            pool.start(remix, _fetch(remix))
            if remix.failures:
                return

    def _advance(self, answers: list[tuple[Remix, CollectAnswer | Exception]]) -> None:
        self._answered = [remix for remix, _answer in answers]
        found: list[Found] = []
        fetched: list[Fetched] = []
        for remix, answer in answers:
            if isinstance(answer, fal.Result):
                found.append((remix, answer))
            elif isinstance(answer, FetchedResult):
                fetched.append((remix, answer))
            else:
                with isolated(remix, partial(fail_unstorable, remix)):
                    _settle(remix, answer)
        for remix, result in _start_storing(found):
            self._pool.start(remix, _download(result))
        for group in _groups(fetched):
            self._store(group)
        self._answered = []

    def _store(self, group: list[Fetched]) -> None:
        """Store results if there is time for them, and else keep the videos for another task."""
        if self._limit.allows(_storing_seconds(group)):
            StoringGroup(group, self._before_storing, _settle).store()
        elif len(group) > 1:
            for one in group:
                self._store([one])
        else:
            [(remix, fetched)] = group
            fetched.keep()
            fetched.close()
            with isolated(remix):
                remix.postpone(back_off(remix.failures), str(OUT_OF_TIME))

    def _before_storing(self, fetched: FetchedResult) -> None:
        """Extend the leases while a large file is stored, because nothing can renew them then."""
        self._heartbeat.beat(self._held)
        if (seconds := fetched.storing_seconds) > HEARTBEAT_SECONDS:
            renew_leases(self._held, silence=timedelta(seconds=seconds))


def _groups(fetched: Iterable[Fetched]) -> Iterator[list[Fetched]]:
    """Yield small results together, so that they are committed at once, and large ones alone."""
    group: list[Fetched] = []
    for one in sorted(fetched, key=lambda each: each[0].pk):
        if group and _storing_seconds([*group, one]) > TOGETHER_SECONDS:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _storing_seconds(group: Iterable[Fetched]) -> float:
    return sum(fetched.storing_seconds for _remix, fetched in group)


def _start_storing(found: Iterable[Found]) -> Iterator[Found]:
    """Record that these are being stored, with one UPDATE for those alike; yield those that are."""
    alike: dict[Decimal | None, list[Found]] = defaultdict(list)
    for remix, result in found:
        alike[result.billable_units].append((remix, result))
    for units, group in alike.items():
        if len(group) > 1 and _are_moved([remix for remix, _result in group], units):
            yield from group
            continue
        for remix, result in group:
            with isolated(remix, partial(fail_unstorable, remix)):
                remix.start_storing(units)
                yield remix, result


def _are_moved(remixes: list[Remix], units: Decimal | None) -> bool:
    try:
        return Remix.objects.start_storing(remixes, units)
    except Exception:
        logger.exception("Could not record together that these are being stored")
        close_old_connections()
        return False


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
