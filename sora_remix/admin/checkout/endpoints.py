"""The endpoints that an editor can choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.translation import gettext

from ...clock import local, today
from ...endpoints import (
    Endpoint,
    all_endpoints,
    choosable,
    default_endpoint,
    fitting_refusal,
    preferred_by_count,
)
from ...exceptions import SoraRemixError
from ...models import EndpointFact, Video
from .facts import PlannedClip, SelectedClips

if TYPE_CHECKING:
    from ...endpoints.option import Text


@dataclass(frozen=True)
class EndpointChoice:
    """An endpoint, and what it says of each of the videos."""

    endpoint: Endpoint
    planned: Sequence[PlannedClip]
    """Of each video: how it is made to fit."""

    @cached_property
    def kinds(self) -> list[tuple[PlannedClip, int]]:
        """List the plans that differ, each with the number of its videos."""
        plans = {id(one): one for one in self.planned}
        counts = Counter(map(id, self.planned))
        return [(plans[key], many) for key, many in counts.items()]

    @cached_property
    def accepted(self) -> int:
        """Count the videos that it takes, as they are or fitted."""
        return sum(many for one, many in self.kinds if not one.refusal)

    @cached_property
    def fittable(self) -> int:
        """Count the same with those that change visibly, which nobody may have allowed yet."""
        return sum(many for one, many in self.kinds if not one.plan.refusal)

    @property
    def is_retired(self) -> bool:
        return is_retired(self.endpoint)


@dataclass(frozen=True)
class EndpointChoices:
    """The endpoints for a selection of videos."""

    available: Sequence[EndpointChoice]
    """Those that at least one of the videos can fit, the one that takes the most first."""
    first: EndpointChoice
    """Shown at first, even when nothing can be chosen."""
    unavailable: Sequence[tuple[Endpoint, str]]
    """The endpoints that can't be chosen, each with the reason of most videos."""

    def get(self, key: str) -> EndpointChoice | None:
        """Return the choice with this key, if it can be chosen."""
        return next((one for one in self.available if one.endpoint.key == key), None)


def endpoint_choices(clips: SelectedClips) -> EndpointChoices:
    """Sort the endpoints for these videos; raise `UnknownEndpoint`, `InvalidEndpoint`.

    A retired endpoint can be chosen only where none of the videos can fit any other.
    """
    gone = EndpointFact.objects.retired()
    every = [EndpointChoice(one, clips.plan(one)) for one in choosable(gone, today())]
    able = [one for one in every if one.fittable]
    available = [one for one in able if not one.is_retired] or able
    first = _first(available or every, clips, gone)
    available.sort(key=lambda one: (-one.accepted, -one.fittable, one.endpoint != first.endpoint))
    unable = [one for one in every if not one.fittable]
    keys = {one.endpoint.key for one in (*available, *unable)}
    refused = [(one.endpoint, _usual_refusal(one)) for one in unable]
    return EndpointChoices(available, first, [*refused, *_no_longer_offered(keys, gone)])


def _first(
    choices: Sequence[EndpointChoice], clips: SelectedClips, gone: Mapping[str, datetime]
) -> EndpointChoice:
    """Return the choice that is shown at first."""
    is_any_accepted = any(one.accepted for one in choices)
    counts = {
        one.endpoint.key: one.accepted if is_any_accepted else one.fittable for one in choices
    }
    endpoints = [one.endpoint for one in choices]
    first = preferred_by_count(endpoints, counts, today())
    first = first or default_endpoint(clips.facts, gone, today())
    found = next((one for one in choices if one.endpoint == first), None)
    return found or EndpointChoice(first, clips.plan(first))


def is_retired(endpoint: Endpoint) -> bool:
    """Tell whether its provider has switched it off by today."""
    return endpoint.is_retired(today())


def why_not(video: Video, endpoints: Sequence[Endpoint]) -> Text | None:
    """Say why none of the endpoints takes this video, even when it is fitted, if none does.

    Of all reasons, it is the first about what the video is: a file or a Sora generation.
    """
    if not endpoints:
        return gettext("fal no longer offers any of this site's models.")
    refusals = []
    for endpoint in endpoints:
        if not (refusal := fitting_refusal(endpoint.source, video)):
            return None
        refusals.append((endpoint.source.kind, refusal))
    kind = "url" if video.file and not video.sora_id else refusals[0][0]
    return next((refusal for one, refusal in refusals if one == kind), refusals[0][1])


def why_not_remixable(video: Any) -> str:
    """Say why no model that can be chosen takes this video; return nothing if one does."""
    if not hasattr(video, "retired_endpoints"):
        note_retired_endpoints([video])
    return why_none_accepts(video, video.retired_endpoints)


def why_none_accepts(video: Video, retired: Mapping[str, datetime]) -> str:
    """Say the same with the endpoints that fal no longer offers, by its ids."""
    try:
        return str(why_not(video, choosable(retired, today())) or "")
    except SoraRemixError as error:
        return str(error)


def note_retired_endpoints(videos: Iterable[Any]) -> None:
    """Note on each video which endpoints fal no longer offers, read once for all of them."""
    retired = EndpointFact.objects.retired()
    for video in videos:
        video.retired_endpoints = retired


def _usual_refusal(choice: EndpointChoice) -> str:
    reasons: Counter[str] = Counter()
    for one, many in choice.kinds:
        reasons[str(one.refusal)] += many
    return reasons.most_common(1)[0][0] if reasons else gettext("There is no video to remix.")


def _no_longer_offered(
    shown: set[str], gone: Mapping[str, datetime]
) -> Iterator[tuple[Endpoint, str]]:
    """Yield the endpoints that are no longer offered, each with the reason."""
    for endpoint in all_endpoints().values():
        if endpoint.key in shown:
            continue
        if since := gone.get(endpoint.endpoint_id):
            message = gettext("fal has not offered it since %(day)s.")
            yield endpoint, message % {"day": date_format(local(since))}
        elif endpoint.ends_on:
            message = gettext("Its provider switched it off on %(day)s.")
            yield endpoint, message % {"day": date_format(endpoint.ends_on)}
