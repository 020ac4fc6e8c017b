"""Families of videos, as small or as large as a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sora_remix.models import Remix, Video
from tests.checkout import make_clip


def remix_of(source: Video, **values: Any) -> Video:
    """Return the result of a new remix of a video."""
    prompt = values.pop("prompt", "make it noir")
    result = make_clip(**{"title": prompt, "root_id": source.root_id or source.pk, **values})
    Remix.objects.bulk_create([_done(source.pk, result.pk, prompt)])
    return result


def grow(parents: Sequence[int], **values: Any) -> list[Video]:
    """Return a family: a clip, and for each number a video made from the video with that index."""
    root = make_clip(title="Video 0")
    shape = {"file": "videos/sea.mp4", "duration": 4, "width": 1280, "height": 720, "fps": 24}
    results = Video.objects.bulk_create(
        Video(title=f"Video {number}", root=root, **shape, **values)
        for number in range(1, len(parents) + 1)
    )
    videos = [root, *results]
    Remix.objects.bulk_create(
        _done(videos[parent].pk, result.pk, f"prompt {number}")
        for number, (parent, result) in enumerate(zip(parents, results, strict=True), 1)
    )
    return videos


def _done(source: int, result: int, prompt: str) -> Remix:
    return Remix(
        source_id=source,
        result_id=result,
        prompt=prompt,
        endpoint="kling-o3",
        status=Remix.Status.SUCCEEDED,
        calculated_cost="0.42",
    )
