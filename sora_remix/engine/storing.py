"""Store the files of fetched results, and commit several results together."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from django.db import DatabaseError, IntegrityError

from .. import fal, media
from ..database import atomic, insert
from ..endpoints import get_endpoint
from ..exceptions import InvalidEndpoint, InvalidTransition, UnknownEndpoint
from ..logs import get_logger
from ..models import PendingFile, Remix, RemixEvent, Video, gathered_events
from ..storage import new_name
from .isolation import DATABASE_IS_AWAY, describe, isolated, log_group_error
from .leftovers import remove_unused
from .pace import back_off
from .titles import title_of_result

logger = get_logger(__name__)

SLOWEST_STORAGE = 1024**2
"""Bytes per second: the assumed minimum speed of a storage."""
NOT_STORABLE = "result_not_storable"
"""Error code of a remix whose result causes an error while it is stored."""


@dataclass
class FetchedResult:
    """A result with its files, downloaded to temporary files."""

    result: fal.Result
    video: IO[bytes]
    thumbnail: IO[bytes] | None
    spritesheet: IO[bytes] | None
    facts: media.VideoFacts = field(init=False)
    """Set once the files are decoded."""

    def close(self) -> None:
        for file in (self.video, self.thumbnail, self.spritesheet):
            if file:
                file.close()

    def keep(self) -> None:
        """Keep the video for the next attempt to store it."""
        if not self.video.closed:
            media.keep_download(self.result.video_url, self.video)

    @property
    def storing_seconds(self) -> float:
        """How long a slow storage takes."""
        return self.video.seek(0, os.SEEK_END) / SLOWEST_STORAGE


@dataclass
class StorableResult:
    """A fetched result, and where its files are stored."""

    remix: Remix
    fetched: FetchedResult
    files: dict[str, tuple[str, IO[bytes]]] = field(default_factory=dict)
    """Chosen names, and files, by the field of the video."""
    names: dict[str, str] = field(default_factory=dict)
    """The names that the storage gave, by the field of the video."""


class StoringGroup:
    """Results that are stored one after the other and committed in one transaction.

    An error in one doesn't stop the others. `before` is called before each is stored, `settle`
    with an error that says what becomes of a remix.
    """

    def __init__(
        self,
        results: Sequence[tuple[Remix, FetchedResult]],
        before: Callable[[FetchedResult], None],
        settle: Callable[[Remix, Exception], None],
    ) -> None:
        self._left = [StorableResult(*result) for result in results]
        self._before, self._settle = before, settle

    def store(self) -> None:
        """Store the files, commit the results, and close the files."""
        fetched = [one.fetched for one in self._left]
        try:
            self._each(_choose_names)
            self._together(_announce)
            self._each(self._store_files)
            self._together(_commit)
        except BaseException:
            # The task was stopped: the next one can use all its time for storing.
            for one in fetched:
                one.keep()
            raise
        finally:
            for one in fetched:
                one.close()

    def _together(self, step: Callable[[Sequence[StorableResult]], None]) -> None:
        """Take a step that is one transaction for all, or else one for each."""
        if len(self._left) < 2 or not self._succeeds_together(step):
            self._each(lambda one: step([one]))

    def _succeeds_together(self, step: Callable[[Sequence[StorableResult]], None]) -> bool:
        try:
            step(self._left)
        except Exception as error:  # noqa: BLE001  (each is tried again by itself)
            log_group_error(error)
            return False
        return True

    def _each(self, step: Callable[[StorableResult], None]) -> None:
        """Take a step for each; go on with those for which it succeeds."""
        self._left = [one for one in self._left if self._succeeds(step, one)]

    def _succeeds(self, step: Callable[[StorableResult], None], one: StorableResult) -> bool:
        with isolated(one.remix, partial(fail_unstorable, one.remix)):
            try:
                step(one)
            except InvalidTransition:
                # The sweep may have run before the file was stored: it will not come back.
                remove_unused(one.names.values())
                raise
            except DatabaseError:
                raise
            except Exception as error:  # noqa: BLE001  (a storage may raise anything)
                self._settle(one.remix, error)
            else:
                return True
        return False

    def _store_files(self, one: StorableResult) -> None:
        self._before(one.fetched)
        for name_of_field, (name, file) in one.files.items():
            one.names[name_of_field] = media.store(name, file)
            PendingFile.objects.rename(one.remix, name, one.names[name_of_field])


def fail_unstorable(remix: Remix, error: Exception) -> None:
    """Fail a remix that can't be settled: another attempt would only break again."""
    if isinstance(error, IntegrityError):  # of two at once, the later one now finds the first
        remix.postpone(back_off(remix.failures), describe(error))
    elif not isinstance(error, DATABASE_IS_AWAY):
        remix.fail(NOT_STORABLE, describe(error))


def _choose_names(one: StorableResult) -> None:
    """Choose a name in the storage for each file worth keeping."""
    fetched = one.fetched
    one.files["file"] = (new_name("videos", fetched.facts.extension), fetched.video)
    pictures = (("thumbnail", fetched.thumbnail), ("spritesheet", fetched.spritesheet))
    for name_of_field, file in pictures:
        if file and (extension := media.image_extension(file)):
            one.files[name_of_field] = (new_name(f"{name_of_field}s", extension), file)


def _announce(results: Sequence[StorableResult]) -> None:
    """Commit the names before the files are stored, so that no orphan stays behind."""
    rows = [
        PendingFile(remix=one.remix, name=name)
        for one in results
        for name, _file in one.files.values()
    ]
    insert(PendingFile.objects.all(), rows)


@atomic()
def _commit(results: Sequence[StorableResult]) -> None:
    with gathered_events() as events:
        PendingFile.objects.take_results({one.remix.pk: [*one.names.values()] for one in results})
        taken = _taken_sora_ids(results)
        for one in results:
            # A copy, because a rollback would leave the changes in the instance.
            _succeed(copy(one.remix), one, taken)
        insert(RemixEvent.objects.all(), events)


def _succeed(remix: Remix, one: StorableResult, taken: set[str]) -> None:
    result, names = one.fetched.result, one.names
    video = Video.objects.create(
        title=title_of_result(remix),
        sora_id=_free_sora_id(remix, result.sora_id, taken),
        **one.fetched.facts.known(),
        is_deleted_at_provider=_is_deleted_at_fal(remix),
        created_by_id=remix.requested_by_id,
        root_id=remix.source.root_id or remix.source_id,
        **names,
        stored_files=list(names.values()),
    )
    remix.succeed(video)
    logger.info("Remix %s: stored as video %s", remix.pk, video.pk)


def _taken_sora_ids(results: Sequence[StorableResult]) -> set[str]:
    ids = {one.fetched.result.sora_id for one in results} - {""}
    known = Video.objects.filter(sora_id__in=ids).values_list("sora_id", flat=True)
    return {*known} if ids else set()


def _free_sora_id(remix: Remix, sora_id: str, taken: set[str]) -> str:
    """Return the Sora id unless another video has it: a paid result must not be lost over it."""
    if sora_id in taken:
        logger.warning("Remix %s: another video already has the Sora id %s", remix.pk, sora_id)
        return ""
    taken.add(sora_id)
    return sora_id[:200]


def _is_deleted_at_fal(remix: Remix) -> bool:
    try:
        return get_endpoint(remix.endpoint).forgets(remix.options)
    except (UnknownEndpoint, InvalidEndpoint):
        return False
