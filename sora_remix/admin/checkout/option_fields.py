"""Form fields for the options of an endpoint; their values have the wire type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...endpoints import UNSET, Endpoint, Option, is_same

UNCHOSEN = _("Model default")


def option_field(option: Option) -> forms.Field:
    """Return the field of an option; when left empty, the record decides."""
    common: dict[str, Any] = {
        "label": option.label or option.name,
        "help_text": escape(option.help),
        "required": False,
        "initial": None if option.default is UNSET else option.default,
    }
    if option.choices:
        return forms.TypedChoiceField(
            choices=_choices(option), coerce=option.read, empty_value=None, **common
        )
    if option.kind == "bool":
        return _switch(option, common)
    field = _typed(option, common)
    if option.default is UNSET:
        field.widget.attrs["placeholder"] = UNCHOSEN
    return field


def _typed(option: Option, common: dict[str, Any]) -> forms.Field:
    limits = {"min_value": option.minimum, "max_value": option.maximum}
    match option.kind:
        case "int":
            return forms.IntegerField(**{**limits, **common})
        case "number":
            widget = forms.NumberInput(attrs={"step": "any"})
            return forms.FloatField(widget=widget, **{**limits, **common})
    return forms.CharField(**common)


def _switch(option: Option, common: dict[str, Any]) -> forms.Field:
    if option.default is not UNSET:
        return forms.BooleanField(**common)
    field = forms.NullBooleanField(**common)
    field.widget.choices = [("unknown", UNCHOSEN), ("true", _("Yes")), ("false", _("No"))]
    return field


def _choices(option: Option) -> list[tuple[str, Any]]:
    choices = [(str(choice), _words(choice)) for choice in option.choices]
    return [("", UNCHOSEN), *choices] if option.default is UNSET else [*choices]


def changes(endpoint: Endpoint, chosen: Mapping[str, Any]) -> list[str]:
    """Name the options that differ from their defaults, with their values."""
    return [
        _change(option, chosen[option.name])
        for option in endpoint.options
        if option.name in chosen and not is_same(chosen[option.name], option.default)
    ]


def _change(option: Option, value: Any) -> str:
    """Say what was chosen; a text such as “720p” needs no label."""
    if option.kind == "enum" and isinstance(value, str):
        return _words(value)
    label = option.label or option.name
    return gettext("%(label)s: %(value)s") % {"label": label, "value": _words(value)}


def _words(value: Any) -> str:
    """Write the value of an option for people."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return str(value).replace("_", " ")
