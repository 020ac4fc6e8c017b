"""The facts of the selected videos, read once for all endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from ...endpoints import Endpoint
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


def facts_of(videos: Iterable[Video]) -> list[ClipFacts]:
    """Return the facts of each of these videos."""
    return [ClipFacts(*(getattr(video, name) for name in ClipFacts._fields)) for video in videos]


def refusals_of(endpoint: Endpoint, clips: Sequence[ClipFacts]) -> list[Text | None]:
    """Say of each of these clips why the endpoint can't accept it, if it can't."""
    known = {clip: endpoint.refusal(clip) for clip in dict.fromkeys(clips)}
    return [known[clip] for clip in clips]
