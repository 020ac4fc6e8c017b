"""Log records of one line each, so that nobody can forge entries."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Adapter = logging.LoggerAdapter[logging.Logger]
else:
    Adapter = logging.LoggerAdapter

MOST_LOGGED = 1000
"""Characters that a record shows of one value."""


class OneLineLogger(Adapter):
    """Log each value as one line of printable characters. Numbers stay numbers."""

    def log(self, level: int, msg: object, *args: object, **options: Any) -> None:
        if self.isEnabledFor(level):
            options["stacklevel"] = options.get("stacklevel", 1) + 1  # show the caller's line
            super().log(level, msg, *map(_loggable, args), **options)


def get_logger(name: str) -> OneLineLogger:
    """Return the logger of a module."""
    return OneLineLogger(logging.getLogger(name), {})


def printable(text: object) -> str:
    """Return a text as one line of printable characters.

    Remove control characters, lone surrogates and marks that change the writing direction. Replace
    whitespace with single spaces.
    """
    line = " ".join(_text_of(text).split())
    return line if line.isprintable() else "".join(filter(str.isprintable, line))


def _loggable(value: object) -> object:
    return value if isinstance(value, int | float) else printable(value)[:MOST_LOGGED]


def _text_of(text: object) -> str:
    try:
        return str(text)
    except Exception as error:  # noqa: BLE001 - an error may contain values without a text
        return type(error).__name__
