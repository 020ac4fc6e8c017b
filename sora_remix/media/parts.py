"""What has come of a file, kept on disk for the next download of it, in any process."""

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
"""Bytes of a download that are kept in memory before it goes to disk; less is not worth keeping."""
KEPT_SECONDS = 24 * 60 * 60
TIDY_SECONDS = 60 * 60
FREE_SHARE = 10
"""Parts are kept while this part of the disk is free: a tenth."""


@dataclass(frozen=True)
class Version:
    """What tells one version of a remote file from another."""

    etag: str = ""
    """Only a strong one, with its quotes."""
    total: int | None = None
    """Bytes; None while unknown."""

    def contradicts(self, other: Version) -> bool:
        """Tell whether both can't be the same file."""
        return any(
            mine and theirs and mine != theirs
            for mine, theirs in ((self.etag, other.etag), (self.total, other.total))
        )


class PartFile(io.BufferedRandom):
    """A part on disk: locked while it is open, removed when it is closed unless it is kept.

    The lock ends with its process, however that ends: the part is there for the next one.
    """

    def __init__(self, path: Path, raw: io.FileIO) -> None:
        super().__init__(raw)
        self.path = path
        self.is_kept = False
        self.version = _read_version(path)

    def start(self, version: Version) -> None:
        """Empty the file; from now on it is of this version."""
        self.seek(0)
        self.truncate()
        self.describe(version)

    def describe(self, version: Version) -> None:
        """Write down which version this is, beside the file."""
        self.version = version
        beside = _beside(self.path)
        with suppress(OSError):
            beside.unlink(missing_ok=True)
            beside.write_text(json.dumps(asdict(version)))

    def keep(self) -> None:
        """Stay when closed, if a later download gains by it and the disk has room."""
        with suppress(OSError):
            self.flush()
            size = os.fstat(self.fileno()).st_size
            room = disk_usage(self.path.parent)
            self.is_kept = (
                size > IN_MEMORY
                and self.version != Version()
                and room.free * FREE_SHARE > room.total
            )

    def close(self) -> None:
        """Close the file; unless it is kept, nobody can go on from it."""
        if not self.closed and not self.is_kept:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
                _beside(self.path).unlink(missing_ok=True)
        super().close()


class Part:
    """What has come of a file so far: in memory while it is small, then on disk."""

    def __init__(self, url: str) -> None:
        """Take over what an earlier download of the URL has left, unless another has it."""
        self._path = _path_of(url)
        self._version = Version()
        found = _open_locked(self._path, os.O_RDWR) if self._path else None
        self.file: IO[bytes] = found or SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (the caller closes it)
        if self.version == Version():
            # Nothing tells whether this is the same file.
            self.start(Version())

    @property
    def size(self) -> int:
        """Bytes that have come."""
        return self.file.seek(0, os.SEEK_END)

    @property
    def version(self) -> Version:
        """The version of the remote file that has come so far."""
        return self.file.version if isinstance(self.file, PartFile) else self._version

    def start(self, version: Version) -> None:
        """Forget what has come: what follows is of this version."""
        self._version = version
        if isinstance(self.file, PartFile):
            self.file.start(version)
        else:
            self.file.seek(0)
            self.file.truncate()

    def write(self, chunk: bytes) -> None:
        """Add to the end."""
        if self._path and self.size + len(chunk) > IN_MEMORY:
            self._move_to_disk()
        self.file.seek(0, os.SEEK_END)
        self.file.write(chunk)

    def keep(self) -> None:
        """Close the file, and leave it to the next download."""
        if isinstance(self.file, PartFile):
            self.file.keep()
        self.discard()

    def discard(self) -> None:
        """Close the file."""
        with suppress(OSError):
            self.file.close()

    def _move_to_disk(self) -> None:
        path, self._path = self._path, None
        if isinstance(self.file, PartFile) or not path:
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


def keep(url: str, file: IO[bytes]) -> None:
    """Keep a finished download that there was no time to store, for the next one of this URL.

    The caller closes the file. It never fails: what can't be kept is downloaded again.
    """
    with suppress(OSError):
        position = file.tell()
        size = file.seek(0, os.SEEK_END)
        if isinstance(file, PartFile):
            file.describe(replace(file.version, total=size))
            file.keep()
        elif size > IN_MEMORY:
            _keep_copy(url, file, Version(total=size))
        file.seek(position)


def _keep_copy(url: str, file: IO[bytes], version: Version) -> None:
    part = Part(url)
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
    """Return where the part of a URL lies; without its query, since signatures change."""
    folder = _folder()
    if not folder:
        return None
    _tidy(folder, int(time.monotonic() // TIDY_SECONDS))
    name = url.partition("#")[0].partition("?")[0]
    return folder / hashlib.sha256(name.encode(errors="replace")).hexdigest()


def _folder() -> Path | None:
    """Return the folder of all parts; None when it is not ours alone."""
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
    """Remove old parts, once in each hour."""
    oldest = time.time() - KEPT_SECONDS
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                if _last_change(path) < oldest:
                    path.unlink()


def _last_change(path: Path) -> float:
    """Return when a part was written to, also for what lies beside it."""
    part = path.with_suffix("")
    return (part if part.exists() else path).stat().st_mtime


def _open_locked(path: Path, flags: int) -> PartFile | None:
    """Open a part that nobody else has open."""
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None
    raw = io.FileIO(descriptor, "r+b")
    try:
        fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it open may just have removed it.
        is_there = os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        is_there = False
    if is_there:
        return PartFile(path, raw)
    raw.close()
    return None


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")


def _read_version(path: Path) -> Version:
    try:
        return Version(**json.loads(_beside(path).read_text()))
    except (OSError, ValueError, TypeError):
        return Version()
