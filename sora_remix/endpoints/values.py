"""The types of the fields of records, each with the reader of what a site's settings hold.

A reader raises `InvalidEndpoint` with the path to the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..exceptions import InvalidEndpoint

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise
else:
    Text = str

Number = Decimal | int

CODEC = re.compile(r"[a-z0-9_]+")
"""How FFmpeg names codecs and pixel formats."""

Reader = Callable[[Any, str], Any]
"""Takes a value of the settings and its path, and returns the value of the record."""


def wrong(where: str, what: Text, value: object = "") -> InvalidEndpoint:
    """Return the error for what is wrong at this path."""
    return InvalidEndpoint(f"{where}: {what % {'value': value}}")


def anything(value: Any, where: str) -> Any:
    return value


def text(value: Any, where: str) -> Any:
    """Accept a text, which may be lazily translated."""
    if not isinstance(value, str | Promise):
        raise wrong(where, _("“%(value)s” is not a text."), value)
    return value


def name(value: Any, where: str) -> str:
    """Accept a text that is not empty."""
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
    """Accept a number of either sign: options are compared with it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise wrong(where, _("“%(value)s” is not a number."), value)
    return value


def limit(value: Any, where: str) -> Decimal:
    """Accept a number that is not negative, exactly as it is written."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise wrong(where, _("“%(value)s” is not a number."), value)
    return amount(value, where)


def amount(value: Any, where: str) -> Decimal:
    """Accept an amount, written as a number or as text."""
    try:
        read = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        read = Decimal("NaN")
    if not read.is_finite() or read < 0:
        raise wrong(where, _("“%(value)s” is not an amount."), value)
    return read


def amounts(value: Any, where: str) -> dict[str, Decimal]:
    """Accept amounts by key, or one amount for every key."""
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
    """Accept file extensions: lower case, with their dot."""
    for one in names(value, where):
        if not one.startswith(".") or one != one.lower():
            raise wrong(where, _("“%(value)s” is not an extension such as “.mp4”."), one)
    return tuple(value)


def codecs(value: Any, where: str) -> tuple[str, ...]:
    """Accept FFmpeg's names of codecs."""
    for one in names(value, where):
        if not CODEC.fullmatch(one):
            raise wrong(
                where, _("“%(value)s” is not FFmpeg's name of a codec, such as “h264”."), one
            )
    return tuple(value)


def pixel_formats(value: Any, where: str) -> tuple[str, ...]:
    """Accept FFmpeg's names of pixel formats."""
    for one in names(value, where):
        if not CODEC.fullmatch(one):
            raise wrong(
                where,
                _("“%(value)s” is not FFmpeg's name of a pixel format, such as “yuv420p”."),
                one,
            )
    return tuple(value)


def fields_of_json(value: Any, where: str) -> dict[str, Any]:
    """Accept a dictionary that can be sent as JSON."""
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
    """Return a reader that accepts one of these texts."""

    def read(value: Any, where: str) -> Any:
        if value not in kinds:
            raise wrong(where, _("“%(value)s” is not a known kind."), value)
        return value

    return read


def optional(reader: Reader) -> Reader:
    """Return a reader that accepts None as well."""
    return lambda value, where: None if value is None else reader(value, where)


Name = Annotated[str, name]
Count = Annotated[int, count]
Bound = Annotated[float, bound]
Limit = Annotated[Number, limit]
Amount = Annotated[Decimal, amount]
Amounts = Annotated[Mapping[str, Decimal], amounts]
Day = Annotated[date, day]
Names = Annotated[tuple[str, ...], names]
Extensions = Annotated[tuple[str, ...], extensions]
Codecs = Annotated[tuple[str, ...], codecs]
PixelFormats = Annotated[tuple[str, ...], pixel_formats]
JSONFields = Annotated[Mapping[str, Any], fields_of_json]
