"""Compare an endpoint record with fal's catalogue, without any call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ..endpoints import UNSET, Endpoint, Option
from .catalogue import ListedEndpoint, UnitPrice
from .cleaning import clean
from .schema import EndpointInput, InputField, input_of

CURRENCY = "USD"
MOST_DIGITS = 30
"""Longer numbers are shown with an exponent, because one could fill the memory."""
TYPES = {
    "bool": {"boolean"},
    "int": {"integer", "number"},
    "number": {"number"},
    "enum": {"string"},
    "text": {"string"},
}
"""JSON types that accept the values of each kind of option."""


@dataclass(frozen=True)
class Finding:
    """One difference between fal and an endpoint record."""

    key: str
    """The record's key."""
    text: str
    is_known: bool = False
    """True if the record already says so, and nothing needs to be done."""


def drift(
    record: Endpoint, model: ListedEndpoint | None, price: UnitPrice | None, *, today: date
) -> list[Finding]:
    """List the differences between a record and what fal lists, if anything."""
    if model is None or not model.is_active:
        return [_life(record, model, today)]
    try:
        if model.schema is None:
            raise ValueError("fal sent none")
        texts = list(_fields(record, input_of(model.schema, record.endpoint_id)))
    except (ValueError, ArithmeticError, TypeError, RecursionError) as error:
        texts = [f"its schema can't be read: {error}"]
    return [Finding(record.key, clean(text)) for text in (*texts, *_price(record, price))]


def _life(record: Endpoint, model: ListedEndpoint | None, today: date) -> Finding:
    if model is None:
        said = (
            f"fal does not list {record.endpoint_id}: it was removed, is misspelt or is not public"
        )
    else:
        said = f"fal calls {record.endpoint_id} {model.status}"
    if record.is_retired(today):
        text = f"{said}, and the record says that it was switched off on {record.ends_on}"
        return Finding(record.key, text, is_known=True)
    return Finding(record.key, said)


def _fields(record: Endpoint, taken: EndpointInput) -> Iterator[str]:
    yield from _source_and_prompt(record, taken)
    for name in record.constants:
        if name not in taken.fields:
            yield f"fal no longer accepts “{name}”, which the app always sends"
    for option in record.options:
        if field := taken.fields.get(option.name):
            yield from _option(option, field)
        else:
            yield f"fal no longer has the option “{option.name}”"
    yield from _unnamed(record, taken)


def _source_and_prompt(record: Endpoint, taken: EndpointInput) -> Iterator[str]:
    """Find fields that fal no longer accepts, or only in another form."""
    sent = [(record.source.param, "the video", record.source.as_list)]
    sent.append((record.prompt_param, "the prompt", False))
    if record.references:
        sent.append((record.references.param, "the references", record.references.as_list))
    for name, what, as_list in sent:
        field = taken.fields.get(name)
        if field is None:
            yield f"fal no longer accepts “{name}”, which contains {what}"
        elif field.types and ("array" in field.types) != as_list:
            form = "one text" if as_list else "a list"
            yield f"fal now expects “{name}”, which contains {what}, as {form}"


def _option(option: Option, field: InputField) -> Iterator[str]:
    if not _are_same(option.choices, field.choices):
        ours, theirs = _listed(option.choices), _listed(field.choices)
        yield f"the values of “{option.name}” are {theirs} at fal, {ours} in the record"
    elif not option.choices and field.types and not field.types & TYPES[option.kind]:
        types = " or ".join(sorted(field.types))
        yield f"the type of “{option.name}” is {types} at fal, {option.kind} in the record"
    default = option.default if option.endpoint_default is UNSET else option.endpoint_default
    if default is not UNSET and not _is_same(default, field.default):
        ours, theirs = _shown(default), _shown(field.default)
        yield f"the default of “{option.name}” is {theirs} at fal, {ours} in the record"


def _unnamed(record: Endpoint, taken: EndpointInput) -> Iterator[str]:
    """Find required fields that are not always sent, and fields that are new."""
    always = {record.source.param, record.prompt_param, *record.constants}
    always |= {option.name for option in record.options if option.default is not UNSET}
    named = always | {option.name for option in record.options} | set(record.ignored)
    named |= {record.references.param} if record.references else set()
    for name in taken.fields:
        if name in taken.required and name not in always:
            yield f"fal requires “{name}”, which the app doesn't always send"
        elif name not in named:
            yield f"fal has an option “{name}” that the record doesn't name"


def _price(record: Endpoint, price: UnitPrice | None) -> Iterator[str]:
    ours = record.price.unit_price
    if price is None or ours is None:
        return
    if (price.amount, price.currency) != (ours, CURRENCY):
        theirs, recorded = f"{_plain(price.amount)} {price.currency}", f"{_plain(ours)} {CURRENCY}"
        yield f"a unit ({price.unit}) costs {theirs} at fal, {recorded} in the record"


def _are_same(ours: Sequence[Any], theirs: Sequence[Any]) -> bool:
    return len(ours) == len(theirs) and all(
        any(_is_same(one, other) for other in theirs) for one in ours
    )


def _is_same(one: Any, other: Any) -> bool:
    """Tell whether both are equal in JSON, where 1 equals 1.0 but not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return Decimal(str(one)) == Decimal(str(other))
    return bool(one == other)


def _listed(choices: Iterable[Any]) -> str:
    return ", ".join(map(_shown, choices)) or "any"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return _plain(value) if isinstance(value, Decimal) else json.dumps(value, default=str)


def _plain(amount: Decimal) -> str:
    if abs(amount.adjusted()) > MOST_DIGITS:
        return str(amount)
    return f"{amount.normalize():f}"
