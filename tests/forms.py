"""Forms of a page, filled in and submitted as by a browser without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from django.test import Client

from tests.html import find_all, inner_text, path_of, root_of

CONTROLS = ("input", "select", "textarea", "button")
PRESSED = ("submit", "image")
NEVER_SENT = (*PRESSED, "button", "reset", "file")


@dataclass(frozen=True)
class Button:
    """A button that submits a form."""

    name: str
    value: str
    label: str


@dataclass(frozen=True)
class Form:
    """A form as it stands on a page."""

    action: str
    names: frozenset[str]
    """Names of all its controls, of file inputs and unticked boxes too."""
    values: dict[str, str | list[str]]
    """Data that a browser sends if nothing is changed, without a button."""
    buttons: tuple[Button, ...]

    def data(self, changes: Mapping[str, Any] = {}, button: str = "") -> dict[str, Any]:
        """Return the data that a browser sends after these changes.

        `button` is the pressed one, by its name or as name=value; by default it has no name. A
        change to None unticks a box. Fail if a browser couldn't send this.
        """
        unknown = changes.keys() - self.names
        assert not unknown, f"The form has no {sorted(unknown)}."
        values = {**self.values, **changes, **self._press(button)}
        return {name: value for name, value in values.items() if value is not None}

    def _press(self, button: str) -> dict[str, str]:
        name, _, value = button.partition("=")
        for one in self.buttons:
            if one.name == name and value in ("", one.value):
                return {name: one.value} if name else {}
        raise AssertionError(f"The form has no button {button!r}: {self.buttons}")


def forms_of(page: Any) -> list[Form]:
    """Return the forms of a page."""
    root = root_of(page)
    return [_form(page, root, form) for form in find_all(root, "form")]


def form_with(page: Any, name: str) -> Form:
    """Return the form that has a control with this name."""
    found = [form for form in forms_of(page) if name in form.names]
    assert len(found) == 1, f"The page has {len(found)} forms with {name!r}."
    return found[0]


def submit(
    client: Client, page: Any, changes: Mapping[str, Any], button: str = "_save", **more: Any
) -> Any:
    """Fill in the form of a page, press a button, and return the response.

    The page is a response, or a path to open first. It must have one form with these fields and
    this button.
    """
    shown = client.get(page) if isinstance(page, str) else page
    name = button.partition("=")[0]
    wanted = {*changes, *([name] if name else [])}
    found = [form for form in forms_of(shown) if wanted <= form.names]
    assert len(found) == 1, f"The page has {len(found)} forms with {sorted(wanted)}."
    [form] = found
    return client.post(form.action, form.data(changes, button), **more)


def _form(page: Any, root: Element, form: Element) -> Form:
    controls = list(_controls(root, form))
    return Form(
        action=urljoin("" if isinstance(page, str) else path_of(page), form.get("action", "")),
        names=frozenset(name for one in controls if (name := one.get("name"))),
        values=_values(controls),
        buttons=tuple(
            Button(
                one.get("name", ""), one.get("value", ""), inner_text(one) or one.get("value", "")
            )
            for one in controls
            if _kind(one) in PRESSED
        ),
    )


def _controls(root: Element, form: Element) -> Iterator[Element]:
    """Yield the enabled controls of a form: those within it, and those that name its id."""
    within = {*form.iter()}
    off = {
        one
        for group in find_all(root, "fieldset")
        if _has(group, "disabled")
        for one in group.iter()
    }
    for element in root.iter():
        if element.tag in CONTROLS and not _has(element, "disabled") and element not in off:
            owner = element.get("form")
            if owner == form.get("id") if owner is not None else element in within:
                yield element


def _has(element: Element, attribute: str) -> bool:
    return element.get(attribute) is not None


def _kind(control: Element) -> str:
    if control.tag == "button":
        return control.get("type", "submit")
    return control.get("type", "text") if control.tag == "input" else str(control.tag)


def _values(controls: list[Element]) -> dict[str, str | list[str]]:
    sent: dict[str, list[str]] = {}
    for control in controls:
        if (name := control.get("name")) and (values := _sent(control)):
            sent.setdefault(name, []).extend(values)
    return {name: values[0] if len(values) == 1 else values for name, values in sent.items()}


def _sent(control: Element) -> list[str]:
    """Return the values that a control sends if nothing is changed."""
    kind = _kind(control)
    if kind in NEVER_SENT:
        return []
    if kind in ("checkbox", "radio"):
        return [control.get("value", "on")] if _has(control, "checked") else []
    if kind == "select":
        return _chosen(control)
    if kind == "textarea":
        text = "".join(control.itertext())
        return [text.replace("\r\n", "\n").replace("\n", "\r\n")]
    return [control.get("value", "")]


def _chosen(select: Element) -> list[str]:
    options = [one for one in select.iter("option") if not _has(one, "disabled")]
    chosen = [one for one in options if _has(one, "selected")]
    if not chosen and not _has(select, "multiple"):
        chosen = options[:1]
    return [one.get("value", inner_text(one)) for one in chosen]
