"""Check that the parts of a record fit together."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from ..exceptions import InvalidEndpoint
from .option import UNSET, Option, has_kind
from .price import TABLES, key_text
from .record import Endpoint
from .values import Text

Problem = tuple[str, Text]

LIMITS = (
    ("min_seconds", "max_seconds"),
    ("min_seconds", "below_seconds"),
    ("min_side", "max_side"),
    ("min_aspect", "max_aspect"),
    ("min_fps", "max_fps"),
    ("minimum", "maximum"),
)


def check(endpoint: Endpoint) -> None:
    """Raise `InvalidEndpoint` for the first part that does not fit the others."""
    for problems in PARTS:
        for where, what in problems(endpoint):
            raise InvalidEndpoint(f"{endpoint.key}.{where}: {what}")


def _names(endpoint: Endpoint) -> Iterator[Problem]:
    """Find names that occur twice in a request."""
    names = [("source.param", endpoint.source.param), ("prompt_param", endpoint.prompt_param)]
    names += [("constants", name) for name in endpoint.constants]
    if endpoint.references:
        names.append(("references.param", endpoint.references.param))
    for number, option in enumerate(endpoint.options):
        names.append((f"options[{number}].name", option.name))
    seen = set()
    for where, name in names:
        if name in seen:
            yield where, _("the request already has a “%(name)s”.") % {"name": name}
        seen.add(name)


def _options(endpoint: Endpoint) -> Iterator[Problem]:
    """Find values of options that could not be sent."""
    for number, option in enumerate(endpoint.options):
        for choice in option.choices:
            if not _is_choice(option, choice):
                message = _("“%(choice)s” is not a value of the kind “%(kind)s”.")
                what = message % {"choice": choice, "kind": option.kind}
                yield f"options[{number}].choices", what
        if option.default is not UNSET and (problem := option.problem(option.default)):
            yield f"options[{number}].default", problem


def _is_choice(option: Option, choice: object) -> bool:
    kinds = ("bool", "number", "text") if option.kind == "enum" else (option.kind,)
    return any(has_kind(choice, kind) for kind in kinds)


def _exclusions(endpoint: Endpoint) -> Iterator[Problem]:
    for number, option in enumerate(endpoint.options):
        for other in option.excludes:
            if other == option.name or other not in _chosen(endpoint):
                yield f"options[{number}].excludes", _no_option(other)


def _limits(endpoint: Endpoint) -> Iterator[Problem]:
    """Find lower limits above the upper ones."""
    parts: list[tuple[str, object]] = [("source", endpoint.source)]
    parts += [("references", endpoint.references)] if endpoint.references else []
    parts += [(f"options[{number}]", option) for number, option in enumerate(endpoint.options)]
    for where, part in parts:
        for lower, upper in LIMITS:
            least, most = getattr(part, lower, None), getattr(part, upper, None)
            if least is not None and most is not None and least > most:
                yield f"{where}.{lower}", _("it must not be above “%(upper)s”.") % {"upper": upper}


def _codecs(endpoint: Endpoint) -> Iterator[Problem]:
    """Find codecs where no file is sent."""
    if endpoint.source.codecs and endpoint.source.kind == "sora_id":
        yield "source.codecs", _("it has no effect: the request names an id and sends no file.")


def _references(endpoint: Endpoint) -> Iterator[Problem]:
    references = endpoint.references
    if references and not references.as_list and references.maximum != 1:
        yield "references.maximum", _("it must be 1 unless “as_list” is set.")


def _audio(endpoint: Endpoint) -> Iterator[Problem]:
    """Find a switch for the sound that no option has."""
    audio = endpoint.audio
    option = next((one for one in endpoint.options if one.name == audio.param), None)
    if option is None:
        if audio.policy == "switch" or audio.param:
            yield "audio.param", _no_option(audio.param)
        return
    for name, value in (("keep", audio.keep), ("drop", audio.drop)):
        if value is not None and (problem := option.problem(value)):
            yield f"audio.{name}", problem


def _mentions(endpoint: Endpoint) -> Iterator[Problem]:
    """Find names of options that don't exist."""
    names = {option.name for option in endpoint.options}
    mentioned = [("price.by", name) for name in endpoint.price.by]
    for where, name in (
        ("price.duration_option", endpoint.price.duration_option),
        ("deletes_result", endpoint.deletes_result),
    ):
        mentioned += [(where, name)] if name else []
    for where, name in mentioned:
        if name not in names:
            yield where, _no_option(name)


def _rates(endpoint: Endpoint) -> Iterator[Problem]:
    """Find rates that no choice of options selects."""
    price = endpoint.price
    options = {option.name: option for option in endpoint.options}
    for table in TABLES:
        for key in filter(None, getattr(price, table)):
            parts = key.split("|")
            if len(parts) != len(price.by) or not all(
                _leads_to(options[name], part) for name, part in zip(price.by, parts, strict=True)
            ):
                yield f"price.{table}", _("no choice of options leads to “%(key)s”.") % {"key": key}


def _leads_to(option: Option, part: str) -> bool:
    return not option.choices or part in ["", *map(key_text, option.choices)]


def _chosen(endpoint: Endpoint) -> set[str]:
    """Return the names of the options and references."""
    names = {option.name for option in endpoint.options}
    return names | {endpoint.references.param} if endpoint.references else names


def _no_option(name: str) -> Text:
    return _("there is no option “%(name)s”.") % {"name": name}


PARTS = (_names, _limits, _codecs, _options, _exclusions, _references, _audio, _mentions, _rates)
