"""Clips that an endpoint treats alike are planned once for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sora_remix.admin.checkout.facts import SelectedClips
from sora_remix.endpoints import Fit, Plan, get_endpoint, plan_clip
from sora_remix.models import Video

MB = 1_000_000


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The clips that were planned."""
    planned: list[Any] = []

    def count(source: Any, clip: Any, fit: Fit) -> Plan:
        planned.append(clip)
        return plan_clip(source, clip, fit)

    monkeypatch.setattr("sora_remix.admin.checkout.facts.plan_clip", count)
    return planned


def _select(*videos: Video) -> SelectedClips:
    return SelectedClips(videos, [Fit(is_agreed=True)] * len(videos))


def _clip(size: int | None) -> Video:
    shape = {"width": 1280, "height": 720, "fps": Decimal(24), "duration": Decimal(5)}
    return Video(file="videos/sea.mp4", size=size, **shape)


def test_generations_with_different_ids_are_planned_once(planned: list[Any]) -> None:
    clips = _select(*(Video(sora_id=f"video_{number}", duration=4) for number in range(9)))

    refusals = [one.refusal for one in clips.plan(get_endpoint("sora-2"))]

    assert refusals == [None] * 9
    assert len(planned) == 1


def test_a_video_without_an_id_is_no_generation() -> None:
    clips = _select(Video(sora_id="video_1", duration=4), Video(duration=4))

    refusals = [bool(one.refusal) for one in clips.plan(get_endpoint("sora-2"))]

    assert refusals == [False, True]


def test_files_of_different_sizes_are_planned_once_if_they_are_small(planned: list[Any]) -> None:
    endpoint = get_endpoint("flux-3")
    assert endpoint.source.most_bytes == 50 * MB - 1
    clips = _select(_clip(None), _clip(3 * MB), _clip(4 * MB), _clip(60 * MB), _clip(70 * MB))

    changes = [[*map(str, one.plan.changes)] for one in clips.plan(endpoint)]

    assert changes[:3] == [[], [], []]
    assert [change[0].split(" → ")[0] for change in changes[3:]] == ["60 MB", "70 MB"]
    assert len(planned) == 3
