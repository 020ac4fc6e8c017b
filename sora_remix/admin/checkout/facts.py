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


class PlannedClip(NamedTuple):
    """How a video is made to fit an endpoint, and why it is left out, if it is."""

    plan: Plan
    refusal: Text | None


class SelectedClips:
    """The facts of these videos, each with what may be done to it.

    Clips that are alike are planned once for each endpoint.
    """

    def __init__(self, videos: Sequence[Video], fits: Sequence[Fit]) -> None:
        self.facts = [
            ClipFacts(*(getattr(video, name) for name in ClipFacts._fields)) for video in videos
        ]
        kinds: dict[tuple[ClipFacts, Fit], int] = {}
        self._kind_of_each = [
            kinds.setdefault(kind, len(kinds)) for kind in zip(self.facts, fits, strict=True)
        ]
        self._kinds = list(kinds)

    def __len__(self) -> int:
        return len(self.facts)

    def plan(self, endpoint: Endpoint) -> list[PlannedClip]:
        """Plan how each of the videos is made to fit this endpoint."""
        planned = [_planned(endpoint, clip, fit) for clip, fit in self._kinds]
        return [planned[kind] for kind in self._kind_of_each]


def _planned(endpoint: Endpoint, clip: ClipFacts, fit: Fit) -> PlannedClip:
    plan = plan_clip(endpoint.source, clip, fit)
    return PlannedClip(plan, plan.problem(fit))
