"""The endpoints that an editor can choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext

from ...clock import local, today
from ...endpoints import Endpoint, all_endpoints, choosable, default_endpoint, preferred
from ...models import EndpointFact, Video
from ..formatting import money

if TYPE_CHECKING:
    from ...endpoints.option import Text


@dataclass(frozen=True)
class EndpointChoice:
    """An endpoint that accepts at least one of the videos."""

    endpoint: Endpoint

    @property
    def price(self) -> str:
        return money.rate(self.endpoint.price)

    @property
    def is_retired(self) -> bool:
        return is_retired(self.endpoint)


@dataclass(frozen=True)
class EndpointChoices:
    """The endpoints for a selection of videos."""

    available: Sequence[EndpointChoice]
    preferred: Endpoint
    """Selected at first; shown even when nothing can be chosen."""
    unavailable: Sequence[tuple[Endpoint, str]]
    """The endpoints that can't be chosen, each with the reason of most videos."""

    def get(self, key: str) -> Endpoint | None:
        """Return the endpoint with this key, if it can be chosen."""
        return next((one.endpoint for one in self.available if one.endpoint.key == key), None)


def endpoint_choices(videos: Sequence[Video]) -> EndpointChoices:
    """Sort the endpoints for these videos; raise `UnknownEndpoint`, `InvalidEndpoint`."""
    able, unavailable = [], []
    gone = EndpointFact.objects.retired()
    ranked = choosable(gone, today())
    for endpoint in ranked:
        if any(not endpoint.refusal(video) for video in videos):
            able.append(endpoint)
        else:
            unavailable.append((endpoint, _usual_refusal(endpoint, videos)))
    first = preferred(videos, able or ranked, today()) or default_endpoint(videos, gone, today())
    able.sort(key=lambda endpoint: endpoint != first)
    available = [EndpointChoice(endpoint) for endpoint in able]
    return EndpointChoices(available, first, [*unavailable, *_unavailable(ranked, gone)])


def is_retired(endpoint: Endpoint) -> bool:
    """Tell whether its provider has switched it off by today."""
    return endpoint.is_retired(today())


def why_not(video: Video, endpoints: Sequence[Endpoint]) -> Text | None:
    """Say why none of the endpoints accepts this video, if none does.

    Of all reasons, it is the first about what the video is: a file or a Sora generation.
    """
    if not endpoints:
        return gettext("fal no longer offers any of this site's endpoints.")
    refusals = []
    for endpoint in endpoints:
        if not (refusal := endpoint.refusal(video)):
            return None
        refusals.append((endpoint.source.kind, refusal))
    kind = "url" if video.file and not video.sora_id else refusals[0][0]
    return next((refusal for one, refusal in refusals if one == kind), refusals[0][1])


def _usual_refusal(endpoint: Endpoint, videos: Sequence[Video]) -> str:
    reasons = Counter(str(endpoint.refusal(video)) for video in videos)
    return reasons.most_common(1)[0][0] if reasons else gettext("There is no video to remix.")


def _unavailable(
    ranked: Sequence[Endpoint], gone: Mapping[str, datetime]
) -> Iterator[tuple[Endpoint, str]]:
    """Yield the endpoints that are no longer offered, each with the reason."""
    keys = {endpoint.key for endpoint in ranked}
    for endpoint in all_endpoints().values():
        if endpoint.key in keys:
            continue
        if since := gone.get(endpoint.endpoint_id):
            message = gettext("fal has not offered it since %(day)s.")
            yield endpoint, message % {"day": date_format(local(since))}
        elif endpoint.ends_on:
            message = gettext("Its provider switched it off on %(day)s.")
            yield endpoint, message % {"day": date_format(endpoint.ends_on)}
