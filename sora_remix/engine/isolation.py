"""Keep an error in one row or step from affecting the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections

from .. import fal
from ..database import in_transaction
from ..exceptions import InvalidTransition
from ..logs import get_logger

logger = get_logger(__name__)

T = TypeVar("T")

DATABASE_IS_AWAY = (OperationalError, InterfaceError)
"""Temporary errors: the database is unreachable or overloaded. Others are about the row."""
MESSAGE_LENGTH = 1000
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts to save what can't be requested again."""


@contextmanager
def isolated(
    subject: object, fallback: Callable[[Exception], None] | None = None
) -> Iterator[None]:
    """Log any error about one subject, so that the caller continues with the next.

    `fallback` records the error on the row, and is isolated itself; it is not called for a row
    that another worker has taken over.
    """
    try:
        yield
    except InvalidTransition:
        logger.warning("%s: another worker has taken over", subject)
    except Exception as error:
        logger.exception("%s: unexpected error", subject)
        if not in_transaction():
            close_old_connections()
        if fallback:
            with isolated(subject):
                fallback(error)


def attempt(step: Callable[[], object]) -> bool:
    """Run a step; log an error and return False."""
    try:
        step()
    except Exception:
        logger.exception("Unexpected error in %s", getattr(step, "__qualname__", step))
        close_old_connections()
        return False
    return True


def log_group_error(error: Exception) -> None:
    """Log why rows are written one by one. One that was taken over is no fault of the site."""
    if isinstance(error, InvalidTransition):
        logger.info("Written one by one, because another worker or a webhook took over one")
    else:
        logger.error("Could not write a group together", exc_info=error)
        close_old_connections()


def describe(error: BaseException, before: str = "") -> str:
    """Return an error as text that can be stored and shown."""
    return fal.clean(f"{before}{type(error).__name__}: {error}", MESSAGE_LENGTH)


def persist(subject: object, write: Callable[[], T]) -> T:
    """Save what can't be requested again, even if the database fails for some seconds."""
    for pause in PAUSES:
        try:
            return write()
        except DATABASE_IS_AWAY:
            logger.exception("%s: could not save it yet", subject)
            close_old_connections()
            time.sleep(pause)
    return write()
