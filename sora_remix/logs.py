"""Log lines that nobody from outside can forge: whatever is logged, a record is one line."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Adapter = logging.LoggerAdapter[logging.Logger]
else:
    Adapter = logging.LoggerAdapter

MOST_LOGGED = 1000
"""Characters of one value in a record."""


class OneLineLogger(Adapter):
    """Log values as one line of printable characters each; numbers stay numbers."""

    def log(self, level: int, msg: object, *args: object, **options: Any) -> None:
        if self.isEnabledFor(level):
            options["stacklevel"] = options.get("stacklevel", 1) + 1  # the caller's line, not this
            super().log(level, msg, *map(_loggable, args), **options)


def get_logger(name: str) -> OneLineLogger:
    """Return the logger of a module."""
    return OneLineLogger(logging.getLogger(name), {})


def printable(text: object) -> str:
    """Return a text as one line, without what can't be printed.

    Control characters, lone surrogates and marks that change the direction of writing are
    removed, and whitespace becomes one space.
    """
    line = " ".join(_said(text).split())
    return line if line.isprintable() else "".join(filter(str.isprintable, line))


def _loggable(value: object) -> object:
    return value if isinstance(value, int | float) else printable(value)[:MOST_LOGGED]


def _said(text: object) -> str:
    try:
        return str(text)
    except Exception as error:  # noqa: BLE001 - errors may hold anything, also what has no text
        return type(error).__name__
