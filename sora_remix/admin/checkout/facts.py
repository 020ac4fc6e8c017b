"""The facts of the selected videos, read once for all endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from ...endpoints import Endpoint, Fit, Plan, plan_clip
from ...models import Video

if TYPE_CHECKING:
    from ...endpoints.option import Text


class ClipFacts(NamedTuple):
    """What endpoints use of a video; equal for videos that they treat alike."""

    sora_id: str
    is_deleted_at_provider: bool
    duration: Decimal | None
    fps: Decimal | None
    size: int | None
    width: int | None
    height: int | None
    extension: str
    is_still: bool
    video_codec: str
    pixel_format: str
    is_cut_off: bool


Kind = tuple[ClipFacts, Fit]
"""What is the same for all endpoints."""


class PlannedClip(NamedTuple):
    """How a video is made to fit an endpoint, and why it is left out, if it is."""

    plan: Plan
    refusal: Text | None


class SelectedClips:
    """The facts of these videos, each with what may be done to it.

    Clips that an endpoint treats alike are planned once for it.
    """

    def __init__(self, videos: Sequence[Video], fits: Sequence[Fit]) -> None:
        self.facts = [
            ClipFacts(*(getattr(video, name) for name in ClipFacts._fields)) for video in videos
        ]
        kinds: dict[Kind, int] = {}
        self._kind_of_each = [
            kinds.setdefault((_without_size(facts), fit), len(kinds))
            for facts, fit in zip(self.facts, fits, strict=True)
        ]
        self._kinds = list(kinds)

    def __len__(self) -> int:
        return len(self.facts)

    def plan(self, endpoint: Endpoint) -> list[PlannedClip]:
        """Plan how each of the videos is made to fit this endpoint."""
        most = endpoint.source.most_bytes
        planned: dict[tuple[int, int | None], PlannedClip] = {}
        found = []
        for kind, facts in zip(self._kind_of_each, self.facts, strict=True):
            # No endpoint asks for the size of a file that is small enough.
            size = facts.size if most is not None and (facts.size or 0) > most else None
            if (kind, size) not in planned:
                clip, fit = self._kinds[kind]
                planned[kind, size] = _planned(endpoint, clip._replace(size=size), fit)
            found.append(planned[kind, size])
        return found


def _without_size(facts: ClipFacts) -> ClipFacts:
    """Return the facts without its size, and without the id that is different for each video."""
    return facts._replace(size=None, sora_id=facts.sora_id and "…")


def _planned(endpoint: Endpoint, clip: ClipFacts, fit: Fit) -> PlannedClip:
    plan = plan_clip(endpoint.source, clip, fit)
    return PlannedClip(plan, plan.problem(fit))
