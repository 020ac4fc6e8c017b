"""The doctor's report, and examinations that can't break each other."""

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
class ReportLine:
    """One thing that was checked."""

    level: str
    text: str
    hint: str = ""
    """What to do about a problem."""


@dataclass(frozen=True)
class Examination:
    """One subject to check."""

    name: str
    check: Callable[[], Iterator[ReportLine]]
    needs: tuple[str, ...] = ()
    """Names of earlier examinations that must have found no problem."""
    hint: str = "The traceback is in the log (sora_remix.management.doctor, at DEBUG)."
    """What to do when the check itself fails."""


def examine_all(examinations: Iterable[Examination]) -> Iterator[ReportLine]:
    """Run each examination whose needs are met, in turn."""
    broken: set[str] = set()
    for examination in examinations:
        if missing := [name for name in examination.needs if name in broken]:
            broken.add(examination.name)
            yield ReportLine(
                WARNING, f"{examination.name}: not checked. Fix this first: {missing[0]}."
            )
            continue
        for line in examine(examination):
            if line.level == PROBLEM:
                broken.add(examination.name)
            yield line


def examine(examination: Examination) -> Iterator[ReportLine]:
    """Run one examination. Report an exception as a line."""
    try:
        yield from examination.check()
    except Exception as error:
        logger.debug("The doctor could not check %s", examination.name, exc_info=True)
        message = str(error) or type(error).__name__
        yield ReportLine(
            PROBLEM, f"{examination.name} could not be checked: {message}", examination.hint
        )


def within(seconds: float, work: Callable[[], Answer]) -> Answer:
    """Do work that has no time limit of its own. Raise `TimeoutError` if it takes too long."""
    answers: queue.SimpleQueue[tuple[Answer | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((work(), None))
        except Exception as error:  # noqa: BLE001 - raised again below
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
