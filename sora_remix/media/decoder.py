"""Have files decoded in processes that may fail; `decoding` is what runs in them."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import IO, Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.utils.translation import gettext_lazy as _

from ..decoding.limits import (
    MAX_FRAMES,
    MAX_IMAGE_BYTES,
    MAX_PIXELS,
    MAX_SCANS,
    MAX_STREAMS,
    MEMORY,
    SECONDS,
    Job,
)
from ..exceptions import NotAVideo, TryLater, Undecodable
from ..logs import get_logger

logger = get_logger(__name__)

MAX_DECODERS = 2
"""Decoders of one process at the same time."""
PATIENCE = 2.5
"""By how much the clock may exceed the processor time of a job, waiting for its turn included."""
START_SECONDS = 20
ATTEMPTS = 2
"""How often a file may end a decoder: one may be killed for no fault of the file."""
MAX_ANSWER_BYTES = 4 * 1024**2
"""A decoder that foreign bytes have taken over must not fill the memory of its parent."""
MAX_ERROR_LENGTH = 300
KEPT_ENVIRONMENT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME")
"""All that a decoder sees of the environment, which may hold keys."""
WITH_DESCRIPTOR = (io.BufferedRandom, io.BufferedReader, io.FileIO, tempfile.SpooledTemporaryFile)
"""Files whose descriptor has the bytes that they read. Others may unpack or decrypt them."""


def decode(job: Job, file: IO[bytes], *, refusal: type[Undecodable] = NotAVideo) -> Any:
    """Do a job on a file in another process and return what it says, which nobody has checked.

    Raise `refusal` for a file that can't be decoded within the limits, and `TryLater` when the
    server is at fault.
    """
    deadline = time.monotonic() + SECONDS * PATIENCE
    with _descriptor(file) as descriptor:
        answer = _pool(os.getpid()).ask(job, descriptor, deadline)
    if "limit" in answer:
        raise refusal(_limit_message(answer["limit"]), is_over_limit=True)
    if "value" not in answer:
        error = str(answer.get("error", ""))[:MAX_ERROR_LENGTH]
        raise refusal("".join(filter(str.isprintable, error)))
    return answer["value"]


def _limit_message(limit: object) -> str:
    match limit:
        case "bytes":
            return _("The file is larger than %(most)d MB.") % {"most": MAX_IMAGE_BYTES // 10**6}
        case "frames":
            return _("The file claims more than %(most)d frames.") % {"most": MAX_FRAMES}
        case "pixels":
            return _("The file has more than %(most)d megapixels.") % {"most": MAX_PIXELS // 10**6}
        case "scans":
            return _("The file has more than %(most)d progressive scans.") % {"most": MAX_SCANS}
        case "memory":
            message = _(
                "The file has more than %(streams)d streams, or decoding it takes more than "
                "%(memory)d MB of memory."
            )
            return message % {"streams": MAX_STREAMS, "memory": MEMORY // 2**20}
        case "seconds":
            return _("Decoding the file takes more than %(most)d seconds.") % {"most": SECONDS}
        case _:
            message = _(
                "The file crashed the decoder, maybe because decoding it takes more than "
                "%(memory)d MB of memory."
            )
            return message % {"memory": MEMORY // 2**20}


@contextmanager
def _descriptor(file: IO[bytes]) -> Iterator[int]:
    """Return a descriptor of what a file reads: of itself, or of a copy on disk."""
    with ExitStack() as stack:
        if not _has_descriptor(file):
            copy = stack.enter_context(tempfile.TemporaryFile())
            file.seek(0)
            shutil.copyfileobj(file, copy)
            file = copy
        # Another thread may close the file meanwhile, and its number be given away.
        descriptor = os.dup(file.fileno())
        stack.callback(os.close, descriptor)
        file.flush()
        yield descriptor


def _has_descriptor(file: IO[bytes]) -> bool:
    return isinstance(file, WITH_DESCRIPTOR) or type(file) is TemporaryUploadedFile


class DecoderDied(Exception):
    """A decoder ended without an answer."""


class Decoder:
    """A process that decodes, and this process's end of the socket between them."""

    def __init__(self) -> None:
        self._socket, other_end = socket.socketpair()
        try:
            with other_end:
                self._process = _start(other_end)
        except BaseException:
            self._socket.close()
            raise
        try:
            self._receive(time.monotonic() + START_SECONDS)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, job: Job, descriptor: int, deadline: float) -> dict[str, Any]:
        """Hand over a job and return the answer; raise `DecoderDied` or `TimeoutError`."""
        try:
            socket.send_fds(self._socket, [job.encode("ascii")], [descriptor])
        except ConnectionError as error:
            raise DecoderDied from error
        return self._receive(deadline)

    def _receive(self, deadline: float) -> dict[str, Any]:
        line = bytearray()
        while not line.endswith(b"\n"):
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                chunk = self._socket.recv(64 * 1024)
            except ConnectionError as error:
                raise DecoderDied from error
            line += chunk
            if not chunk or len(line) > MAX_ANSWER_BYTES:
                raise DecoderDied
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DecoderDied from error
        if not isinstance(answer, dict):
            raise DecoderDied
        return answer

    def close(self) -> int:
        """End the process at once and return its exit code, negative for a signal."""
        self._socket.close()
        self._process.kill()
        return self._process.wait()


def _start(connection: socket.socket) -> subprocess.Popen[bytes]:
    """Start a decoder that is not interrupted with its parent, but ends with it."""
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path)
    # One arena, as the limit of memory counts what arenas reserve.
    environment |= {"PYTHONPATH": paths, "MALLOC_ARENA_MAX": "1"}
    return subprocess.Popen(  # noqa: S603  (nothing of it comes from outside)
        [_interpreter(), "-P", "-m", "sora_remix.decoding"],
        stdin=connection.fileno(),
        stdout=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )


def _interpreter() -> str:
    """Return the path of Python; a server that embeds it may name itself in `sys.executable`."""
    if Path(sys.executable or "").name.startswith("python"):
        return sys.executable
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(Path(sys.exec_prefix, "bin", name))


class DecoderPool:
    """The decoders of one process, shared by its threads."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(MAX_DECODERS)
        self._idle: list[Decoder] = []
        # Workers are forked by multiprocessing, which runs no other functions at their end.
        Finalize(None, self.close, exitpriority=0)

    def ask(self, job: Job, descriptor: int, deadline: float) -> dict[str, Any]:
        """Have a job done by any decoder; raise `TryLater` when there is none in time."""
        if not self._places.acquire(timeout=max(0, deadline - time.monotonic())):
            raise TryLater(_("The server is busy decoding other files."))
        try:
            return self._ask_repeatedly(job, descriptor, deadline)
        except TimeoutError as error:
            raise TryLater(_("The server is too busy to decode the file.")) from error
        finally:
            self._places.release()

    def _ask_repeatedly(self, job: Job, descriptor: int, deadline: float) -> dict[str, Any]:
        decoder = self._take_idle()
        for _attempt in range(ATTEMPTS):
            decoder = decoder or _new_decoder()
            try:
                answer = decoder.ask(job, descriptor, deadline)
            except DecoderDied:
                code = decoder.close()
                logger.warning("A decoder ended during %s with exit code %d", job, code)
                if code == -signal.SIGXCPU:
                    return {"limit": "seconds"}
                decoder = None
            except BaseException:
                decoder.close()
                raise
            else:
                self._put_back(decoder, answer)
                return answer
        return {"limit": "crash"}

    def _take_idle(self) -> Decoder | None:
        """Return a decoder that waits; close those that ended of themselves after a while."""
        while True:
            try:
                decoder = self._idle.pop()
            except IndexError:
                return None
            if decoder.is_alive:
                return decoder
            decoder.close()

    def _put_back(self, decoder: Decoder, answer: dict[str, Any]) -> None:
        """Keep a decoder unless it may hold all the memory that it is allowed to have."""
        if "limit" in answer:
            decoder.close()
        else:
            self._idle.append(decoder)

    def close(self) -> None:
        """End the decoders that do nothing."""
        while self._idle:
            self._idle.pop().close()


def _new_decoder() -> Decoder:
    try:
        return Decoder()
    except (OSError, DecoderDied) as error:
        logger.exception("A decoder can't be started")
        message = _("The decoder can't be started: %(error)s")
        raise TryLater(message % {"error": repr(error)}) from error


@cache
def _pool(pid: int) -> DecoderPool:
    """Return the pool of this process; a forked worker must not use its parent's."""
    return DecoderPool()
