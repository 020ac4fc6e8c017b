"""Read the input fields of an endpoint from its OpenAPI document.

The input is behind references, and a nullable field is behind alternatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 20
"""Nested references that are followed. More of them count as a circle."""
MOST_PARTS = 2000
"""Parts of one document that are read. A few nested references could expand into millions."""
COMBINED = ("$ref", "allOf", "anyOf", "oneOf")


@dataclass(frozen=True)
class InputField:
    """One field of the input."""

    types: frozenset[str]
    """JSON types without `null`. Empty if the schema names none."""
    choices: tuple[Any, ...]
    """The values that it accepts. Empty if it accepts any."""
    default: Any
    """None if it has none."""


@dataclass(frozen=True)
class EndpointInput:
    """All fields of the input."""

    fields: Mapping[str, InputField]
    required: frozenset[str]


def input_of(document: Mapping[str, Any], endpoint_id: str) -> EndpointInput:
    """Return the input of an endpoint. Raise `ValueError` if the document doesn't define it."""
    flat = SchemaReader(document).flat
    try:
        body = document["paths"][f"/{endpoint_id}"]["post"]["requestBody"]
        schema = flat(body["content"]["application/json"]["schema"])
        if not schema["properties"]:
            raise ValueError("it names no field")
        fields = {name: _field(flat(one)) for name, one in schema["properties"].items()}
        return EndpointInput(fields, frozenset(schema.get("required") or ()))
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


class SchemaReader:
    """Follow the references of one document, up to a limit."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._left = MOST_PARTS

    def flat(self, schema: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
        """Return a schema with all its references and combinations merged in."""
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            raise ValueError("its references are circular or lead to too many parts")
        targets = [_target(self._document, schema["$ref"])] if "$ref" in schema else []
        parts = self._flat_each([*targets, *(schema.get("allOf") or ())], depth)
        for name in ("anyOf", "oneOf"):
            each = self._flat_each(schema.get(name) or (), depth)
            if alternatives := [one for one in each if not _is_null(one)]:
                parts.append(_either(alternatives))
        own = {key: value for key, value in schema.items() if key not in COMBINED}
        return _all(*parts, own)

    def _flat_each(self, parts: Iterable[Mapping[str, Any]], depth: int) -> list[dict[str, Any]]:
        return [self.flat(part, depth + 1) for part in parts]


def _field(schema: Mapping[str, Any]) -> InputField:
    choices = [schema["const"]] if "const" in schema else schema.get("enum") or ()
    return InputField(
        types=frozenset(_types(schema)) - {"null"},
        choices=tuple(choice for choice in choices if choice is not None),
        default=schema.get("default"),
    )


def _target(document: Mapping[str, Any], reference: str) -> Mapping[str, Any]:
    """Resolve a reference within the document."""
    start, *steps = reference.split("/")
    if start != "#":
        raise ValueError(f"it refers to another document, {reference}")
    target: Any = document
    for step in steps:
        target = target[step.replace("~1", "/").replace("~0", "~")]
    found: Mapping[str, Any] = target
    return found


def _all(*schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Merge schemas that must all match. For a single value, the last one wins."""
    merged: dict[str, Any] = {}
    for schema in schemas:
        properties = {**merged.get("properties", {}), **schema.get("properties", {})}
        required = [*merged.get("required", ()), *schema.get("required", ())]
        merged |= {**schema, "properties": properties, "required": required}
    return merged


def _either(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    """Merge the types and choices of alternative schemas."""
    if len(schemas) == 1:
        return schemas[0]
    choices = [_field(schema).choices for schema in schemas]
    merged: dict[str, Any] = {"type": [one for schema in schemas for one in _types(schema)]}
    if all(choices):
        merged["enum"] = [choice for some in choices for choice in some]
    return merged


def _types(schema: Mapping[str, Any]) -> list[str]:
    types = schema.get("type") or []
    return [types] if isinstance(types, str) else list(types)


def _is_null(schema: Mapping[str, Any]) -> bool:
    return _types(schema) == ["null"]
