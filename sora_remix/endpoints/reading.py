"""Read the records of a site's settings, so that a wrong one is found at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from ..exceptions import InvalidEndpoint
from .record import TYPES, Endpoint, Option, Outputs, Price, Source

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

NESTED: dict[str, type] = {"source": Source, "price": Price, "outputs": Outputs}
KINDS: dict[type, tuple[str, ...]] = {Source: ("sora_id",), Option: tuple(TYPES)}
DATES = ("ends_on", "checked_on", "as_of")


def read_endpoint(key: str, record: Any) -> Endpoint:
    """Return the record under a key of `SORA_REMIX_ENDPOINTS`.

    Raise `InvalidEndpoint`, which names the key and the field.
    """
    if not isinstance(record, Endpoint):
        record = _read_endpoint(key, record)
    if record.key != key:
        raise _wrong(key, _("it can't have another key, “%(value)s”."), value=record.key)
    endpoint: Endpoint = record
    return endpoint


def _read_endpoint(key: str, record: Any) -> Endpoint:
    values = {"key": key, **_mapping(record, key)}
    for name, kind in NESTED.items():
        if name in values:
            values[name] = _read(kind, values[name], f"{key}.{name}")
    values["options"] = tuple(
        _read(Option, option, f"{key}.options[{number}]")
        for number, option in enumerate(values.get("options", ()))
    )
    endpoint: Endpoint = _read(Endpoint, values, key)
    return endpoint


def _read(kind: type, record: Any, where: str) -> Any:
    values = _mapping(record, where)
    known = {one.name: one for one in fields(kind)}
    for name in values:
        if name not in known:
            raise _wrong(where, _("there is no field “%(value)s”."), value=name)
    for name, one in known.items():
        if one.default is MISSING and one.default_factory is MISSING and name not in values:
            raise _wrong(where, _("the field “%(value)s” is missing."), value=name)
    if kind in KINDS and values["kind"] not in KINDS[kind]:
        raise _wrong(where, _("there is no kind “%(value)s”."), value=values["kind"])
    return kind(**{name: _value(name, value, where) for name, value in values.items()})


def _mapping(record: Any, where: str) -> dict[str, Any]:
    if not isinstance(record, Mapping):
        raise _wrong(where, _("“%(value)s” is not a dictionary of fields."), value=record)
    return dict(record)


def _value(name: str, value: Any, where: str) -> Any:
    """Read amounts, which settings may give as text, dates and lists."""
    if name == "per_source_second":
        return _amount(value, where)
    if name in DATES and not isinstance(value, date | None):
        raise _wrong(where, _("“%(value)s” is not a date."), value=value)
    return tuple(value) if isinstance(value, list) else value


def _amount(value: Any, where: str) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise _wrong(where, _("“%(value)s” is not an amount."), value=value)
    return amount


def _wrong(where: str, what: _StrPromise, *, value: object) -> InvalidEndpoint:
    return InvalidEndpoint(f"{where}: {what % {'value': value}}")
