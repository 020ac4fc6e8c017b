"""The input schema of an endpoint is found anywhere in its document."""

from __future__ import annotations

from typing import Any

import pytest

from sora_remix.fal.schema import InputField, input_of

ID = "fal-ai/sea/edit"


def document(schema: Any, **schemas: Any) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": schema}}}
    return {
        "paths": {f"/{ID}": {"post": {"requestBody": body}}},
        "components": {"schemas": schemas},
    }


def field(schema: Any, **schemas: Any) -> InputField:
    taken = input_of(document({"properties": {"field": schema}}, **schemas), ID)
    return taken.fields["field"]


def test_input_schema_is_found_through_references() -> None:
    sea = {"properties": {"prompt": {"type": "string"}}, "required": ["prompt"]}

    taken = input_of(
        document(
            {"$ref": "#/components/schemas/a~1b"},
            **{"a/b": {"allOf": [{"$ref": "#/components/schemas/Sea"}]}, "Sea": sea},
        ),
        ID,
    )

    assert taken.fields == {"prompt": InputField(frozenset({"string"}), (), None)}
    assert taken.required == {"prompt"}


def test_composed_schemas_are_merged() -> None:
    first = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
    second = {"properties": {"b": {"type": "boolean"}}, "required": ["b"]}

    taken = input_of(document({"allOf": [first, second], "properties": {"c": {}}}), ID)

    assert sorted(taken.fields) == ["a", "b", "c"]
    assert taken.required == {"a", "b"}


@pytest.mark.parametrize(
    ("schema", "types", "choices", "default"),
    [
        ({}, set(), (), None),
        ({"type": "integer", "enum": [0, 2], "default": 0}, {"integer"}, (0, 2), 0),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"string"}, (), None),
        ({"oneOf": [{"enum": ["a"]}, {"type": "null"}], "default": "a"}, set(), ("a",), "a"),
        ({"type": ["string", "null"], "enum": ["a", None]}, {"string"}, ("a",), None),
        ({"anyOf": [{"enum": ["a"]}, {"const": "b"}]}, set(), ("a", "b"), None),
        (
            {"anyOf": [{"enum": ["a"], "type": "string"}, {"type": "integer"}]},
            {"string", "integer"},
            (),
            None,
        ),
        ({"anyOf": [{"type": "null"}]}, set(), (), None),
        ({"$ref": "#/components/schemas/Mode", "default": "x"}, {"string"}, ("x", "y"), "x"),
        ({"allOf": [{"$ref": "#/components/schemas/Mode"}]}, {"string"}, ("x", "y"), None),
    ],
)
def test_field_is_read_in_every_form(
    schema: Any, types: set[str], choices: tuple[Any, ...], default: Any
) -> None:
    mode = {"type": "string", "enum": ["x", "y"]}

    assert field(schema, Mode=mode) == InputField(frozenset(types), choices, default)


@pytest.mark.parametrize(
    "schema",
    [
        None,
        [],
        {},
        {"properties": ["a"]},
        {"properties": {"a": 1}},
        {"properties": {"a": {"type": 1}}},
        {"properties": {"a": {"enum": 1}}},
        {"properties": {"a": {"allOf": 1}}},
        {"properties": {"a": {"$ref": 1}}},
        {"properties": {"a": {"$ref": "#/components/schemas/Nothing"}}},
        {"properties": {"a": {"$ref": "https://example.com/#/a"}}},
        {"properties": {"a": {"$ref": "#/paths"}}, "required": 1},
        {"$ref": "#/components/schemas/Round"},
    ],
)
def test_unreadable_document_is_refused(schema: Any) -> None:
    around = {"allOf": [{"$ref": "#/components/schemas/Round"}]}

    with pytest.raises(ValueError, match=r".+"):
        input_of(document(schema, Round=around), ID)


def test_document_of_another_endpoint_is_refused() -> None:
    with pytest.raises(ValueError, match="KeyError"):
        input_of(document({"properties": {}}), "fal-ai/other")


def test_document_that_expands_to_millions_of_parts_is_refused() -> None:
    twice = {
        f"S{number}": {"allOf": [{"$ref": f"#/components/schemas/S{number + 1}"}] * 2}
        for number in range(18)
    }

    with pytest.raises(ValueError, match="too many parts"):
        input_of(document({"$ref": "#/components/schemas/S0"}, S18={}, **twice), ID)


def test_too_deeply_nested_document_is_refused() -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = {"allOf": [deep]}

    with pytest.raises(ValueError, match="circular"):
        input_of(document(deep), ID)
