"""Decode files in separate processes, which may crash. They run `sora_remix.decoding`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from functools import cache
from multiprocessing.util import Finalize
from typing import IO, Any

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
from .processes import descriptor_of, start

logger = get_logger(__name__)

MAX_DECODERS = 2
"""Decoders of one process."""
PATIENCE = 2.5
"""Factor from a job's processor time to its time limit, waiting for a decoder included."""
START_SECONDS = 20
MAX_JOBS = 100
"""Jobs of one decoder. Some versions of PyAV lose up to a megabyte with each."""
ATTEMPTS = 2
"""How often a file may crash a decoder. The kernel may kill one for other reasons."""
MAX_ANSWER_BYTES = 4 * 1024**2
"""Protects the parent's memory from a decoder that a malicious file controls."""
MAX_ERROR_LENGTH = 300


def decode(job: Job, file: IO[bytes], *, refusal: type[Undecodable] = NotAVideo) -> Any:
    """Run a job on a file in another process, and return its answer, which is not verified.

    Raise `refusal` if the file can't be decoded within the limits, and `TryLater` if the server
    can't do it now.
    """
    deadline = time.monotonic() + SECONDS * PATIENCE
    with descriptor_of(file) as descriptor:
        answer = _pool(os.getpid()).ask(job, descriptor, deadline)
    if "limit" in answer:
        raise refusal(limit_message(answer["limit"]), is_over_limit=True)
    if "value" not in answer:
        error = str(answer.get("error", ""))[:MAX_ERROR_LENGTH]
        raise refusal("".join(filter(str.isprintable, error)))
    return answer["value"]


def limit_message(limit: object, *, memory: int = MEMORY) -> str:
    """Return the message about a limit that a process has reported."""
    match limit:
        case "bytes":
            return _("The file is larger than %(most)d MB.") % {"most": MAX_IMAGE_BYTES // 10**6}
        case "frames":
            return _("The file claims to have more than %(most)d frames.") % {"most": MAX_FRAMES}
        case "pixels":
            return _("The file has more than %(most)d megapixels.") % {"most": MAX_PIXELS // 10**6}
        case "scans":
            return _("The file has more than %(most)d progressive scans.") % {"most": MAX_SCANS}
        case "memory":
            message = _(
                "The file has more than %(streams)d streams, or decoding it takes more than "
                "%(memory)d MB of memory."
            )
            return message % {"streams": MAX_STREAMS, "memory": memory // 2**20}
        case "seconds":
            return _("Decoding the file takes more than %(most)d seconds.") % {"most": SECONDS}
        case _:
            message = _(
                "The file crashed the decoder, maybe because decoding it takes more than "
                "%(memory)d MB of memory."
            )
            return message % {"memory": memory // 2**20}


class DecoderDied(Exception):
    """A decoder process ended without an answer."""


class Decoder:
    """A decoder process, and the parent's end of the socket to it."""

    def __init__(self) -> None:
        self.jobs = 0
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
        """Send a job and return the answer. Raise `DecoderDied` or `TimeoutError`."""
        self.jobs += 1
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
        """Kill the process, and return its exit code, negative for a signal."""
        self._process.kill()
        self._socket.close()
        return self._process.wait()


def _start(connection: socket.socket) -> subprocess.Popen[bytes]:
    return start("sora_remix.decoding", connection, stdout=subprocess.DEVNULL)


class DecoderPool:
    """The decoders of one process, which its threads share."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(MAX_DECODERS)
        self._idle: list[Decoder] = []
        # multiprocessing forks the workers, and runs no other functions when they end.
        Finalize(None, self.close, exitpriority=0)

    def ask(self, job: Job, descriptor: int, deadline: float) -> dict[str, Any]:
        """Run a job on any decoder. Raise `TryLater` if none is free in time."""
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
                logger.warning("A decoder crashed during %s with exit code %d", job, code)
                if code == -signal.SIGXCPU:
                    return {"limit": "seconds"}
                decoder = None
            except BaseException:
                decoder.close()
                raise
            else:
                is_used = decoder.jobs > 1
                self._put_back(decoder, answer)
                if answer.get("limit") != "memory" or not is_used:
                    return answer
                decoder = None  # what earlier jobs left in memory says nothing about this file
        return {"limit": "crash"}

    def _take_idle(self) -> Decoder | None:
        """Return an idle decoder, if any. Close those that have ended themselves."""
        while True:
            try:
                decoder = self._idle.pop()
            except IndexError:
                return None
            if decoder.is_alive:
                return decoder
            decoder.close()

    def _put_back(self, decoder: Decoder, answer: dict[str, Any]) -> None:
        """Keep a decoder, unless it hit a limit or did enough: it may use all its memory."""
        if "limit" in answer or decoder.jobs >= MAX_JOBS:
            decoder.close()
        else:
            self._idle.append(decoder)

    def close(self) -> None:
        """End the idle decoders."""
        while self._idle:
            self._idle.pop().close()


def _new_decoder() -> Decoder:
    try:
        return Decoder()
    except (OSError, DecoderDied) as error:
        logger.exception("Could not start a decoder")
        message = _("The decoder can't be started: %(error)s")
        raise TryLater(message % {"error": repr(error)}) from error


@cache
def _pool(pid: int) -> DecoderPool:
    """Return the pool of this process. A forked worker must not use its parent's."""
    return DecoderPool()
