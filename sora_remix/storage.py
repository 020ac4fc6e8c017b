"""The storage of the app's files, and their names."""

from __future__ import annotations

import mimetypes
import posixpath
import re
from contextlib import suppress
from io import UnsupportedOperation
from pathlib import PurePosixPath
from typing import IO, Any, NamedTuple
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import InvalidStorageError, Storage, storages
from django.utils.deconstruct import deconstructible
from django.utils.functional import LazyObject, empty
from django.utils.translation import gettext_lazy as _

from .conf import conf
from .exceptions import InvalidFileName
from .logs import get_logger

logger = get_logger(__name__)

MAX_NAME_LENGTH = 200
"""Characters that the columns for file names can hold."""
MAX_KEY_LENGTH = 340
"""Characters of a file's key: its name, an alias, a fingerprint and three slashes."""
NEW_NAME = re.compile(r"sora_remix/[a-z]+/([0-9a-f]{32})(\.[^/]*)?")
"""The names that `new_name` returns. The first group can't be guessed."""
CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".ts": "video/mp2t",
    ".avi": "video/x-msvideo",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".vtt": "text/vtt",
}
"""Content types by extension. Python's own table depends on the machine."""
OWN_ATTRIBUTES = ("deconstruct", "_constructor_args", "save")


@deconstructible
class AppStorage(Storage):
    """Delegate to the storage that `SORA_REMIX_STORAGE` names, looked up at each use.

    A model field asks for its storage at import. That is too early for a system check to report a
    missing alias, and too early for `override_settings`.
    """

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__") or name in OWN_ATTRIBUTES:
            return object.__getattribute__(self, name)
        return getattr(storages[conf.SORA_REMIX_STORAGE], name)

    def save(
        self, name: str | None, content: IO[Any], max_length: int | None = MAX_NAME_LENGTH
    ) -> str:
        """Save a file from its start, and return the name that the storage gave it.

        The content type follows from the file's extension, not from what the browser claimed.
        Raise `InvalidFileName` if no column can hold the name. The file is then removed if it can
        be found.
        """
        # Storages need not rewind (https://docs.djangoproject.com/en/stable/ref/files/storage/).
        with suppress(AttributeError, UnsupportedOperation):
            content.seek(0)
        if isinstance(content, File) and (known := CONTENT_TYPES.get(_suffix(name or ""))):
            # django-storages uses it.
            content.content_type = known  # type: ignore[attr-defined]
        storage = storages[conf.SORA_REMIX_STORAGE]
        try:
            stored: object = storage.save(name, content, max_length=max_length)
        except (SuspiciousFileOperation, TypeError) as error:
            # Django checks the name after it has written the file.
            _remove_refused(name, None)
            message = _("The storage can't store a file: %(error)s")
            raise InvalidFileName(message % {"error": error}) from error
        if is_valid_name(stored, max_length or MAX_NAME_LENGTH):
            return str(stored)
        _remove_refused(name, stored)
        message = _(
            "The storage returned the file name %(name)s. A file name must have 1 to %(most)d "
            "characters."
        )
        most = max_length or MAX_NAME_LENGTH
        raise InvalidFileName(message % {"name": repr(stored)[:300], "most": most})


def app_storage() -> Storage:
    """Return the storage of the app, for `FileField(storage=…)`."""
    return AppStorage()


class MissingStorage(Storage):
    """Stand in for a storage that `STORAGES` no longer has: no file is there."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        raise self._error(name)

    def exists(self, name: str) -> bool:
        return False

    def size(self, name: str) -> int:
        raise self._error(name)

    def url(self, name: str | None) -> str:
        """Return nothing, so that pages show the rest of a video."""
        return ""

    def _error(self, name: str) -> FileNotFoundError:
        return FileNotFoundError(f"STORAGES has no “{self.alias}”, where “{name}” is.")


class StoredFile(NamedTuple):
    """A file in the storage of the app, or in another of the site's."""

    name: str
    alias: str = ""
    """Of its storage in `STORAGES`; empty for that of the app."""
    fingerprint: str = ""
    """What it contained when it was read, if the site may replace it under the same name."""

    @classmethod
    def from_key(cls, key: str) -> StoredFile:
        """Return the file with this `key`."""
        if not key.startswith("/"):
            return cls(key)
        _empty, alias, fingerprint, name = key.split("/", 3)
        return cls(name, alias, fingerprint)

    @property
    def key(self) -> str:
        """Return a text that no other file has: no name in a storage starts with a slash."""
        is_plain = not (self.alias or self.fingerprint)
        return self.name if is_plain else f"/{self.alias}/{self.fingerprint}/{self.name}"

    @property
    def storage(self) -> Storage:
        """Return its storage."""
        if not self.alias:
            return app_storage()
        try:
            return storages[self.alias]
        except InvalidStorageError:
            return MissingStorage(self.alias)


def alias_of(storage: Storage) -> str | None:
    """Return the alias of a storage, empty for that of the app; None if `STORAGES` lacks it."""
    if type(storage) is AppStorage:
        return ""
    if isinstance(storage, LazyObject):
        if storage._wrapped is empty:
            storage._setup()
        storage = storage._wrapped
    same = [alias for alias in settings.STORAGES if _is_same(storages[alias], storage)]
    return None if not same else short_alias(min(same, key=lambda one: bool(short_alias(one))))


def short_alias(alias: str) -> str:
    """Return an alias as columns keep it: empty for the storage of the app."""
    return "" if alias == conf.SORA_REMIX_STORAGE else alias


def _is_same(one: Any, other: Any) -> bool:
    """Tell whether two storages are one, or were made with the same arguments."""
    made = getattr(one, "_constructor_args", None)
    is_alike = type(one) is type(other) and made is not None
    return one is other or (is_alike and made == getattr(other, "_constructor_args", None))


def new_name(kind: str, extension: str) -> str:
    """Return a unique name that nobody can guess.

    The S3 storage overwrites files of the same name
    (https://django-storages.readthedocs.io/en/latest/backends/amazon-S3.html, `file_overwrite`).
    """
    return f"sora_remix/{kind}/{uuid4().hex}{extension}"


def name_of_upload(kind: str, filename: str) -> str:
    """Return a new name that keeps only the extension of the uploaded file."""
    return new_name(kind, _suffix(filename)[:10])


def content_type_of(name: str) -> str:
    """Return the content type of a file by its extension."""
    guessed = CONTENT_TYPES.get(_suffix(name)) or mimetypes.guess_type(name)[0]
    return guessed or "application/octet-stream"


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def is_valid_name(name: object, max_length: int = MAX_NAME_LENGTH) -> bool:
    """Tell whether a column can hold the file name that a storage returned."""
    return isinstance(name, str) and 0 < len(name) <= max_length and "\0" not in name


class Folders:
    """The storage's files by folder. Each folder is listed only once."""

    def __init__(self) -> None:
        self._listed: dict[str, list[str]] = {}

    def renamed(self, name: str) -> list[str]:
        """Return the files that the storage may have saved under a variant of a new name.

        It finds only files whose names contain the unguessable part, in the folder that the
        storage uses now. For a storage that can't list its files, it returns none.
        """
        new = NEW_NAME.fullmatch(name)
        if not new or app_storage().exists(name):
            return []
        folders = dict.fromkeys(posixpath.dirname(one) for one in (name, _available(name)))
        files = (file for folder in folders for file in self._files_in(folder))
        return [file for file in files if new[1] in posixpath.basename(file)]

    def _files_in(self, folder: str) -> list[str]:
        if folder not in self._listed:
            files: list[str] = []
            with suppress(NotImplementedError, FileNotFoundError):
                _folders, files = app_storage().listdir(folder)
            self._listed[folder] = [posixpath.join(folder, file) for file in files]
        return self._listed[folder]


def _available(name: str) -> str:
    """Return the name that the storage would give a file, if it can tell in advance."""
    with suppress(NotImplementedError, SuspiciousFileOperation):
        return app_storage().get_available_name(name, MAX_NAME_LENGTH)
    return name


def _remove_refused(name: str | None, stored: object) -> None:
    """Remove a file whose name no row can hold. Only log a failure."""
    try:
        if isinstance(stored, str) and stored:
            app_storage().delete(stored)
        elif name and NEW_NAME.fullmatch(name):
            for one in [name, *Folders().renamed(name)]:
                app_storage().delete(one)
    except Exception:
        logger.exception("Could not remove the file that the storage named %r", stored or name)
