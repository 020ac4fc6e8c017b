"""What is known of an endpoint: what a request holds, which options it takes, what it costs.

Request bodies are built from the record alone: nothing is sent that it does not name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, Protocol

from django.utils.translation import gettext_lazy as _

from ..exceptions import Reason, RequestRefused

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise


class Unset(Enum):
    """Tell "not sent" from every value that can be sent."""

    UNSET = "unset"


UNSET = Unset.UNSET


class Clip(Protocol):
    """What an endpoint wants to know of a video."""

    sora_id: str
    is_deleted_at_provider: bool
    duration: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of an endpoint, under its wire name and with its wire type."""

    name: str
    kind: Literal["bool", "int", "number", "enum", "text"]
    default: Any = UNSET
    """Sent when nothing else was chosen; `UNSET` leaves it to the endpoint."""
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    label: Text = ""
    help: Text = ""

    def problem(self, value: object) -> Text | None:
        """Say why this value can't be sent, if it can't."""
        if self.choices:
            if not any(value == one and type(value) is type(one) for one in self.choices):
                allowed = ", ".join(map(str, self.choices))
                return _("“%(name)s” must be one of: %(allowed)s.") % {
                    "name": self.name,
                    "allowed": allowed,
                }
            return None
        if not _has_kind(value, self.kind):
            return _("“%(name)s” must be %(kind)s.") % {
                "name": self.name,
                "kind": _KIND_NAMES[self.kind],
            }
        return self._outside(value) if isinstance(value, int | float) else None

    def _outside(self, value: float) -> Text | None:
        if (self.minimum is not None and value < self.minimum) or (
            self.maximum is not None and value > self.maximum
        ):
            return _("“%(name)s” must be from %(minimum)s to %(maximum)s.") % {
                "name": self.name,
                "minimum": "…" if self.minimum is None else self.minimum,
                "maximum": "…" if self.maximum is None else self.maximum,
            }
        return None

    def read(self, text: str) -> Any:
        """Turn text, as typed on a command line, into a value of the wire type if it can be one.

        What can't be read is returned as it is, so that `problem` names it.
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


def _has_kind(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    if isinstance(value, float) and not isfinite(value):
        return False  # JSON has no such number
    return isinstance(value, TYPES[kind])


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


@dataclass(frozen=True, kw_only=True)
class Source:
    """How the endpoint is told which video to remix."""

    kind: Literal["sora_id"]
    """`sora_id`: the id of an earlier Sora generation that the provider still has."""
    param: str


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a run costs, in US dollars."""

    per_source_second: Decimal
    as_of: date | None = None
    is_firm: bool = True
    """False when sources disagree: the app then says "about"."""

    def estimate(self, seconds: Decimal | None) -> Decimal | None:
        """Return the cost for a source of this length; an unknown length costs None, never 0."""
        if seconds is None:
            return None
        return (self.per_source_second * seconds).quantize(Decimal("0.000001"))


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Under which keys the result holds what."""

    video: str = "video"
    sora_id: str = ""
    thumbnail: str = ""
    spritesheet: str = ""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One fal endpoint that makes a video from a video and a prompt."""

    key: str
    """Stable name, stored with each remix."""
    endpoint_id: str
    """fal's id: the path that is posted to."""
    label: Text
    source: Source
    price: Price
    prompt_param: str = "prompt"
    prompt_max: int | None = None
    options: tuple[Option, ...] = ()
    outputs: Outputs = field(default_factory=Outputs)
    deletes_result: str = ""
    """Option that, when true, has the provider forget the result: it can't be a source."""
    ends_on: date | None = None
    """The day the provider switches it off."""
    typical_seconds: int = 120
    note: Text = ""
    doc_url: str = ""
    checked_on: date | None = None

    def __str__(self) -> str:
        return str(self.label)

    def is_retired(self, today: date) -> bool:
        """Tell whether its provider has switched it off."""
        return self.ends_on is not None and self.ends_on <= today

    def refusal(self, clip: Clip) -> Text | None:
        """Say why this video can't be remixed here, if it can't."""
        if not clip.sora_id:
            return _("It is not a Sora generation: it has no Sora id.")
        if clip.is_deleted_at_provider:
            return _("Its provider has deleted it, so it can't be remixed any more.")
        return None

    def estimate(self, clip: Clip) -> Decimal | None:
        """Return what remixing this video will cost in US dollars, None when unknown."""
        return self.price.estimate(clip.duration)

    def prompt_problem(self, prompt: str) -> Text | None:
        """Say why this prompt can't be sent, if it can't."""
        if not prompt.strip():
            return _("The prompt is empty.")
        if self.prompt_max is not None and len(prompt) > self.prompt_max:
            return _("The prompt is longer than %(most)d characters.") % {"most": self.prompt_max}
        return None

    def option_problems(self, options: Mapping[str, object]) -> list[Reason]:
        """List the options that can't be sent, each with the reason."""
        known = {option.name: option for option in self.options}
        reasons = []
        for name, value in options.items():
            if name not in known:
                message = _("“%(endpoint)s” has no option “%(name)s”.")
                reasons.append(Reason(name, message % {"endpoint": self.label, "name": name}))
            elif problem := known[name].problem(value):
                reasons.append(Reason(name, problem))
        return reasons

    def complete(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options as they will be sent: what was chosen, else our defaults."""
        chosen = {option.name: options.get(option.name, option.default) for option in self.options}
        return {name: value for name, value in chosen.items() if value is not UNSET}

    def arguments(self, clip: Clip, prompt: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body of the request; raise `RequestRefused` when the video can't be sent."""
        if refusal := self.refusal(clip):
            raise RequestRefused([Reason("videos", refusal)])
        return {
            self.source.param: clip.sora_id,
            self.prompt_param: prompt,
            **self.complete(options),
        }

    def forgets(self, options: Mapping[str, Any]) -> bool:
        """Tell whether the provider deletes the result of a remix with these options."""
        return options.get(self.deletes_result) is True
