"""The options of an endpoint, with their wire names and wire types."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import Any, Literal

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from .values import Bound, Name, Names
from .values import Text as Text  # modules outside import it from here


class Unset(Enum):
    """A value for "not sent", unlike any value that can be sent."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of an endpoint, under its wire name and with its wire type."""

    name: Name
    kind: Literal["bool", "int", "number", "enum", "text"]
    default: Any = UNSET
    """Sent when nothing else was chosen; `UNSET` leaves it to the endpoint."""
    endpoint_default: Any = UNSET
    """The endpoint's own default, where ours is another one."""
    choices: tuple[Any, ...] = ()
    """Wire values with their own types: 0 is not "0", and True is not 1."""
    minimum: Bound | None = None
    maximum: Bound | None = None
    excludes: Names = ()
    """Options, or the references, that may not be set together with this one."""
    advanced: bool = False
    """True for what editors seldom need."""
    label: Text = ""
    help: Text = ""

    def problem(self, value: object) -> Text | None:
        """Say why this value can't be sent, if it can't."""
        if value is None and self.default is None:
            return None
        if self.choices:
            return self._no_choice(value)
        if not has_kind(value, self.kind):
            return _("“%(name)s” must be %(kind)s.") % {
                "name": self.name,
                "kind": _KIND_NAMES[self.kind],
            }
        return self._outside(value) if isinstance(value, int | float) else None

    def _no_choice(self, value: object) -> Text | None:
        if any(is_same(value, choice) for choice in self.choices):
            return None
        return _("“%(name)s” must be one of: %(allowed)s.") % {
            "name": self.name,
            "allowed": ", ".join(map(str, self.choices)),
        }

    def _outside(self, value: float) -> Text | None:
        if (self.minimum is not None and value < self.minimum) or (
            self.maximum is not None and value > self.maximum
        ):
            return _("“%(name)s” must be from %(minimum)s to %(maximum)s.") % {
                "name": self.name,
                "minimum": "…" if self.minimum is None else number_format(self.minimum),
                "maximum": "…" if self.maximum is None else number_format(self.maximum),
            }
        return None

    def read(self, text: str) -> Any:
        """Convert text into a value of the wire type.

        Text that can't be converted is returned as it is, so that `problem` names it.
        """
        for choice in self.choices:
            if text == str(choice):
                return choice
        if self.kind == "bool":
            return {"true": True, "false": False}.get(text.lower(), text)
        try:
            return {"int": int, "number": float}.get(self.kind, str)(text)
        except ValueError:
            return text


def has_kind(value: object, kind: str) -> bool:
    """Tell whether the value has the wire type of this kind of option."""
    if isinstance(value, bool):
        return kind == "bool"
    if isinstance(value, float) and not isfinite(value):
        return False  # JSON has no such number
    return isinstance(value, TYPES[kind])


def is_same(value: object, other: object) -> bool:
    """Tell whether both are the same in JSON, where True is not 1."""
    return type(value) is type(other) and value == other


def is_set(value: object) -> bool:
    """Tell whether a value is set: not left out, empty or off."""
    return not any(value is nothing for nothing in (UNSET, None, False)) and value not in ("", [])


TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "number": (int, float),
    "enum": (str,),
    "text": (str,),
}
_KIND_NAMES = {
    "bool": _("true or false"),
    "int": _("a whole number"),
    "number": _("a number"),
    "enum": _("a text"),
    "text": _("a text"),
}
