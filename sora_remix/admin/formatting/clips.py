"""Parts of videos, and how clips were fitted to an endpoint, as text."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext

from ...endpoints.measure import FPS
from ...models import Remix
from ...recipe import Recipe, time_of

Status = Remix.Status


def part(recipe: str) -> str:
    """Name the part of the source that a recipe takes; return nothing for all of it."""
    steps = _read(recipe)
    if steps is None or not (steps.start or steps.end):
        return ""
    if steps.end is None:
        return gettext("from %(start)s to the end") % {"start": time_of(steps.start)}
    times = {"start": time_of(steps.start), "end": time_of(steps.end)}
    return gettext("%(start)s to %(end)s") % times


def made_from(remix: Remix) -> str:
    """Say which part of its source a remix was made from, and how that was changed."""
    if (steps := _read(remix.recipe)) is None:
        return ""
    said = part(remix.recipe) or gettext("all of it")
    return gettext("%(part)s, as %(changes)s") % {
        "part": said,
        "changes": ", ".join(_changes(steps)),
    }


def progress(
    *,
    status: str,
    recipe: str,
    clip: str | None,
    done: Decimal | None,
    source_length: Decimal | None,
) -> str:
    """Say how much of its clip is made, while a remix waits for that.

    `clip` is the name of the clip's file.
    """
    if status != Status.QUEUED or not recipe or clip:
        return ""
    if not done:
        return gettext("waiting to be fitted")
    length = _length(recipe, source_length)
    numbers = {"done": number_format(done.to_integral_value(ROUND_FLOOR))}
    if length is None:
        return gettext("being fitted, %(done)s s so far") % numbers
    numbers["length"] = number_format(length.to_integral_value(ROUND_HALF_UP))
    return gettext("being fitted, %(done)s of %(length)s s") % numbers


def _changes(steps: Recipe) -> Iterator[str]:
    yield gettext("MP4 (H.264, AAC)")
    if steps.width and steps.height:
        yield gettext("%(size)s px") % {"size": f"{steps.width} × {steps.height}"}
    if steps.shape == "crop":
        yield gettext("edges cropped")
    elif steps.shape == "pad":
        yield gettext("black bars added")
    if steps.fps is not None:
        yield FPS.with_unit(steps.fps)


def _length(recipe: str, source_length: Decimal | None) -> Decimal | None:
    steps = _read(recipe)
    if steps is None:
        return None
    ends = [at for at in (steps.end, source_length) if at is not None]
    return min(ends) - steps.start if ends else None


def _read(recipe: str) -> Recipe | None:
    """Read a recipe; None where there is none, or none that this version knows."""
    try:
        return Recipe.from_text(recipe) if recipe else None
    except (ValueError, TypeError):
        return None
