"""Read the records of a site's settings, so that a wrong one is found at start."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from django.utils.translation import gettext_lazy as _

from . import values
from .audio import Audio
from .consistency import check
from .option import TYPES, Option
from .price import Price
from .record import Endpoint, Outputs
from .references import References
from .source import Source
from .values import Reader, optional, wrong


def read_endpoint(key: str, record: Any) -> Endpoint:
    """Return the record under a key of `SORA_REMIX_ENDPOINTS`.

    Raise `InvalidEndpoint`, which names the key and the path to what is wrong.
    """
    if not isinstance(record, Endpoint):
        record = _read(Endpoint, {"key": key, **values.mapping(record, key)}, key)
    if record.key != key:
        raise wrong(key, _("the record has another key, “%(value)s”."), record.key)
    endpoint: Endpoint = record
    check(endpoint)
    return endpoint


def _read(kind: type, record: Any, where: str) -> Any:
    given = values.mapping(record, where)
    for name in given:
        if name not in READERS[kind]:
            raise wrong(where, _("there is no field “%(value)s”."), name)
    for field in fields(kind):
        needed = field.default is MISSING and field.default_factory is MISSING
        if needed and field.name not in given:
            raise wrong(where, _("the field “%(value)s” is missing."), field.name)
    read = {name: READERS[kind][name](one, f"{where}.{name}") for name, one in given.items()}
    return kind(**read)


def _record(kind: type) -> Reader:
    return lambda value, where: _read(kind, value, where)


def _records(kind: type) -> Reader:
    return lambda value, where: tuple(
        _read(kind, one, f"{where}[{number}]")
        for number, one in enumerate(values.items(value, where))
    )


READERS: dict[type, dict[str, Reader]] = {
    Source: {
        "kind": values.one_of("sora_id", "url"),
        "param": values.name,
        "as_list": values.switch,
        "extensions": values.extensions,
        "min_seconds": optional(values.limit),
        "max_seconds": optional(values.limit),
        "below_seconds": optional(values.limit),
        "cut_at_seconds": optional(values.limit),
        "max_bytes": optional(values.count),
        "below_bytes": optional(values.count),
        "min_side": optional(values.count),
        "max_side": optional(values.count),
        "min_aspect": optional(values.limit),
        "max_aspect": optional(values.limit),
        "min_fps": optional(values.limit),
        "max_fps": optional(values.limit),
        "safe_seconds": optional(values.limit),
        "safe_side": optional(values.count),
    },
    References: {
        "param": values.name,
        "as_list": values.switch,
        "maximum": values.count,
        "tag": values.text,
        "extensions": values.extensions,
        "max_bytes": optional(values.count),
        "min_side": optional(values.count),
        "min_aspect": optional(values.limit),
        "max_aspect": optional(values.limit),
        "label": values.text,
        "help": values.text,
    },
    Option: {
        "name": values.name,
        "kind": values.one_of(*TYPES),
        "default": values.anything,
        "endpoint_default": values.anything,
        "choices": values.items,
        "minimum": optional(values.bound),
        "maximum": optional(values.bound),
        "excludes": values.names,
        "advanced": values.switch,
        "label": values.text,
        "help": values.text,
    },
    Audio: {
        "policy": values.one_of("carried", "switch", "generated", "none", "unknown"),
        "param": values.text,
        "keep": values.anything,
        "drop": values.anything,
    },
    Price: {
        "by": values.names,
        "per_source_second": values.amounts,
        "per_output_second": values.amounts,
        "per_run": values.amounts,
        "min_source_as_output": values.switch,
        "floor": optional(values.amount),
        "duration_option": values.text,
        "duration_cuts": values.switch,
        "as_of": optional(values.day),
        "url": values.text,
        "unit_price": optional(values.amount),
        "is_firm": values.switch,
    },
    Outputs: dict.fromkeys(("sora_id", "thumbnail", "spritesheet"), values.text)
    | {"video": values.name},
}
READERS[Endpoint] = {
    "key": values.name,
    "endpoint_id": values.name,
    "label": values.text,
    "vendor": values.text,
    "source": _record(Source),
    "price": _record(Price),
    "prompt_param": values.name,
    "prompt_max": optional(values.count),
    "prompt_hint": values.text,
    "references": optional(_record(References)),
    "options": _records(Option),
    "constants": values.fields_of_json,
    "ignored": values.names,
    "audio": _record(Audio),
    "outputs": _record(Outputs),
    "deletes_result": values.text,
    "ends_on": optional(values.day),
    "successor": values.text,
    "typical_seconds": values.count,
    "longest_seconds": optional(values.count),
    "note": values.text,
    "doc_url": values.text,
    "checked_on": optional(values.day),
}
