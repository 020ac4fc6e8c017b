"""Start processes that handle foreign media, and pass files to them."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from django.core.files.uploadedfile import TemporaryUploadedFile

KEPT_ENVIRONMENT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME")
"""The environment variables that such a process gets. Others may contain keys."""
WITH_DESCRIPTOR = (io.BufferedRandom, io.BufferedReader, io.FileIO, tempfile.SpooledTemporaryFile)
"""Files whose descriptor yields the bytes they read. Others may decompress or decrypt them."""
SMALL = 1024**2
"""Bytes of a file that may be in memory twice."""
HAS_MEMORY_FILES = hasattr(os, "memfd_create")
"""On Linux, files in memory have descriptors. Making one on disk takes longer."""


def start(
    module: str,
    connection: socket.socket,
    arguments: Sequence[str] = (),
    *,
    stdout: int | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a module that ignores its parent's interrupts but ends with the parent.

    The connection becomes its standard input, and its standard output unless that is given.
    """
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path)
    # One arena, because the memory limit counts what arenas reserve.
    environment |= {"PYTHONPATH": paths, "MALLOC_ARENA_MAX": "1"}
    return subprocess.Popen(  # noqa: S603  (no foreign input)
        [interpreter(), "-P", "-m", module, *arguments],
        stdin=connection.fileno(),
        stdout=connection.fileno() if stdout is None else stdout,
        env=environment,
        start_new_session=True,
        pass_fds=pass_fds,
    )


def interpreter() -> str:
    """Return the path of Python. A server that embeds it may set `sys.executable` to itself."""
    if Path(sys.executable or "").name.startswith("python"):
        return sys.executable
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(Path(sys.exec_prefix, "bin", name))


@contextmanager
def descriptor_of(file: IO[bytes]) -> Iterator[int]:
    """Return a descriptor of the file, or of a copy, which is on disk unless it is small."""
    with ExitStack() as stack:
        if not _has_descriptor(file):
            copy = stack.enter_context(_empty_copy(file))
            file.seek(0)
            shutil.copyfileobj(file, copy)
            file = copy
        # Another thread may close the file, and its number may be reused.
        descriptor = os.dup(file.fileno())
        stack.callback(os.close, descriptor)
        file.flush()
        yield descriptor


def _has_descriptor(file: IO[bytes]) -> bool:
    if type(file) is TemporaryUploadedFile:
        return True
    return isinstance(file, WITH_DESCRIPTOR) and not _is_in_memory(file)


def _is_in_memory(file: IO[bytes]) -> bool:
    """Return whether a file is small, and would be written to disk if asked for its descriptor."""
    is_spooled = isinstance(file, tempfile.SpooledTemporaryFile)
    return is_spooled and HAS_MEMORY_FILES and file.seek(0, os.SEEK_END) <= SMALL


def _empty_copy(file: IO[bytes]) -> IO[bytes]:
    if _is_in_memory(file):
        return os.fdopen(os.memfd_create("sora_remix"), "w+b")
    return tempfile.TemporaryFile()
