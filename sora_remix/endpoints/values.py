"""Read single values of a site's records; each reader raises `InvalidEndpoint` with the path."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..exceptions import InvalidEndpoint

if TYPE_CHECKING:
    from .option import Text

Reader = Callable[[Any, str], Any]
"""Takes what the settings hold and the path to it; returns what the record holds."""


def wrong(where: str, what: Text, value: object = "") -> InvalidEndpoint:
    """Return the error for what is wrong at this path."""
    return InvalidEndpoint(f"{where}: {what % {'value': value}}")


def anything(value: Any, where: str) -> Any:
    return value


def text(value: Any, where: str) -> Any:
    """Take a text, which may be a lazily translated one."""
    if not isinstance(value, str | Promise):
        raise wrong(where, _("“%(value)s” is not a text."), value)
    return value


def name(value: Any, where: str) -> str:
    """Take a text that can't be empty."""
    if not isinstance(value, str) or not value:
        raise wrong(where, _("“%(value)s” is not a name."), value)
    return value


def switch(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise wrong(where, _("“%(value)s” is neither True nor False."), value)
    return value


def count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise wrong(where, _("“%(value)s” is not a whole number above 0."), value)
    return value


def bound(value: Any, where: str) -> float:
    """Take a number of either sign as it is: options are compared with it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise wrong(where, _("“%(value)s” is not a number."), value)
    return value


def limit(value: Any, where: str) -> Decimal:
    """Take a number that is not negative, exactly as it is written."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise wrong(where, _("“%(value)s” is not a number."), value)
    return amount(value, where)


def amount(value: Any, where: str) -> Decimal:
    """Take an amount, which settings may give as a number or as text."""
    try:
        read = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        read = Decimal("NaN")
    if not read.is_finite() or read < 0:
        raise wrong(where, _("“%(value)s” is not an amount."), value)
    return read


def amounts(value: Any, where: str) -> dict[str, Decimal]:
    """Take amounts by key, or one amount for every key."""
    table = value if isinstance(value, Mapping) else {"": value}
    return {text(key, where): amount(one, where) for key, one in table.items()}


def day(value: Any, where: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise wrong(where, _("“%(value)s” is not a date."), value)
    return value


def items(value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise wrong(where, _("“%(value)s” is not a list."), value)
    return tuple(value)


def names(value: Any, where: str) -> tuple[str, ...]:
    return tuple(name(one, where) for one in items(value, where))


def extensions(value: Any, where: str) -> tuple[str, ...]:
    """Take endings of file names: lower case, with their dot."""
    for one in names(value, where):
        if not one.startswith(".") or one != one.lower():
            raise wrong(where, _("“%(value)s” is not an extension such as “.mp4”."), one)
    return tuple(value)


def fields_of_json(value: Any, where: str) -> dict[str, Any]:
    """Take a dictionary of what can be sent."""
    fields = mapping(value, where)
    try:
        json.dumps(fields, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise wrong(where, _("it can't be sent: %(value)s"), error) from error
    return fields


def mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong(where, _("“%(value)s” is not a dictionary of fields."), value)
    return {name(key, where): one for key, one in value.items()}


def one_of(*kinds: str) -> Reader:
    """Return a reader that takes one of these texts."""

    def read(value: Any, where: str) -> Any:
        if value not in kinds:
            raise wrong(where, _("“%(value)s” is not a known kind."), value)
        return value

    return read


def optional(reader: Reader) -> Reader:
    """Return a reader that takes None as well."""
    return lambda value, where: None if value is None else reader(value, where)
