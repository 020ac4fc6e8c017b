"""Bring finished remixes home: fetch the result, copy its files, commit. All of it is free."""

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
from django.utils.text import Truncator
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
from ..flight import Flight
from ..logs import get_logger
from ..models import PendingFile, Remix, Video, renew
from ..storage import new_name
from .delivering import forget_copies
from .isolation import DATABASE_IS_AWAY, describe, isolated
from .leftovers import remove_unused
from .pace import HEARTBEAT, TimeLimit, Watch, back_off

logger = get_logger(__name__)

GONE_FOR = timedelta(minutes=10)
"""How long a missing file is asked for again, each time under a fresh URL."""
GONE_PAUSE = timedelta(seconds=200)
SLOWEST_STORAGE = 1024**2
"""Bytes a second that a storage is trusted to take."""
NOT_STORABLE = "result_not_storable"
"""Error code of a remix whose result breaks what is to store it."""
OUT_OF_TIME = _("The files could not be copied within one task's time limit (Q_CLUSTER timeout).")
TITLE_LENGTH = 80
ONLOOKERS = 2
"""Results that are decoded at once."""


@dataclass
class Parcel:
    """A result with its files, still in temporary ones."""

    result: fal.Result
    video: IO[bytes]
    thumbnail: IO[bytes] | None
    spritesheet: IO[bytes] | None
    facts: media.VideoFacts = dataclasses.field(init=False)
    """Set before it is stored."""

    def close(self) -> None:
        for file in (self.video, self.thumbnail, self.spritesheet):
            if file:
                file.close()


Flown = fal.Result | Parcel


def collect(pks: Iterable[int], limit: TimeLimit | None = None) -> None:
    """Collect those of these remixes that wait for it, a few at once, within the time limit.

    Raise `OpenTransaction` inside one: a rollback would forget where the files are.
    """
    refuse_transaction()
    limit, rest = limit or TimeLimit(), iter(pks)
    while (group := list(islice(rest, media.MAX_PARALLEL_DOWNLOADS))) and not limit.is_over:
        _collect_group(Remix.objects.claim_to_collect(group), limit)


def _collect_group(remixes: list[Remix], limit: TimeLimit) -> None:
    watch = Watch()
    # What has failed before goes last, each alone: it may need all the time there is.
    waiting = sorted(remixes, key=lambda remix: remix.failures)
    with Flight[Remix, Flown](media.MAX_PARALLEL_DOWNLOADS) as flight:
        while (flight or waiting) and not limit.is_over:
            _start_next(flight, waiting)
            for remix, answer in flight.answers(min(HEARTBEAT, limit.left)):
                watch.keep([*flight.tags, *waiting, remix])
                with isolated(remix, partial(_fail_in_words, remix)):
                    _go_on(flight, remix, answer, limit)
            watch.keep([*flight.tags, *waiting])
        unfinished = flight.tags
    for remix in unfinished:
        with isolated(remix):
            remix.postpone(back_off(remix.failures), str(OUT_OF_TIME))
    for remix in waiting:
        with isolated(remix):
            remix.hand_back()


def _start_next(flight: Flight[Remix, Flown], waiting: list[Remix]) -> None:
    while waiting and (not flight or not waiting[0].failures):
        remix = waiting.pop(0)
        flight.start(remix, _fetch(remix))
        if remix.failures:
            return


def _fail_in_words(remix: Remix, error: Exception) -> None:
    """End what can't be settled: trying it again would only break again."""
    if isinstance(error, IntegrityError):  # of two at once, the later one finds the first now
        remix.postpone(back_off(remix.failures), describe(error))
    elif not isinstance(error, DATABASE_IS_AWAY):
        remix.fail(NOT_STORABLE, describe(error))


async def _fetch(remix: Remix) -> Flown:
    return await fal.result(remix.endpoint_id, remix.request_id, _outputs(remix))


def _outputs(remix: Remix) -> Outputs:
    """Return where the result's parts stand; a record that is gone must not lose a video."""
    try:
        return get_endpoint(remix.endpoint).outputs
    except (UnknownEndpoint, InvalidEndpoint):
        return Outputs()


async def _download(result: fal.Result) -> Flown:
    video = asyncio.create_task(media.download(result.video_url))
    pictures: Sequence[IO[bytes] | None] = ()
    try:
        thumbnail, spritesheet = pictures = await asyncio.gather(
            _download_extra(result.thumbnail_url), _download_extra(result.spritesheet_url)
        )
        parcel = Parcel(result, await video, thumbnail, spritesheet)
        # It takes seconds, in which the claims are to be kept and other downloads to go on.
        await asyncio.get_running_loop().run_in_executor(_onlookers(os.getpid()), _look_at, parcel)
    except BaseException as error:
        is_stopped = isinstance(error, asyncio.CancelledError)
        await _put_away(video, pictures, keep_as=result.video_url if is_stopped else "")
        raise
    return parcel


async def _put_away(
    video: asyncio.Task[IO[bytes]], pictures: Sequence[IO[bytes] | None], *, keep_as: str
) -> None:
    """Stop what has not come yet, and close the rest; keep a whole video for the next try."""
    video.cancel()
    [file] = await asyncio.gather(video, return_exceptions=True)
    if not isinstance(file, BaseException):
        if keep_as:
            media.keep_download(keep_as, file)
        file.close()
    for picture in filter(None, pictures):
        picture.close()


@cache
def _onlookers(pid: int) -> ThreadPoolExecutor:
    """Return the threads of this process that decode; each takes the memory of some pictures."""
    return ThreadPoolExecutor(ONLOOKERS)


def _look_at(parcel: Parcel) -> None:
    """Read what the files are, and make the thumbnail that fal did not give, or gave broken."""
    parcel.thumbnail = _shown(parcel.thumbnail)
    if parcel.thumbnail:
        parcel.facts = media.video_facts(parcel.video)
    else:
        parcel.facts, made = media.facts_and_thumbnail(parcel.video)
        parcel.thumbnail = io.BytesIO(made) if made else None


def _shown(picture: IO[bytes] | None) -> IO[bytes] | None:
    """Return a picture that can be shown; close any other."""
    if not picture:
        return None
    try:
        media.image_facts(picture)
    except NotAnImage:
        picture.close()
        return None
    return picture


async def _download_extra(url: str) -> IO[bytes] | None:
    """Fetch a picture that is nice to have: a broken one never fails a remix."""
    if not url:
        return None
    try:
        return await media.download(url, most_bytes=media.MAX_IMAGE_BYTES)
    except RemoteError as error:
        logger.warning("Could not download a picture of the result: %s", error)
        return None


def _go_on(
    flight: Flight[Remix, Flown], remix: Remix, answer: Flown | Exception, limit: TimeLimit
) -> None:
    if isinstance(answer, fal.Result):
        remix.start_storing(answer.billable_units)
        flight.start(remix, _download(answer))
    elif not isinstance(answer, Parcel):
        _settle(remix, answer)
    elif limit.allows(_storing_seconds(answer)):
        _hold_while_storing([*flight.tags, remix], answer)
        _store(remix, answer)
    else:
        media.keep_download(answer.result.video_url, answer.video)
        answer.close()
        remix.postpone(back_off(remix.failures), str(OUT_OF_TIME))


def _storing_seconds(parcel: Parcel) -> float:
    return parcel.video.seek(0, os.SEEK_END) / SLOWEST_STORAGE


def _hold_while_storing(remixes: list[Remix], parcel: Parcel) -> None:
    """Keep the claims while a large file is copied, during which nothing else can happen."""
    if (seconds := _storing_seconds(parcel)) > HEARTBEAT:
        renew(remixes, silence=timedelta(seconds=seconds))


def _settle(remix: Remix, error: Exception) -> None:
    """Decide what an error means: later, or never."""
    match error:
        case NotReady():
            remix.look_again(back_off(1))
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
            _ask_for_a_fresh_url(remix, error)
        case TryLater():
            logger.warning("Remix %s: could not collect the result yet: %s", remix.pk, error)
            remix.postpone(back_off(remix.failures), str(error))
        case _:
            logger.error("Remix %s: unexpected error while collecting", remix.pk, exc_info=error)
            remix.postpone(back_off(remix.failures), describe(error))


def _ask_for_a_fresh_url(remix: Remix, error: FileGone) -> None:
    since = remix.failing_since
    if since and timezone.now() - since >= GONE_FOR:
        remix.fail("result_expired", error.message)
    else:
        remix.postpone(timezone.now() + GONE_PAUSE, str(error))


def _store(remix: Remix, parcel: Parcel) -> None:
    names: dict[str, str] = {}
    try:
        files = _named_files(parcel)
        PendingFile.objects.bulk_create(
            PendingFile(remix=remix, name=name) for name, _file in files.values()
        )
        for field, (name, file) in files.items():
            names[field] = media.store(name, file)
            PendingFile.objects.rename(remix, name, names[field])
        _commit(remix, parcel.result, parcel.facts, names)
    except InvalidTransition:
        # The sweep may have come before the file: it will not come again.
        remove_unused(names.values())
        raise
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001  (a storage may raise anything)
        _settle(remix, error)
    except BaseException:
        # The task is stopped: the next one has all its time for the storage.
        if not parcel.video.closed:
            media.keep_download(parcel.result.video_url, parcel.video)
        raise
    finally:
        parcel.close()


def _named_files(parcel: Parcel) -> dict[str, tuple[str, IO[bytes]]]:
    """Give each file that is worth keeping the name it will have in the storage."""
    files = {"file": (new_name("videos", parcel.facts.extension), parcel.video)}
    for field, file in (("thumbnail", parcel.thumbnail), ("spritesheet", parcel.spritesheet)):
        if file and (extension := media.image_extension(file)):
            files[field] = (new_name(f"{field}s", extension), file)
    return files


@atomic()
def _commit(
    remix: Remix, result: fal.Result, facts: media.VideoFacts, names: dict[str, str]
) -> None:
    video = Video.objects.create(
        title=Truncator(remix.prompt).chars(TITLE_LENGTH),
        sora_id=_free_sora_id(remix, result.sora_id),
        **facts.known(),
        is_deleted_at_provider=_is_forgotten(remix),
        created_by_id=remix.requested_by_id,
        root_id=remix.source.root_id or remix.source_id,
        **names,
        stored_files=list(names.values()),
    )
    remix.succeed(video, list(names.values()))
    logger.info("Remix %s: stored as video %s", remix.pk, video.pk)


def _free_sora_id(remix: Remix, sora_id: str) -> str:
    """Return the id unless another video has it: a paid result is not lost over its name."""
    if sora_id and Video.objects.filter(sora_id=sora_id).exists():
        logger.warning("Remix %s: another video already has the Sora id %s", remix.pk, sora_id)
        return ""
    return sora_id[:200]


def _is_forgotten(remix: Remix) -> bool:
    try:
        return get_endpoint(remix.endpoint).forgets(remix.options)
    except (UnknownEndpoint, InvalidEndpoint):
        return False
