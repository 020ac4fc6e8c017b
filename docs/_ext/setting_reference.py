"""Document the settings from the docstrings of `sora_remix.conf`, so that both say the same."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

from sora_remix.conf import PREFIX, Conf

MODULE = "sora_remix.conf"


class SettingsDirective(SphinxDirective):
    """Insert every setting of the app with its default and its docstring."""

    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Return the parsed entries, in the order of the module."""
        docs = ModuleAnalyzer.for_module(MODULE).find_attr_docs()
        lines = [
            line
            for (_owner, name), text in docs.items()
            if name.startswith(PREFIX)
            for line in entry(name, text)
        ]
        section = nodes.container()
        self.state.nested_parse(StringList(lines, MODULE), 0, section)
        return section.children


def entry(name: str, text: list[str]) -> list[str]:
    """Return the Markdown of one setting."""
    default = f"Default: `{shown(getattr(Conf, name))}`"
    return [f"````{{setting}} {name}", default, "", *text, "````", ""]


def shown(value: object) -> str:
    """Return a default as we write it in code: texts have double quotes."""
    return json.dumps(value) if isinstance(value, str | list) else repr(value)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, and a role `setting` that links to an entry."""
    app.add_object_type("setting", "setting", indextemplate="pair: %s; setting")
    app.add_directive("all-settings", SettingsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
