"""Which endpoints can be chosen, and which one is used when a request names none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from ..conf import conf
from .clip import Clip
from .record import Endpoint
from .registry import all_endpoints, get_endpoint


def choosable(gone: Collection[str], today: date) -> list[Endpoint]:
    """List the endpoints that can be chosen, in the order in which pages show them.

    The endpoint that the site names comes first, then its successor. A retired endpoint is left
    out, unless the site names it, or names none and every other endpoint for the same kind of
    source is retired as well. Those in `gone`, by fal's id, are always left out. Raise
    `UnknownEndpoint`, `InvalidEndpoint`.
    """
    every = {key: one for key, one in _ranked().items() if one.endpoint_id not in gone}
    living = {one.source.kind for one in every.values() if not one.is_retired(today)}
    named = conf.SORA_REMIX_ENDPOINT

    def is_offered(one: Endpoint) -> bool:
        is_alone = not named and one.source.kind not in living
        return one.key == named or is_alone or not one.is_retired(today)

    return [one for one in every.values() if is_offered(one)]


def preferred(clips: Sequence[Clip], endpoints: Sequence[Endpoint], today: date) -> Endpoint | None:
    """Return the endpoint that is used for these clips when a request names none.

    It is the one that accepts the most of them, the first among equals. A retired one is used only
    where no other accepts any. Where the site names an endpoint, it is the first that accepts any.
    """
    accepted = {one.key: sum(not one.refusal(clip) for clip in clips) for one in endpoints}
    return preferred_by_count(endpoints, accepted, today)


def preferred_by_count(
    endpoints: Sequence[Endpoint], accepted: Mapping[str, int], today: date
) -> Endpoint | None:
    """Return the same where it is known by key how many of the clips each endpoint accepts."""
    able = [one for one in endpoints if accepted[one.key]]
    if able and conf.SORA_REMIX_ENDPOINT:
        return able[0]

    def rank(one: Endpoint) -> tuple[bool, int]:
        return not one.is_retired(today), accepted[one.key]

    return max(able or endpoints, key=rank, default=None)


def default_endpoint(clips: Sequence[Clip], gone: Collection[str], today: date) -> Endpoint:
    """Return the endpoint that the site names, else the preferred one for these clips.

    Raise `UnknownEndpoint`, `InvalidEndpoint`.
    """
    if named := conf.SORA_REMIX_ENDPOINT:
        return get_endpoint(named)
    return preferred(clips, choosable(gone, today), today) or next(iter(_ranked().values()))


def _ranked() -> dict[str, Endpoint]:
    """Return all records by key: the one that the site names first, then its successor."""
    every = all_endpoints()
    if not conf.SORA_REMIX_ENDPOINT:
        return every
    named = get_endpoint(conf.SORA_REMIX_ENDPOINT)
    return {key: every[key] for key in (named.key, named.successor, *every) if key}
