"""The endpoints as records: what a request holds, which options it takes, what it costs.

Adding an endpoint is adding a record, here or in `SORA_REMIX_ENDPOINTS`. Request bodies are
built from the record alone: nothing is sent that it does not name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Protocol

from django.utils.translation import gettext_lazy as _

from .conf import conf
from .exceptions import InvalidEndpoint, Reason, RequestRefused, UnknownEndpoint

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
        if not isinstance(value, _TYPES[self.kind]) or (
            isinstance(value, bool) and self.kind != "bool"
        ):
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


_TYPES: dict[str, tuple[type, ...]] = {
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


SORA_2 = Endpoint(
    key="sora-2",
    endpoint_id="fal-ai/sora-2/video-to-video/remix",
    label="Sora 2",
    source=Source(kind="sora_id", param="video_id"),
    price=Price(per_source_second=Decimal("0.10"), as_of=date(2026, 11, 22)),
    options=(
        # The endpoint's own default is true, which ends the chain for good.
        Option(
            name="delete_video",
            kind="bool",
            default=False,
            label=_("Delete the result at the provider"),
            help=_(
                "Your own copy stays. A result that is deleted at the provider "
                "can never be remixed again."
            ),
        ),
    ),
    outputs=Outputs(sora_id="video_id", thumbnail="thumbnail", spritesheet="spritesheet"),
    deletes_result="delete_video",
    ends_on=date(2026, 9, 24),
    typical_seconds=180,
    note=_("Only videos that Sora 2 made on fal can be remixed."),
    doc_url="https://fal.ai/models/fal-ai/sora-2/video-to-video/remix",
    checked_on=date(2026, 11, 22),
)

BUILT_IN = {SORA_2.key: SORA_2}

_RECORDS: dict[str, type] = {"source": Source, "price": Price, "outputs": Outputs}


def all_endpoints() -> dict[str, Endpoint]:
    """Return the built-in records and the site's own by key; raise `InvalidEndpoint`."""
    return BUILT_IN | {
        key: record if isinstance(record, Endpoint) else _endpoint(key, record)
        for key, record in conf.SORA_REMIX_ENDPOINTS.items()
    }


def get_endpoint(key: str) -> Endpoint:
    """Return the record with this key; raise `UnknownEndpoint`, `InvalidEndpoint`."""
    try:
        return all_endpoints()[key]
    except KeyError:
        message = _("There is no endpoint “%(key)s”; there are: %(known)s.")
        known = ", ".join(all_endpoints())
        raise UnknownEndpoint(message % {"key": key, "known": known}) from None


def default_endpoint() -> Endpoint:
    """Return the record that is offered first; raise `UnknownEndpoint`, `InvalidEndpoint`."""
    return get_endpoint(conf.SORA_REMIX_ENDPOINT)


def _endpoint(key: str, record: Mapping[str, Any]) -> Endpoint:
    values = dict(record)
    for name, kind in _RECORDS.items():
        if name in values:
            values[name] = _record(kind, values[name], f"{key}.{name}")
    values["options"] = tuple(
        _record(Option, option, f"{key}.options[{number}]")
        for number, option in enumerate(values.get("options", ()))
    )
    endpoint: Endpoint = _record(Endpoint, {"key": key, **values}, key)
    return endpoint


def _record(kind: type, values: Mapping[str, Any], where: str) -> Any:
    known = {one.name: one for one in fields(kind)}
    for name in values:
        if name not in known:
            raise InvalidEndpoint(
                _("%(where)s: there is no field “%(name)s”.") % {"where": where, "name": name}
            )
    for name, one in known.items():
        if one.default is MISSING and one.default_factory is MISSING and name not in values:
            raise InvalidEndpoint(
                _("%(where)s: the field “%(name)s” is missing.") % {"where": where, "name": name}
            )
    return kind(**{name: _value(name, value, where) for name, value in values.items()})


def _value(name: str, value: Any, where: str) -> Any:
    """Read amounts, which settings give as text, and lists."""
    if name == "per_source_second":
        try:
            return Decimal(str(value))
        except InvalidOperation:
            raise InvalidEndpoint(
                _("%(where)s: “%(value)s” is not an amount.") % {"where": where, "value": value}
            ) from None
    return tuple(value) if isinstance(value, list) else value
