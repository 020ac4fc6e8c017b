"""Run jobs for the parent process, one after the other.

A request is the name of a job, with the descriptor of its file. An answer is a line of JSON. An
empty object announces that the process has started.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from .files import DescriptorFile
from .images import image_facts
from .limits import Job, OverLimit, limit_memory, limit_seconds
from .thumbnails import facts_and_thumbnail, thumbnail
from .videos import video_facts

IDLE_SECONDS = 60
"""Web processes rarely decode, so this process ends when it is idle to free its memory."""
MAX_REQUEST_BYTES = 64


def main() -> None:
    """Serve the socket that is this process's standard input."""
    # It ends after its job when the parent's end of the socket closes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # This signal must end the process: see `limit_seconds`.
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    _volunteer_when_memory_is_short()
    limit_memory()
    with socket.socket(fileno=os.dup(0)) as connection:
        serve(connection)


def _volunteer_when_memory_is_short() -> None:
    """Ask Linux to kill this process before its parent."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def serve(
    connection: socket.socket,
    *,
    limit: Callable[[], None] = limit_seconds,
    idle_seconds: float = IDLE_SECONDS,
) -> None:
    """Answer requests until the parent has ended or has sent none for a while."""
    connection.settimeout(idle_seconds)
    with suppress(OSError):
        _send(connection, {})
        while True:
            request, descriptors, _flags, _address = socket.recv_fds(
                connection, MAX_REQUEST_BYTES, 1
            )
            if not request:
                return
            try:
                limit()
                answer = run(cast("Job", request.decode("ascii")), DescriptorFile(*descriptors))
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            _send(connection, answer)


def _send(connection: socket.socket, answer: dict[str, Any]) -> None:
    connection.sendall(json.dumps(answer).encode("ascii") + b"\n")


def run(job: Job, file: DescriptorFile) -> dict[str, Any]:
    """Run a job, and return the answer to the parent: a value, a limit or an error."""
    try:
        value = JOBS[job](file)
    except OverLimit as error:
        return {"limit": error.limit}
    except (MemoryError, ImportError):
        # PyAV imports some of its parts for the first stream that needs them.
        return {"limit": "memory"}
    except Exception as error:  # noqa: BLE001  (PyAV raises anything for broken files)
        return {"error": f"{type(error).__name__}: {error}"}
    return {"value": value}


def _thumbnail(file: DescriptorFile) -> str | None:
    return _encoded(thumbnail(file))


def _facts_and_thumbnail(file: DescriptorFile) -> dict[str, Any]:
    facts, jpeg = facts_and_thumbnail(file)
    return {"facts": facts, "thumbnail": _encoded(jpeg)}


def _encoded(jpeg: bytes | None) -> str | None:
    return b64encode(jpeg).decode("ascii") if jpeg else None


JOBS: dict[Job, Callable[[DescriptorFile], Any]] = {
    "video_facts": video_facts,
    "image_facts": image_facts,
    "thumbnail": _thumbnail,
    "facts_and_thumbnail": _facts_and_thumbnail,
}
