"""Document the fields of endpoint records from the dataclasses that define them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from importlib import import_module
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

from sora_remix.endpoints import UNSET


class FieldsDirective(SphinxDirective):
    """Insert a table of the fields of a dataclass, given as `module.Class`."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Return the parsed table."""
        module, _, name = self.arguments[0].rpartition(".")
        cls = getattr(import_module(module), name)
        docs = ModuleAnalyzer.for_module(cls.__module__).find_attr_docs()
        lines = list(table(cls, {key[1]: text for key, text in docs.items() if key[0] == name}))
        section = nodes.container()
        self.state.nested_parse(StringList(lines, module), 0, section)
        return section.children


def table(cls: type, docs: dict[str, list[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield from ("| field | type | default | meaning |", "|---|---|---|---|")
    for field in fields(cls):
        if not field.name.startswith("_"):
            meaning = " ".join(docs.get(field.name, ())).strip()
            cells = (f"`{field.name}`", f"`{field.type}`", default_of(field), meaning)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def default_of(field: Field[Any]) -> str:
    """Return the default of a field as Markdown."""
    made = field.default_factory
    value = field.default if made is MISSING else made()
    if value is MISSING:
        return "required"
    if value is UNSET:
        return "not sent"
    if is_dataclass(value):
        return "see below"
    return f"`{json.dumps(value) if isinstance(value, str) else repr(value)}`"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("record-fields", FieldsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
