"""Adds videos from uploads, open files and names of files that the site already has."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid5

from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.utils import validate_file_name
from django.db import IntegrityError
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

from . import media
from .database import ROWS_PER_QUERY, atomic
from .exceptions import AlreadyAdded, NotAVideo, StorageUnavailable, VideoRefused
from .logs import get_logger
from .models import Approval, Video, deleted_unless_saved, store_files
from .models.approval import decision
from .models.video import MAX_ALIAS_LENGTH
from .storage import (
    MAX_NAME_LENGTH,
    MissingStorage,
    StoredFile,
    alias_of,
    new_name,
    short_alias,
)

if TYPE_CHECKING:
    from django.core.files.storage import Storage
    from django.db.models import Model
    from django.utils.functional import _StrPromise

    from .models.users import User

T = TypeVar("T")
logger = get_logger(__name__)

NAMES = UUID("5d0f6f6e-2f0b-4a51-9a53-0f6a86c1f7d4")
"""The namespace of upload keys that are made from the names of files."""
MAX_TITLE_LENGTH = 200
OUTSIDE = _("“%(name)s” is outside of the storage. Nothing was added.")
APPROVE = "sora_remix.approve_video"


@dataclass(frozen=True)
class NewVideo:
    """A file that the site already has, and what to write on its video."""

    file: StoredFile
    title: str
    source_object: Model | None = None

    @property
    def key(self) -> str:
        """Return the upload key, by which the database keeps the file from being added twice."""
        return str(uuid5(NAMES, StoredFile(self.file.name, self.file.alias).key))

    def row(self, *, by: User | None, owned: bool, approved: bool) -> Video:
        """Return its row, not saved yet."""
        video = Video(
            title=usable_title(self.title, self.file.name),
            file=self.file.name,
            storage_alias=self.file.alias,
            stored_files=[self.file.name] if owned else [],
            upload_key=self.key,
            created_by_id=by.pk if by else None,
        )
        video.source_object = self.source_object
        _decide(video, by, approved)
        return video


def files_of(
    objects: Iterable[Model], file_field: str, title_field: str, refused: list[VideoRefused]
) -> Iterator[NewVideo]:
    """Describe the files of objects of the site; note those that no video can have.

    The title is that of a field or method, if one is given, or the text of the object.
    """
    for one in objects:
        if not (file := getattr(one, file_field)):
            continue
        try:
            stored = stored_file(file, None)
        except VideoRefused as refusal:
            refused.append(refusal)
            continue
        value = getattr(one, title_field) if title_field else str(one)
        title = value() if callable(value) else value
        yield NewVideo(stored, "" if title is None else str(title), one)


@dataclass
class ImportedVideos:
    """What became of the files of an import."""

    added: list[Video] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    """Primary keys of the videos that had these files before."""
    changed: list[int] = field(default_factory=list)
    """Those of them that were cleared, or have other files by now."""
    refused: list[VideoRefused] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    """Names that came a second time in the same group, whose file is added once."""


def add_file(
    file: IO[bytes],
    title: str,
    *,
    by: User | None,
    owned: bool,
    approved: bool | None,
    source_object: Model | None,
) -> Video:
    """Store a copy of an open file as a video. Raise `VideoRefused`."""
    name = str(getattr(file, "name", "") or title)
    facts, picture = _read(file, name)
    content = file if isinstance(file, File) else File(file)
    video = Video(title=usable_title(title, name), created_by_id=by.pk if by else None)
    video.source_object = source_object
    video.file = File(content.file, f"video{facts.extension}")
    _set_facts(video, facts, picture)
    _decide(video, by, approved)
    with deleted_unless_saved(video):
        store_files(video)
        if not owned:
            video.stored_files.remove(str(video.file.name))
        video.save()
    return video


@contextmanager
def closed_again(file: IO[bytes]) -> Iterator[None]:
    """Close the file of a field of the site afterwards, unless it was open before."""
    is_opened_here = isinstance(file, FieldFile) and file.closed
    try:
        yield
    finally:
        if is_opened_here:
            file.close()


def add_named(
    new: NewVideo, *, by: User | None, owned: bool, approved: bool | None, read_later: bool
) -> Video:
    """Add the video of one file that the site has. Raise `VideoRefused`."""
    check_name(new.file)
    if known := find_known([new]):
        raise already_added(new, known[new.key])
    check_presence(new.file)
    video = new.row(by=by, owned=owned, approved=is_approved(by, approved))
    if not read_later:
        _read_now(video, new.file, is_replaceable=not owned)
    try:
        with deleted_unless_saved(video):
            store_files(video)
            with atomic():
                video.save(force_insert=True)
    except IntegrityError:  # somebody else was first
        if known := find_known([new]):
            raise already_added(new, known[new.key]) from None
        raise
    return video


def import_files(
    files: Iterable[NewVideo], *, by: User | None, approved: bool | None = None
) -> Iterator[ImportedVideos]:
    """Add videos whose files the site keeps and workers read later, some hundred at a time.

    Yield what became of each group. What was added before is left alone.
    """
    is_decided = is_approved(by, approved)
    for group in _groups(files):
        yield _import_group(group, by, approved=is_decided)


def examine_files(files: Iterable[NewVideo]) -> Iterator[ImportedVideos]:
    """Do as `import_files()`, but write nothing: what would be added has no primary key."""
    for group in _groups(files):
        outcome, rows = _sort(group, partial(NewVideo.row, by=None, owned=False, approved=False))
        outcome.added = rows
        yield outcome


def _import_group(group: Sequence[NewVideo], by: User | None, *, approved: bool) -> ImportedVideos:
    outcome, rows = _sort(group, partial(NewVideo.row, by=by, owned=False, approved=approved))
    keys = [row.upload_key for row in rows]
    with atomic():
        Video.objects.bulk_create(rows, ignore_conflicts=True)
        outcome.added = list(Video.objects.filter(upload_key__in=keys).order_by("pk"))
        _set_objects(group, outcome.known)
    return outcome


def _set_objects(group: Sequence[NewVideo], known: Collection[int]) -> None:
    """Write the objects of files on videos that were added without one."""
    rows = Video.objects.filter(pk__in=known, source_key="").exclude(file="")
    without = {(row.stored_file().name, row.storage_alias): row for row in rows}
    for new in group:
        row = without.get((new.file.name, new.file.alias))
        if row and new.source_object is not None:
            row.source_object = new.source_object
            row.save(update_fields=["source_model", "source_key"])


def _sort(group: Sequence[NewVideo], make: Any) -> tuple[ImportedVideos, list[Video]]:
    """Tell files that are known or refused from those to add, of which the rows are returned."""
    outcome, rows = ImportedVideos(), dict[str, Video]()
    named = [new for new in group if not _is_refused(outcome, check_name, new.file)]
    present = _find_present(named)
    known = _find_former(named) | present
    for new in named:
        if new.key in known:
            outcome.known.append(known[new.key])
            outcome.changed += [known[new.key]] if new.key not in present else []
        elif new.key in rows:
            outcome.repeated.append(new.file.name)
        elif not _is_refused(outcome, check_presence, new.file):
            rows[new.key] = make(new)
    return outcome, list(rows.values())


def _is_refused(
    outcome: ImportedVideos, check: Callable[[StoredFile], None], file: StoredFile
) -> bool:
    try:
        check(file)
    except VideoRefused as refusal:
        outcome.refused.append(refusal)
        return True
    return False


def find_known(files: Collection[NewVideo]) -> dict[str, int]:
    """Return the primary keys of the videos that have these files, or had them, by upload key."""
    return _find_former(files) | _find_present(files)


def _find_former(files: Collection[NewVideo]) -> dict[str, int]:
    rows = Video.objects.filter(upload_key__in=[new.key for new in files])
    return dict(rows.values_list("upload_key", "pk"))


def _find_present(files: Collection[NewVideo]) -> dict[str, int]:
    """Return the primary keys of the videos that have these files now, by upload key."""
    keys = {(new.file.name, new.file.alias): new.key for new in files}
    rows = Video.objects.filter(file__in=[name for name, _alias in keys])
    found = rows.order_by("-pk").values_list("file", "storage_alias", "pk")
    return {keys[name, alias]: pk for name, alias, pk in found if (name, alias) in keys}


def already_added(new: NewVideo, pk: int) -> AlreadyAdded:
    """Return the refusal of a file that is that of another video."""
    message = _("“%(name)s” is already the file of video %(pk)s. Nothing was added.")
    return AlreadyAdded(message % {"name": new.file.name, "pk": pk}, pk)


def stored_file(file: FieldFile | str, storage: str | None) -> StoredFile:
    """Return where a file of the site is. Raise `VideoRefused` if no column can say so."""
    if isinstance(file, FieldFile) and storage is None:
        return StoredFile(str(file.name or ""), _alias(file.storage, file.field))
    name = str(file.name or "") if isinstance(file, FieldFile) else file
    alias = short_alias(storage or "")
    if len(alias) > MAX_ALIAS_LENGTH or "/" in alias:
        message = _("“%(alias)s” can't be the alias of a storage here. Nothing was added.")
        raise VideoRefused(message % {"alias": alias})
    return StoredFile(name, alias)


def _alias(storage: Storage, owner: Any) -> str:
    alias = alias_of(storage)
    if alias is None or len(alias) > MAX_ALIAS_LENGTH or "/" in alias:
        message = _(
            "The storage of %(field)s is not in STORAGES. Add it there, so that workers find it. "
            "Nothing was added."
        )
        raise VideoRefused(message % {"field": owner})
    return alias


def check_name(file: StoredFile) -> None:
    """Raise `VideoRefused` unless this can be the name of a file in a storage."""
    try:
        validate_file_name(file.name, allow_relative_path=True)
    except SuspiciousFileOperation as error:
        raise _refusal(OUTSIDE, file) from error
    if not _is_text(file.name) or posixpath.normpath(file.name) != file.name:
        message = _("“%(name)s” is not the name of a file in a storage. Nothing was added.")
        raise _refusal(message, file)
    if len(file.name) > MAX_NAME_LENGTH:
        message = _("“%(name)s” is too long for the name of a file. Nothing was added.")
        raise _refusal(message, file)


def _is_text(name: str) -> bool:
    """Tell whether every database can hold a name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in name


def check_presence(file: StoredFile) -> None:
    """Raise `VideoRefused` unless the storage has this file, or `StorageUnavailable`."""
    if isinstance(file.storage, MissingStorage):
        raise _refusal(_("STORAGES has no storage “%(alias)s”. Nothing was added."), file)
    try:
        if file.storage.exists(file.name) and not _is_folder(file):
            return
    except SuspiciousFileOperation as error:
        raise _refusal(OUTSIDE, file) from error
    except Exception as error:
        logger.exception("Could not look for %r in its storage", file.name)
        raise StorageUnavailable from error
    raise _refusal(_("“%(name)s” is not in the storage. Nothing was added."), file)


def _is_folder(file: StoredFile) -> bool:
    """Tell whether a name is that of a folder, which only storages on disks have."""
    try:
        return Path(file.storage.path(file.name)).is_dir()
    except NotImplementedError:
        return False


def _refusal(message: _StrPromise, file: StoredFile) -> VideoRefused:
    return VideoRefused(message % {"name": file.name, "alias": file.alias})


def is_approved(by: Any, approved: bool | None) -> bool:
    """Tell whether a new video is approved: by default, if its creator may approve videos."""
    return bool(by and by.has_perm(APPROVE)) if approved is None else approved


def usable_title(title: str, name: str) -> str:
    """Return a title that its column can hold; without one, the name of the file."""
    text = str(title).replace("\0", "").strip() or posixpath.basename(name)
    return text[:MAX_TITLE_LENGTH]


def _decide(video: Video, by: User | None, approved: bool | None) -> None:
    if is_approved(by, approved):
        for column, value in decision(Approval.APPROVED, by).items():
            setattr(video, "decided_by_id" if column == "decided_by" else column, value)


def _read_now(video: Video, file: StoredFile, *, is_replaceable: bool) -> None:
    with file.storage.open(file.name, "rb") as content:
        facts, picture = _read(content, file.name)
        if is_replaceable:
            video.fingerprint = media.fingerprint_of(content)
    _set_facts(video, facts, picture)


def _read(file: IO[bytes], name: str) -> tuple[media.VideoFacts, bytes | None]:
    """Read the facts of a file and make its thumbnail. Raise `VideoRefused`."""
    try:
        facts, picture = media.facts_and_thumbnail(file)
    except NotAVideo as error:
        message = _("“%(name)s” is not a readable video: %(reason)s Nothing was added.")
        raise VideoRefused(message % {"name": name, "reason": error}) from error
    if not facts.is_moving:
        message = _(
            "“%(name)s” has no moving picture, only sound or a single image. Nothing was added."
        )
        raise VideoRefused(message % {"name": name})
    return facts, picture


def _set_facts(video: Video, facts: media.VideoFacts, picture: bytes | None) -> None:
    for name, value in facts.known().items():
        setattr(video, name, value)
    if picture:
        video.thumbnail = ContentFile(picture, new_name("thumbnails", ".jpg"))


def _groups(rows: Iterable[T]) -> Iterator[list[T]]:
    group: list[T] = []
    for row in rows:
        group.append(row)
        if len(group) == ROWS_PER_QUERY:
            yield group
            group = []
    if group:
        yield group
