"""Bring finished remixes home: fetch the result, copy its files, commit. All of it is free."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import logging
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cache
from itertools import islice
from typing import IO

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.text import Truncator

from .. import fal, media
from ..endpoints import Outputs, get_endpoint
from ..exceptions import (
    FileGone,
    FileRefused,
    InvalidEndpoint,
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
from ..models import PendingFile, Remix, Video, renew
from ..storage import new_name
from .delivering import forget_copies
from .pace import HEARTBEAT, Watch, back_off

logger = logging.getLogger(__name__)

GONE_FOR = timedelta(minutes=10)
"""How long a missing file is asked for again, each time under a fresh URL."""
GONE_PAUSE = timedelta(seconds=200)
SLOWEST_STORAGE = 1024**2
"""Bytes a second that a storage is trusted to take."""
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
    grid: media.Grid | None = None
    """How the pictures lie in the sprite sheet, if that is certain."""

    def close(self) -> None:
        for file in (self.video, self.thumbnail, self.spritesheet):
            if file:
                file.close()


Flown = fal.Result | Parcel


def collect(pks: Iterable[int]) -> None:
    """Collect those of these remixes that wait for it, a few at once."""
    rest = iter(pks)
    while group := list(islice(rest, media.PLACES)):
        _collect_group(Remix.objects.claim_to_collect(group))


def _collect_group(remixes: list[Remix]) -> None:
    watch = Watch()
    with Flight[Remix, Flown](media.PLACES) as flight:
        for remix in remixes:
            flight.start(remix, _fetch(remix))
        while flight:
            for remix, answer in flight.answers(HEARTBEAT):
                watch.keep([*flight.tags, remix])
                _go_on(flight, remix, answer)
            watch.keep(flight.tags)


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
    thumbnail, spritesheet = await asyncio.gather(
        _download_extra(result.thumbnail_url), _download_extra(result.spritesheet_url)
    )
    try:
        parcel = Parcel(result, await video, thumbnail, spritesheet)
    except BaseException:
        for picture in (thumbnail, spritesheet):
            if picture:
                picture.close()
        raise
    try:
        # It takes seconds, in which the claims are to be kept and other downloads to go on.
        await asyncio.get_running_loop().run_in_executor(_onlookers(os.getpid()), _look_at, parcel)
    except BaseException:
        parcel.close()
        raise
    return parcel


@cache
def _onlookers(pid: int) -> ThreadPoolExecutor:
    """Return the threads of this process that decode; each takes the memory of some pictures."""
    return ThreadPoolExecutor(ONLOOKERS)


def _look_at(parcel: Parcel) -> None:
    """Read what the files are, and make the thumbnail that fal did not give, or gave broken."""
    parcel.facts = media.video_facts(parcel.video)
    parcel.thumbnail = _shown(parcel.thumbnail) or _made_thumbnail(parcel.video)
    if parcel.spritesheet:
        parcel.grid = media.sheet_grid(parcel.spritesheet, parcel.video)
    if not parcel.grid:
        parcel.spritesheet = _shown(parcel.spritesheet)


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


def _made_thumbnail(video: IO[bytes]) -> IO[bytes] | None:
    made = media.thumbnail(video)
    return io.BytesIO(made) if made else None


async def _download_extra(url: str) -> IO[bytes] | None:
    """Fetch a picture that is nice to have: a broken one never fails a remix."""
    if not url:
        return None
    try:
        return await media.download(url)
    except RemoteError as error:
        logger.warning("A picture of the result can't be had: %s", error)
        return None


def _go_on(flight: Flight[Remix, Flown], remix: Remix, answer: Flown | Exception) -> None:
    try:
        if isinstance(answer, fal.Result):
            remix.start_storing(answer.billable_units)
            flight.start(remix, _download(answer))
        elif isinstance(answer, Parcel):
            _hold_while_storing([*flight.tags, remix], answer)
            _store(remix, answer)
        else:
            _settle(remix, answer)
    except InvalidTransition:
        logger.warning("Remix %s: another worker has gone on with it meanwhile", remix.pk)


def _hold_while_storing(remixes: list[Remix], parcel: Parcel) -> None:
    """Keep the claims while a large file is copied, during which nothing else can happen."""
    seconds = parcel.video.seek(0, os.SEEK_END) / SLOWEST_STORAGE
    if seconds > HEARTBEAT:
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
        case FileRefused():
            remix.fail("result_refused", error.message)
        case NotAVideo():
            remix.fail("not_a_video", error.message)
        case FileGone():
            _ask_for_a_fresh_url(remix, error)
        case TryLater():
            logger.warning("Remix %s: not collected yet: %s", remix.pk, error)
            remix.postpone(back_off(remix.failures))
        case _:
            logger.error("Remix %s: collecting broke", remix.pk, exc_info=error)
            remix.postpone(back_off(remix.failures))


def _ask_for_a_fresh_url(remix: Remix, error: FileGone) -> None:
    since = remix.failing_since
    if since and timezone.now() - since >= GONE_FOR:
        remix.fail("result_expired", error.message)
    else:
        remix.postpone(timezone.now() + GONE_PAUSE)


def _store(remix: Remix, parcel: Parcel) -> None:
    try:
        files = _named_files(parcel)
        PendingFile.objects.bulk_create(
            PendingFile(remix=remix, name=name) for name, _file in files.values()
        )
        for name, file in files.values():
            media.store(name, file)
        names = {field: name for field, (name, _file) in files.items()}
        _commit(remix, parcel.result, parcel.facts, names, parcel.grid)
    except (InvalidTransition, DatabaseError):
        raise
    except Exception as error:  # noqa: BLE001  (a storage may raise anything)
        _settle(remix, error)
    finally:
        parcel.close()


def _named_files(parcel: Parcel) -> dict[str, tuple[str, IO[bytes]]]:
    """Give each file that is worth keeping the name it will have in the storage."""
    files = {"file": (new_name("videos", ".mp4"), parcel.video)}
    for field, file in (("thumbnail", parcel.thumbnail), ("spritesheet", parcel.spritesheet)):
        if file and (extension := media.image_extension(file)):
            files[field] = (new_name(f"{field}s", extension), file)
    return files


@transaction.atomic
def _commit(
    remix: Remix,
    result: fal.Result,
    facts: media.VideoFacts,
    names: dict[str, str],
    grid: media.Grid | None,
) -> None:
    video = Video.objects.create(
        title=Truncator(remix.prompt).chars(TITLE_LENGTH),
        sora_id=_free_sora_id(remix, result.sora_id),
        duration=facts.duration,
        width=facts.width,
        height=facts.height,
        size=facts.size,
        fps=facts.fps,
        is_deleted_at_provider=_is_forgotten(remix),
        created_by_id=remix.requested_by_id,
        root_id=remix.source.root_id or remix.source_id,
        **names,
        **({f"sheet_{what}": many for what, many in asdict(grid).items()} if grid else {}),
    )
    remix.succeed(video, list(names.values()))
    logger.info("Remix %s: stored as video %s", remix.pk, video.pk)


def _free_sora_id(remix: Remix, sora_id: str) -> str:
    """Return the id unless another video has it: a paid result is not lost over its name."""
    if sora_id and Video.objects.filter(sora_id=sora_id).exists():
        logger.warning("Remix %s: another video has the Sora id %s", remix.pk, sora_id)
        return ""
    return sora_id[:200]


def _is_forgotten(remix: Remix) -> bool:
    try:
        return get_endpoint(remix.endpoint).forgets(remix.options)
    except (UnknownEndpoint, InvalidEndpoint):
        return False
