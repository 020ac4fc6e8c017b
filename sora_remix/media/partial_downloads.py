"""Partial downloads, kept on disk so that any process can continue them."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import stat
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from shutil import copyfileobj, disk_usage
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO

IN_MEMORY = 1024**2
"""Bytes that stay in memory before a download moves to disk. Less is not worth keeping."""
KEPT_SECONDS = 24 * 60 * 60
TIDY_SECONDS = 60 * 60
FREE_SHARE = 10
"""Partial downloads are kept while at least one tenth of the disk is free."""


@dataclass(frozen=True)
class FileVersion:
    """The version of a remote file."""

    etag: str = ""
    """A strong ETag with its quotes, or an empty string."""
    total: int | None = None
    """Size in bytes. None if unknown."""

    def contradicts(self, other: FileVersion) -> bool:
        """Tell whether the two can't be the same file."""
        return any(
            mine and theirs and mine != theirs
            for mine, theirs in ((self.etag, other.etag), (self.total, other.total))
        )


class PartialFile(io.BufferedRandom):
    """A partial download on disk, locked while open and removed when closed unless it is kept.

    The lock ends with its process, so another process can then continue the download.
    """

    def __init__(self, path: Path, raw: io.FileIO) -> None:
        super().__init__(raw)
        self.path = path
        self.is_kept = False
        self.version = _read_version(path)

    def start(self, version: FileVersion) -> None:
        """Empty the file, and set its version."""
        self.seek(0)
        self.truncate()
        self.describe(version)

    def describe(self, version: FileVersion) -> None:
        """Write the version to a second file."""
        self.version = version
        version_path = _version_path(self.path)
        with suppress(OSError):
            version_path.unlink(missing_ok=True)
            version_path.write_text(json.dumps(asdict(version)))

    def keep(self) -> None:
        """Keep the file after closing it, if that is useful and the disk has room."""
        with suppress(OSError):
            self.flush()
            size = os.fstat(self.fileno()).st_size
            room = disk_usage(self.path.parent)
            self.is_kept = (
                size > IN_MEMORY
                and self.version != FileVersion()
                and room.free * FREE_SHARE > room.total
            )

    def close(self) -> None:
        """Close the file, and delete it unless it is kept."""
        if not self.closed and not self.is_kept:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
                _version_path(self.path).unlink(missing_ok=True)
        super().close()


class PartialDownload:
    """The received part of a file, in memory while small, then on disk."""

    def __init__(self, url: str) -> None:
        """Continue an earlier download of the URL, unless another process has it open."""
        self._path = _path_of(url)
        self._version = FileVersion()
        found = _open_locked(self._path, os.O_RDWR) if self._path else None
        self.file: IO[bytes] = found or SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (the caller closes it)
        if self.version == FileVersion():
            # Without a version, it may be another file.
            self.start(FileVersion())

    @property
    def size(self) -> int:
        """Number of bytes received."""
        return self.file.seek(0, os.SEEK_END)

    @property
    def version(self) -> FileVersion:
        """The version of the remote file."""
        return self.file.version if isinstance(self.file, PartialFile) else self._version

    def start(self, version: FileVersion) -> None:
        """Discard the received bytes, and set the version of what follows."""
        self._version = version
        if isinstance(self.file, PartialFile):
            self.file.start(version)
        else:
            self.file.seek(0)
            self.file.truncate()

    def write(self, chunk: bytes) -> None:
        """Append a chunk."""
        if self._path and self.size + len(chunk) > IN_MEMORY:
            self._move_to_disk()
        self.file.seek(0, os.SEEK_END)
        self.file.write(chunk)

    def keep(self) -> None:
        """Close the file, and keep it for the next download."""
        if isinstance(self.file, PartialFile):
            self.file.keep()
        self.discard()

    def discard(self) -> None:
        """Close the file."""
        with suppress(OSError):
            self.file.close()

    def _move_to_disk(self) -> None:
        path, self._path = self._path, None
        if isinstance(self.file, PartialFile) or not path:
            return
        if not (disk := _open_locked(path, os.O_RDWR | os.O_CREAT)):
            return
        try:
            disk.start(self._version)
            self.file.seek(0)
            copyfileobj(self.file, disk)
        except OSError:
            with suppress(OSError):
                disk.close()
        else:
            self.file.close()
            self.file = disk


def keep_download(url: str, file: IO[bytes]) -> None:
    """Keep a finished download that was not stored, for the next download of this URL.

    The caller closes the file. This never fails: if it can't be kept, it is downloaded again.
    """
    with suppress(OSError):
        position = file.tell()
        size = file.seek(0, os.SEEK_END)
        if isinstance(file, PartialFile):
            file.describe(replace(file.version, total=size))
            file.keep()
        elif size > IN_MEMORY:
            _keep_copy(url, file, FileVersion(total=size))
        file.seek(position)


def _keep_copy(url: str, file: IO[bytes], version: FileVersion) -> None:
    part = PartialDownload(url)
    try:
        part.start(version)
        file.seek(0)
        while chunk := file.read(IN_MEMORY):
            part.write(chunk)
    except BaseException:
        part.discard()
        raise
    part.keep()


def _path_of(url: str) -> Path | None:
    """Return the path for a URL, ignoring its query string, because signatures change."""
    folder = _folder()
    if not folder:
        return None
    _tidy(folder, int(time.monotonic() // TIDY_SECONDS))
    name = url.partition("#")[0].partition("?")[0]
    return folder / hashlib.sha256(name.encode(errors="replace")).hexdigest()


def _folder() -> Path | None:
    """Return the folder of partial downloads, or None if other users can access it."""
    try:
        folder = Path(gettempdir()) / f"sora_remix_parts_{os.geteuid()}"
        with suppress(FileExistsError):
            folder.mkdir(0o700)
        facts = folder.lstat()
    except OSError:
        return None
    is_private = stat.S_ISDIR(facts.st_mode) and not facts.st_mode & 0o077
    return folder if is_private and facts.st_uid == os.geteuid() else None


@lru_cache(maxsize=1)
def _tidy(folder: Path, hour: int) -> None:
    """Remove old partial downloads, once an hour."""
    oldest = time.time() - KEPT_SECONDS
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                if _last_change(path) < oldest:
                    path.unlink()


def _last_change(path: Path) -> float:
    """Return when the partial download was last written, also for its version file."""
    part = path.with_suffix("")
    return (part if part.exists() else path).stat().st_mtime


def _open_locked(path: Path, flags: int) -> PartialFile | None:
    """Open and lock a partial download, unless another process has locked it."""
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None
    raw = io.FileIO(descriptor, "r+b")
    try:
        fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The process that had it open may just have removed it.
        is_there = os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        is_there = False
    if is_there:
        return PartialFile(path, raw)
    raw.close()
    return None


def _version_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _read_version(path: Path) -> FileVersion:
    try:
        return FileVersion(**json.loads(_version_path(path).read_text()))
    except (OSError, ValueError, TypeError):
        return FileVersion()
