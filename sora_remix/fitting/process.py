"""Run in a process of its own: read the arguments, and answer in lines of JSON."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..decoding.files import DescriptorFile
from ..decoding.limits import OverLimit
from ..decoding.videos import video_facts
from ..recipe import Recipe
from .clips import make_clip
from .errors import BrokenAt, EmptyPart, OverSize
from .limits import limit_process
from .progress import ProgressReport

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main() -> None:
    """Make the clip that the arguments describe, unless the parent ends."""
    # The parent kills this process, or ends, which closes the standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    _volunteer_when_memory_is_short()
    limit_process()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    source, target, recipe = sys.argv[1:]
    _send(run(int(source), int(target), Recipe.from_text(recipe)))


def run(source: int, target: int, recipe: Recipe) -> dict[str, Any]:
    """Make a clip, and return the answer to the parent: its facts, or an error."""
    try:
        make_clip(source, target, recipe, ProgressReport(_send))
        return {"done": video_facts(DescriptorFile(target))}
    except BrokenAt as error:
        return {"error": "unreadable", "second": float(error.second), "detail": str(error)}
    except EmptyPart:
        return {"error": "empty"}
    except OverSize:
        return {"error": "too_large"}
    except OverLimit as error:
        return {"error": "limit", "limit": error.limit}
    except (MemoryError, ImportError):
        return {"error": "limit", "limit": "memory"}
    except Exception as error:  # noqa: BLE001  (PyAV raises anything for broken files)
        if isinstance(error, OSError) and error.errno in FULL:
            return {"error": "disk_full"}
        return {"error": "not_a_video", "detail": f"{type(error).__name__}: {error}"}


def _send(answer: dict[str, Any]) -> None:
    os.write(1, json.dumps(answer).encode("ascii") + b"\n")


def _end_with_parent() -> None:
    while os.read(0, 64):
        pass
    os._exit(1)


def _volunteer_when_memory_is_short() -> None:
    """Ask Linux to kill this process before its parent."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
