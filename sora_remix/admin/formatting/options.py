"""The options of a remix in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.formats import number_format
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext

from ...endpoints import Endpoint, get_endpoint
from ...exceptions import SoraRemixError
from ...models import Remix

if TYPE_CHECKING:
    from ...endpoints.option import Text

VALUE_SHOWN = 100


def in_words(remix: Remix) -> str:
    """Return what was chosen for a remix, such as “Resolution: 720p, Keep the sound: Yes”."""
    labels = _labels(remix)
    chosen = ((name, remix.options[name]) for name in _in_order(remix.options, labels))
    shown = ((name, _value(value)) for name, value in chosen)
    message = gettext("%(option)s: %(value)s")
    return ", ".join(
        message % {"option": labels.get(name) or _readable(name), "value": value}
        for name, value in shown
        if value
    )


def facts(remix: Remix) -> list[tuple[str, str]]:
    """Return the options with their name, for a list of facts; nothing if there are none."""
    shown = in_words(remix)
    return [(gettext("Options"), shown)] if shown else []


def _labels(remix: Remix) -> dict[str, Text]:
    """Return the labels of a model's options; nothing if the site no longer has the model."""
    try:
        endpoint = get_endpoint(remix.endpoint)
    except SoraRemixError:
        return {}
    return {**{option.name: option.label for option in endpoint.options}, **_images(endpoint)}


def _images(endpoint: Endpoint) -> dict[str, Text]:
    references = endpoint.references
    return {references.param: references.label} if references else {}


def _in_order(options: Mapping[str, Any], labels: Mapping[str, Text]) -> Iterator[str]:
    yield from (name for name in labels if name in options)
    yield from (name for name in options if name not in labels)


def _value(value: object) -> str:
    """Return a value in words; nothing for one that was left to the model."""
    match value:
        case bool():
            return gettext("Yes") if value else gettext("No")
        case int() | float():
            return str(number_format(value))
        case list():
            return str(len(value)) if value else ""
        case dict():
            return ", ".join(f"{_readable(name)} {_value(part)}" for name, part in value.items())
    return Truncator(" ".join(str(value or "").split())).chars(VALUE_SHOWN)


def _readable(name: str) -> str:
    return capfirst(name.replace("_", " "))
