"""Replace the placeholders in prompts, and list what is wrong with prompts beforehand."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .endpoints import Endpoint
from .models import Video

if TYPE_CHECKING:
    from .endpoints.option import Text

Cell = tuple[Video, int]
"""A video, and the index of the prompt it is remixed with."""


Lengths = Mapping[int, Decimal | None]
"""Seconds of the clips that are sent, by primary key of their videos; others are sent whole."""

WHOLE: Lengths = MappingProxyType({})


def _seconds(video: Video, lengths: Lengths) -> str:
    length = lengths.get(video.pk, video.duration)
    return "" if length is None else f"{length.normalize():f}"


PLACEHOLDERS: Mapping[str, Callable[[Video, Lengths], str]] = {
    "{title}": lambda video, _lengths: video.title,
    "{seconds}": _seconds,
}
"""Return the text for each placeholder; an empty text means that it is unknown."""
BRACES = {"{{": "{", "}}": "}"}
TOKEN = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]")
NAMED = 3
"""How many videos are named when more of them have the same problem."""


def cells(
    videos: Sequence[Video], prompts: Sequence[str], without: Collection[tuple[int, int]]
) -> list[Cell]:
    """Pair every video with every prompt, except these pairs of primary key and index."""
    left_out = frozenset(without)
    return [
        (video, index)
        for video in videos
        for index in range(len(prompts))
        if (video.pk, index) not in left_out
    ]


def fill(prompt: str, video: Video, lengths: Lengths = WHOLE) -> str:
    """Return the prompt for this video; its syntax must have been checked."""
    return TOKEN.sub(lambda token: _filled(token[0], video, lengths), prompt)


def syntax_problem(prompt: str) -> Text | None:
    """Return what is wrong with the braces of a prompt, or None."""
    for token in TOKEN.findall(prompt):
        if token in PLACEHOLDERS or token in BRACES:
            continue
        known = {"token": token, "known": ", ".join(PLACEHOLDERS)}
        if len(token) == 1:
            return _("A single “%(token)s” isn't allowed. To get a brace, type it twice.") % known
        return (
            _(
                "“%(token)s” is not a placeholder. You can use %(known)s. To get a brace, type "
                "it twice."
            )
            % known
        )
    return None


def problems(
    endpoint: Endpoint, prompts: Sequence[str], cells: Iterable[Cell], lengths: Lengths = WHOLE
) -> list[tuple[int, Text]]:
    """List what is wrong with the prompts after replacement, each with the prompt's index."""
    videos: dict[int, list[Video]] = defaultdict(list)
    for video, index in cells:
        videos[index].append(video)
    return [
        (index, problem)
        for index in sorted(videos)
        for problem in _problems(endpoint, prompts[index], videos[index], lengths)
    ]


def _problems(
    endpoint: Endpoint, prompt: str, videos: Sequence[Video], lengths: Lengths
) -> Iterator[Text]:
    if problem := syntax_problem(prompt):
        yield problem
    elif not (names := PLACEHOLDERS.keys() & TOKEN.findall(prompt)):
        if problem := endpoint.prompt_problem(fill(prompt, videos[0], lengths)):
            yield problem
    else:
        found = [_problem(endpoint, prompt, sorted(names), video, lengths) for video in videos]
        yield from _shortened([problem for problem in found if problem])


def _problem(
    endpoint: Endpoint, prompt: str, names: Sequence[str], video: Video, lengths: Lengths
) -> Text | None:
    for name in names:
        if not PLACEHOLDERS[name](video, lengths):
            message = _("“%(title)s”: its %(name)s is unknown.")
            return message % {"title": video.title, "name": name}
    filled = fill(prompt, video, lengths)
    if problem := endpoint.prompt_problem(filled):
        message = _(
            "“%(title)s”: its prompt has %(length)d characters after replacement. %(problem)s"
        )
        return message % {"title": video.title, "length": len(filled), "problem": problem}
    return None


def _shortened(problems: Sequence[Text]) -> Iterator[Text]:
    yield from problems[:NAMED]
    if more := len(problems[NAMED:]):
        message = ngettext(
            "The same applies to %(many)d more video.",
            "The same applies to %(many)d more videos.",
            more,
        )
        yield message % {"many": more}


def _filled(token: str, video: Video, lengths: Lengths) -> str:
    return BRACES[token] if token in BRACES else PLACEHOLDERS[token](video, lengths)
