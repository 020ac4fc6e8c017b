"""Read the records of a site's settings, so that a wrong one is found at start.

How a field is read follows from its type: the records themselves are the description.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from django.utils.translation import gettext_lazy as _

from . import values
from .consistency import check
from .record import Endpoint
from .values import Reader, optional, wrong

PLAIN: dict[Any, Reader] = {str: values.text, bool: values.switch, Any: values.anything}


def read_endpoint(key: str, record: Any) -> Endpoint:
    """Read the record under a key of `SORA_REMIX_ENDPOINTS`.

    Raise `InvalidEndpoint`, which names the key and the path to what is wrong.
    """
    if not isinstance(record, Endpoint):
        record = _read(Endpoint, {"key": key, **values.mapping(record, key)}, key)
    if record.key != key:
        raise wrong(key, _("the record has another key, “%(value)s”."), record.key)
    endpoint: Endpoint = record
    check(endpoint)
    return endpoint


@cache
def readers(kind: type) -> dict[str, Reader]:
    """Return a reader for each field of a record."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: _reader(hint) for name, hint in hints.items()}


def _reader(hint: Any) -> Reader:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return hint.__metadata__[0]  # type: ignore[no-any-return]
    if origin in (Union, UnionType):
        return optional(_reader(arguments[0]))
    if origin is Literal:
        return values.one_of(*arguments)
    if origin is tuple:
        return partial(_read_each, _reader(arguments[0]))
    is_record = isinstance(hint, type) and is_dataclass(hint)
    return partial(_read, hint) if is_record else PLAIN[hint]


def _read(kind: type, record: Any, where: str) -> Any:
    given = values.mapping(record, where)
    for name in given:
        if name not in readers(kind):
            raise wrong(where, _("there is no field “%(value)s”."), name)
    for field in fields(kind):
        needed = field.default is MISSING and field.default_factory is MISSING
        if needed and field.name not in given:
            raise wrong(where, _("the field “%(value)s” is missing."), field.name)
    read = {name: readers(kind)[name](one, f"{where}.{name}") for name, one in given.items()}
    return kind(**read)


def _read_each(reader: Reader, value: Any, where: str) -> tuple[Any, ...]:
    items = values.items(value, where)
    return tuple(reader(one, f"{where}[{number}]") for number, one in enumerate(items))
