"""Make a clip from a video in another process, which may crash. It runs `sora_remix.fitting`."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import IO, Any, Self

from django.utils.translation import gettext_lazy as _

from ..exceptions import ClipTooLarge, NotAVideo, SourceUnreadable, TryLater
from ..fitting.limits import MEMORY
from ..logs import get_logger
from ..recipe import Recipe
from .decoder import MAX_ERROR_LENGTH, limit_message
from .facts import LONGEST, VideoFacts, checked_facts
from .processes import descriptor_of, start

logger = get_logger(__name__)

SILENT_SECONDS = 120
"""How long a process may work on one picture, or wait for a processor or the disk."""
LONGEST_SECONDS = 12 * 3600
"""How long it may work on a clip."""
LEAST_PAUSE = 0.2
"""Seconds between two calls of `on_progress`."""
MAX_LINE_BYTES = 64 * 1024
"""Protects the parent's memory from a process that a malicious file controls."""
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM)
"""How an administrator, or a system that is short of memory, ends a process."""


def fit(
    source: IO[bytes],
    recipe: Recipe,
    target: IO[bytes],
    *,
    on_progress: Callable[[Decimal], None] = lambda seconds: None,
) -> VideoFacts:
    """Make a clip from a video, and return its properties.

    `target` needs a descriptor to read and write, such as that of a temporary file, and is empty
    unless the clip is complete. `on_progress` gets the length made so far, a few times a second.
    What it raises ends the work.

    Raise `SourceUnreadable`, `NotAVideo`, `ClipTooLarge`, or `TryLater` if the server can't do it
    now. Only one clip at a time is made in a process.
    """
    with _turn(os.getpid()):
        try:
            with descriptor_of(source) as descriptor:
                answer = _answer(descriptor, recipe, target.fileno(), on_progress)
            return _checked_answer(answer, recipe, target)
        except OSError as error:
            _clear(target)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _disk_full() from error
            raise
        except BaseException:
            _clear(target)
            raise
        finally:
            source.seek(0)


def _clear(target: IO[bytes]) -> None:
    os.ftruncate(target.fileno(), 0)


def _answer(
    source: int, recipe: Recipe, target: int, on_progress: Callable[[Decimal], None]
) -> dict[str, Any]:
    """Return the last line of a process."""
    called = 0.0
    with FittingProcess(source, recipe, target) as process:
        for line in process.lines():
            if "seconds" not in line:
                return line
            now = time.monotonic()
            if now - called >= LEAST_PAUSE:
                called = now
                on_progress(_seconds(line["seconds"]))
    raise process.failure()


class FittingProcess:
    """A process that makes a clip, and the parent's end of the socket to it."""

    def __init__(self, source: int, recipe: Recipe, target: int) -> None:
        self._socket, other_end = socket.socketpair()
        arguments = [str(source), str(target), recipe.to_text()]
        try:
            with other_end:
                self._process: subprocess.Popen[bytes] = start(
                    "sora_remix.fitting", other_end, arguments, pass_fds=(source, target)
                )
        except OSError as error:
            self._socket.close()
            logger.exception("Could not start a process to make a clip")
            message = _("Making clips can't be started: %(error)s")
            raise TryLater(message % {"error": repr(error)}) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Kill the process."""
        # Before its socket is closed: it would write an error about that into the worker's log.
        self._process.kill()
        self._socket.close()
        self._process.wait()

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield what the process says. Raise `TryLater` if it says nothing for long."""
        end = time.monotonic() + LONGEST_SECONDS
        self._socket.settimeout(SILENT_SECONDS)
        try:
            with self._socket.makefile("rb") as file:
                while time.monotonic() < end and (line := file.readline(MAX_LINE_BYTES)):
                    yield _parsed(line)
        except ConnectionError:
            return
        except TimeoutError as error:
            raise TryLater(_("The server is too busy to make the clip.")) from error

    def failure(self) -> Exception:
        """Return what to raise when it has ended without an answer."""
        code = self._process.returncode
        logger.warning("Making a clip ended with exit code %s", code)
        if code == -signal.SIGXCPU:
            return NotAVideo(limit_message("seconds"), is_over_limit=True)
        if code < 0 and -code not in FROM_OUTSIDE:
            return NotAVideo(limit_message("crash", memory=MEMORY), is_over_limit=True)
        return TryLater(_("Making the clip was interrupted."))


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _nonsense() from error
    if not isinstance(answer, dict):
        raise _nonsense()
    return answer


def _checked_answer(answer: dict[str, Any], recipe: Recipe, target: IO[bytes]) -> VideoFacts:
    if "done" not in answer:
        raise _refusal(answer)
    facts = checked_facts(answer["done"], target)
    target.seek(0)
    is_fit = facts.container == "mp4" and facts.video_codec == "h264"
    if not is_fit or (recipe.max_bytes is not None and facts.size > recipe.max_bytes):
        raise _nonsense()
    return facts


def _refusal(answer: dict[str, Any]) -> Exception:
    """Return what to raise for an error that the process has reported."""
    match answer.get("error"):
        case "unreadable":
            return SourceUnreadable(_seconds(answer.get("second")))
        case "empty":
            return NotAVideo(_("The video shows nothing in this part."))
        case "too_large":
            return ClipTooLarge()
        case "disk_full":
            return _disk_full()
        case "limit":
            message = limit_message(answer.get("limit"), memory=MEMORY)
            return NotAVideo(message, is_over_limit=True)
        case "not_a_video":
            detail = str(answer.get("detail", ""))[:MAX_ERROR_LENGTH]
            return NotAVideo("".join(filter(str.isprintable, detail)))
        case _:
            return _nonsense()


def _seconds(value: Any) -> Decimal:
    if isinstance(value, int | float) and 0 <= value < LONGEST:
        return Decimal(str(round(value, 3)))
    raise _nonsense()


def _disk_full() -> TryLater:
    return TryLater(_("The server's disk is full."))


def _nonsense() -> NotAVideo:
    return NotAVideo(_("The file made the server answer nonsense."))


@cache
def _turn(pid: int) -> threading.Lock:
    """Return the lock of this process. A forked worker must not use its parent's."""
    return threading.Lock()
