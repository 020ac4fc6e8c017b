"""Validate an input against its schema, with pydantic's error messages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .schemas import NULL

JSON = dict[str, Any]
Place = tuple[str | int, ...]

TYPES: dict[str, tuple[type | tuple[type, ...], str, str]] = {
    "string": (str, "string_type", "string"),
    "boolean": (bool, "bool_type", "boolean"),
    "integer": (int, "int_type", "integer"),
    "number": ((int, float), "float_type", "number"),
    "array": (list, "list_type", "list"),
    "object": (
        dict,
        "model_attributes_type",
        "dictionary or object to extract fields from",
    ),
}
BOUNDS = {
    "minimum": ("greater_than_equal", "ge", "greater than or equal to"),
    "maximum": ("less_than_equal", "le", "less than or equal to"),
}
LENGTHS = {"minLength": "short", "maxLength": "long", "minItems": "short", "maxItems": "long"}


@dataclass(frozen=True)
class Validator:
    """Checks as strictly as JSON has types: true is not 1, and "1" isn't either."""

    models: JSON = field(default_factory=dict)
    """The schemas that others refer to, by name."""
    tolerant: bool = False
    """Whether unknown keys are accepted."""

    def check(self, schema: JSON, value: object, at: Place = ("body",)) -> Iterator[JSON]:
        """Yield the errors of a value."""
        if "$ref" in schema:
            schema = self.models[schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            yield from self._check_any(schema["anyOf"], value, at)
        elif "enum" in schema:
            yield from _check_choice(schema["enum"], value, at)
        elif wrong := _check_type(schema["type"], value, at):
            yield wrong
        elif isinstance(value, dict):
            yield from self._check_object(schema, value, at)
        elif isinstance(value, list):
            yield from _check_length(schema, value, at)
            for index, item in enumerate(value):
                yield from self.check(schema["items"], item, (*at, index))
        elif isinstance(value, str):
            yield from _check_length(schema, value, at)
        elif isinstance(value, int | float):
            yield from _check_bounds(schema, value, at)

    def _check_any(self, schemas: list[JSON], value: object, at: Place) -> Iterator[JSON]:
        if value is None and NULL in schemas:
            return
        findings = [list(self.check(one, value, at)) for one in schemas if one != NULL]
        if all(findings):
            yield from findings[0]

    def _check_object(self, schema: JSON, value: JSON, at: Place) -> Iterator[JSON]:
        properties = schema["properties"]
        for name, one in properties.items():
            if name in value:
                yield from self.check(one, value[name], (*at, name))
            elif name in schema["required"]:
                yield complaint("missing", "Field required", (*at, name), value)
        if not self.tolerant:
            for name in value.keys() - properties.keys():
                text = "Extra inputs are not permitted"
                yield complaint("extra_forbidden", text, (*at, name), value[name])


def complaint(kind: str, text: str, at: Place, value: object, **context: object) -> JSON:
    """Return one entry of `detail`."""
    entry: JSON = {"type": kind, "loc": list(at), "msg": text, "input": value}
    return entry | {"ctx": context} if context else entry


def _check_type(name: str, value: object, at: Place) -> JSON | None:
    types, kind, word = TYPES[name]
    if isinstance(value, types) and (name == "boolean" or not isinstance(value, bool)):
        return None
    return complaint(kind, f"Input should be a valid {word}", at, value)


def _check_choice(values: list[object], value: object, at: Place) -> Iterator[JSON]:
    if not any(value == one and type(value) is type(one) for one in values):
        *others, last = map(repr, values)
        expected = f"{', '.join(others)} or {last}" if others else last
        yield complaint(
            "literal_error", f"Input should be {expected}", at, value, expected=expected
        )


def _check_bounds(schema: JSON, value: float, at: Place) -> Iterator[JSON]:
    for key, (kind, name, words) in BOUNDS.items():
        bound = schema.get(key)
        if bound is not None and (value < bound if key == "minimum" else value > bound):
            yield complaint(kind, f"Input should be {words} {bound}", at, value, **{name: bound})


def _check_length(schema: JSON, value: str | list[object], at: Place) -> Iterator[JSON]:
    for key, word in LENGTHS.items():
        bound = schema.get(key)
        if bound is None or (len(value) >= bound if word == "short" else len(value) <= bound):
            continue
        edge = "at least" if word == "short" else "at most"
        context: JSON = {"min_length" if word == "short" else "max_length": bound}
        if isinstance(value, str):
            text = f"String should have {edge} {bound} character{'s' * (bound != 1)}"
            yield complaint(f"string_too_{word}", text, at, value, **context)
        else:
            text = f"List should have {edge} {bound} items after validation, not {len(value)}"
            context |= {"field_type": "List", "actual_length": len(value)}
            yield complaint(f"too_{word}", text, at, value, **context)
