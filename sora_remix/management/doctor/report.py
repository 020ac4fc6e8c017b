"""Lines of the doctor, and how a part of the examination is kept from breaking the rest."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from django.db import connections

from ...logs import get_logger

logger = get_logger(__name__)

OK, WARNING, PROBLEM = "ok", "warning", "problem"
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Line:
    """One thing that was looked at."""

    level: str
    text: str
    hint: str = ""
    """What to do about it."""


@dataclass(frozen=True)
class Part:
    """One part of the examination."""

    name: str
    look: Callable[[], Iterator[Line]]
    needs: tuple[str, ...] = ()
    """Names of the parts before it that must be sound."""
    hint: str = "The traceback is in the log (sora_remix.management.doctor, at DEBUG)."
    """What to do when it can't be examined."""


def examine_all(parts: Iterable[Part]) -> Iterator[Line]:
    """Examine each part whose needs are met, in turn."""
    broken: set[str] = set()
    for part in parts:
        if missing := [name for name in part.needs if name in broken]:
            broken.add(part.name)
            yield Line(WARNING, f"{part.name}: not examined. Fix this first: {missing[0]}.")
            continue
        for line in examine(part):
            if line.level == PROBLEM:
                broken.add(part.name)
            yield line


def examine(part: Part) -> Iterator[Line]:
    """Look at one part; whatever breaks there becomes a line."""
    try:
        yield from part.look()
    except Exception as error:
        logger.debug("The doctor could not look at %s", part.name, exc_info=True)
        said = str(error) or type(error).__name__
        yield Line(PROBLEM, f"{part.name} could not be examined: {said}", part.hint)


def within(seconds: float, work: Callable[[], Answer]) -> Answer:
    """Do work that knows no limit of its own; raise `TimeoutError` when it takes too long."""
    answers: queue.SimpleQueue[tuple[Answer | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((work(), None))
        except Exception as error:  # noqa: BLE001 - whoever waits raises it
            answers.put((None, error))
        finally:
            connections.close_all()

    threading.Thread(target=run, daemon=True).start()
    try:
        answer, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if error:
        raise error
    return answer  # type: ignore[return-value]
