"""JSON schemas as fal publishes them, in the words of the table of endpoints."""

from collections.abc import Sequence
from typing import Any

JSON = dict[str, Any]
NULL = {"type": "null"}


def text(*, shortest: int = 0, longest: int | None = None, description: str = "") -> JSON:
    """Describe a text."""
    return _given(
        type="string",
        minLength=shortest or None,
        maxLength=longest,
        description=description or None,
    )


def flag(default: bool | None = None) -> JSON:
    """Describe a switch."""
    return _given(type="boolean", default=default)


def whole(least: int, most: int) -> JSON:
    """Describe a whole number within bounds."""
    return {"type": "integer", "minimum": least, "maximum": most}


def number(least: float, most: float, default: float) -> JSON:
    """Describe a number within bounds."""
    return {"type": "number", "minimum": least, "maximum": most, "default": default}


def choice(*values: str | int, default: str | int | None = None) -> JSON:
    """Describe a choice among values of one type."""
    kind = "string" if isinstance(values[0], str) else "integer"
    return _given(enum=list(values), type=kind, default=default)


def texts(*, least: int | None = None, most: int | None = None) -> JSON:
    """Describe a list of texts."""
    return _given(type="array", items=text(), minItems=least, maxItems=most)


def models(name: str) -> JSON:
    """Describe a list of objects whose schema stands under the name."""
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def optional(schema: JSON) -> JSON:
    """Describe a field that may be left out or null."""
    return {"anyOf": [schema, NULL]}


def model(**properties: JSON) -> JSON:
    """Describe an object; what has no default and can't be null is required."""
    titled = {name: {"title": _title(name)} | schema for name, schema in properties.items()}
    return in_order({"type": "object", "properties": titled, "required": _required(titled)})


def in_order(schema: JSON, order: Sequence[str] = ()) -> JSON:
    """Return the object's schema with its properties listed, those of `order` first."""
    properties = schema["properties"]
    known = [name for name in order if name in properties]
    return schema | {
        "required": [name for name in schema["required"] if name in properties],
        "x-fal-order-properties": known + [name for name in properties if name not in known],
    }


def defaults(schema: JSON) -> JSON:
    """Return what the object holds where the caller said nothing."""
    properties, required = schema["properties"], schema["required"]
    return {name: one.get("default") for name, one in properties.items() if name not in required}


def merge(target: JSON, patch: JSON) -> JSON:
    """Merge the patch into the target, key by key; null deletes."""
    merged = {key: value for key, value in target.items() if patch.get(key, key) is not None}
    for key, value in patch.items():
        if isinstance(value, dict):
            merged[key] = merge(merged.get(key) or {}, value)
        elif value is not None:
            merged[key] = value
    return merged


def _required(properties: JSON) -> list[str]:
    return [
        name
        for name, schema in properties.items()
        if "default" not in schema and NULL not in schema.get("anyOf", ())
    ]


def _given(**keys: object) -> JSON:
    return {key: value for key, value in keys.items() if value is not None}


def _title(name: str) -> str:
    return name.replace("_", " ").title()
