"""Compare the record of an endpoint with what fal says of it; nothing is asked here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ..endpoints import UNSET, Endpoint, Option
from .catalogue import Model, UnitPrice
from .cleaning import clean
from .schema import Field, Input, input_of

CURRENCY = "USD"
MOST_DIGITS = 30
"""Numbers with more are shown with an exponent: written out, one could fill the memory."""
TYPES = {
    "bool": {"boolean"},
    "int": {"integer", "number"},
    "number": {"number"},
    "enum": {"string"},
    "text": {"string"},
}
"""The JSON types that take what an option of this kind can be."""


@dataclass(frozen=True)
class Finding:
    """One thing in which fal and the record of an endpoint differ."""

    key: str
    """The record's key."""
    text: str
    is_known: bool = False
    """True when the record says it as well: nothing is to be done."""


def drift(
    record: Endpoint, model: Model | None, price: UnitPrice | None, *, today: date
) -> list[Finding]:
    """List in what fal, which lists this model or none, differs from the record."""
    if model is None or not model.is_active:
        return [_life(record, model, today)]
    try:
        if model.schema is None:
            raise ValueError("fal gave none")
        texts = list(_fields(record, input_of(model.schema, record.endpoint_id)))
    except (ValueError, ArithmeticError, TypeError, RecursionError) as error:
        texts = [f"its schema can't be read: {error}"]
    return [Finding(record.key, clean(text)) for text in (*texts, *_price(record, price))]


def _life(record: Endpoint, model: Model | None, today: date) -> Finding:
    if model is None:
        said = f"fal does not list {record.endpoint_id}: it is gone, misspelt or not public"
    else:
        said = f"fal calls {record.endpoint_id} {model.status}"
    if record.is_retired(today):
        text = f"{said}; the record has it switched off on {record.ends_on}"
        return Finding(record.key, text, is_known=True)
    return Finding(record.key, said)


def _fields(record: Endpoint, taken: Input) -> Iterator[str]:
    yield from _source_and_prompt(record, taken)
    for name in record.constants:
        if name not in taken.fields:
            yield f"fal no longer takes “{name}”, which is always sent"
    for option in record.options:
        if field := taken.fields.get(option.name):
            yield from _option(option, field)
        else:
            yield f"fal no longer has the option “{option.name}”"
    yield from _unnamed(record, taken)


def _source_and_prompt(record: Endpoint, taken: Input) -> Iterator[str]:
    """Find what is no longer there, or no longer in the form in which it is sent."""
    sent = [(record.source.param, "the video", record.source.as_list)]
    sent.append((record.prompt_param, "the prompt", False))
    if record.references:
        sent.append((record.references.param, "the references", record.references.as_list))
    for name, what, as_list in sent:
        field = taken.fields.get(name)
        if field is None:
            yield f"fal no longer takes “{name}”, which holds {what}"
        elif field.types and ("array" in field.types) != as_list:
            form = "one text" if as_list else "a list"
            yield f"fal takes “{name}”, which holds {what}, as {form} now"


def _option(option: Option, field: Field) -> Iterator[str]:
    if not _are_same(option.choices, field.choices):
        ours, theirs = _listed(option.choices), _listed(field.choices)
        yield f"the values of “{option.name}” are {theirs} at fal, {ours} in the record"
    elif not option.choices and field.types and not field.types & TYPES[option.kind]:
        types = " or ".join(sorted(field.types))
        yield f"“{option.name}” is of the type {types} at fal, {option.kind} in the record"
    default = option.default if option.endpoint_default is UNSET else option.endpoint_default
    if default is not UNSET and not _is_same(default, field.default):
        ours, theirs = _shown(default), _shown(field.default)
        yield f"the default of “{option.name}” is {theirs} at fal, {ours} in the record"


def _unnamed(record: Endpoint, taken: Input) -> Iterator[str]:
    """Find fields that must be sent and are not always, and those that nobody knew of."""
    always = {record.source.param, record.prompt_param, *record.constants}
    always |= {option.name for option in record.options if option.default is not UNSET}
    named = always | {option.name for option in record.options} | set(record.ignored)
    named |= {record.references.param} if record.references else set()
    for name in taken.fields:
        if name in taken.required and name not in always:
            yield f"fal requires “{name}”, which is not always sent"
        elif name not in named:
            yield f"fal has an option “{name}”, which the record does not name"


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
    """Tell whether both are the same on the wire, where 1 is 1.0 and not true."""
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
