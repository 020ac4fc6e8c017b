"""A minimal browser for the admin's forms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx
from django.core.management.base import CommandError

Values = Mapping[str, str | list[str]]


@dataclass
class Form:
    """A form on a page."""

    action: str
    names: set[str] = field(default_factory=set)
    values: dict[str, str | list[str]] = field(default_factory=dict)
    """The values that are sent if nothing is changed."""


class Browser:
    """Keeps cookies and the current page."""

    def __init__(self, base_url: str) -> None:
        self.client = httpx.Client(
            base_url=base_url, follow_redirects=True, trust_env=False, timeout=30
        )
        self.url = httpx.URL(base_url)
        self.text = ""

    def open(self, path: str) -> None:
        """Open a page."""
        self._show(self.client.get(path))

    def submit(self, having: str, values: Values) -> None:
        """Fill in and submit the form that has this field."""
        reader = FormReader()
        reader.feed(self.text)
        form = next((form for form in reader.forms if having in form.names), None)
        if form is None:
            raise CommandError(f"The page {self.url} has no form with the field {having!r}.")
        target = urljoin(str(self.url), form.action)
        self._show(self.client.post(target, data={**form.values, **values}))

    def _show(self, answer: httpx.Response) -> None:
        if answer.is_error:
            raise CommandError(f"{answer.request.method} {answer.url}: HTTP {answer.status_code}.")
        self.url, self.text = answer.url, answer.text


class FormReader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._open = ""
        """Name of the select or textarea that is being read."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(has.get("action", ""))
            self.forms.append(self._form)
        elif self._form and tag == "option" and self._open:
            if "selected" in has or self._open not in self._form.values:
                self._form.values[self._open] = has.get("value", "")
        elif self._form and has.get("name"):
            self._form.names.add(has["name"])
            self._control(self._form, tag, has)

    def _control(self, form: Form, tag: str, has: Mapping[str, str]) -> None:
        name, kind = has["name"], has.get("type", "text")
        if tag in ("select", "textarea"):
            self._open = name
        elif tag == "input" and kind in ("checkbox", "radio"):
            if "checked" in has:
                _add(form, name, has.get("value", "on"))
        elif tag == "input" and kind not in ("submit", "button", "file", "image", "reset"):
            form.values[name] = has.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in ("select", "textarea"):
            self._open = ""


def _add(form: Form, name: str, value: str) -> None:
    """Tick a box, and keep other ticked boxes of the same name."""
    ticked = form.values.get(name)
    others = [ticked] if isinstance(ticked, str) else ticked
    form.values[name] = [*others, value] if others else value
