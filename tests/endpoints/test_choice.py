"""Without a setting or a choice, a current endpoint that accepts the videos is used."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from sora_remix.endpoints import SORA_2, choosable, default_endpoint
from sora_remix.endpoints.builtin import BUILT_IN
from tests.endpoints.clips import Clip

TODAY = date(2026, 11, 28)
CLIP = Clip(sora_id="", extension=".mp4", size=10**6)
GENERATION = Clip(sora_id="video_1", extension="")
STORED_GENERATION = Clip(sora_id="video_1", extension=".mp4", size=10**6)
LONG = replace(CLIP, duration=Decimal(60))
ODD = replace(CLIP, extension=".avi")


def _default(*clips: Clip, gone: tuple[str, ...] = ()) -> str:
    return default_endpoint(clips, gone, TODAY).key


@pytest.mark.parametrize(
    ("clips", "expected"),
    [
        ([], "flux-3"),
        ([CLIP], "flux-3"),
        ([LONG], "gemini-omni"),
        ([GENERATION], "sora-2"),
        ([STORED_GENERATION], "flux-3"),
        ([STORED_GENERATION, GENERATION], "flux-3"),
        ([CLIP, LONG], "gemini-omni"),
        ([CLIP, STORED_GENERATION], "flux-3"),
        ([CLIP, GENERATION], "flux-3"),
        ([GENERATION, CLIP, GENERATION], "flux-3"),
        ([ODD], "flux-3"),
    ],
)
def test_current_endpoint_that_accepts_most_is_used_and_a_retired_one_only_where_it_is_alone(
    clips: list[Clip], expected: str
) -> None:
    assert _default(*clips) == expected


def test_retired_sora_is_tried_for_generations_without_a_file_until_fal_reports_it_gone() -> None:
    assert SORA_2.is_retired(TODAY)
    assert _default(GENERATION) == "sora-2"

    gone = (SORA_2.endpoint_id,)
    assert _default(GENERATION, gone=gone) == "flux-3"
    assert SORA_2 not in choosable(gone, TODAY)


def test_retired_endpoint_is_not_offered_beside_a_current_one_of_the_same_kind(
    settings: Settings,
) -> None:
    yesterday = TODAY - timedelta(days=1)
    settings.SORA_REMIX_ENDPOINTS = {"flux-3": replace(BUILT_IN["flux-3"], ends_on=yesterday)}

    assert "flux-3" not in [one.key for one in choosable((), TODAY)]
    assert _default(CLIP) == "kling-o3"


def test_endpoint_of_the_setting_is_always_used(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINT = "sora-2"

    assert _default(CLIP) == "sora-2"
    assert [one.key for one in choosable((), TODAY)][:2] == ["sora-2", "flux-3"]


def test_retired_endpoint_is_not_offered_when_the_setting_names_a_current_one(
    settings: Settings,
) -> None:
    settings.SORA_REMIX_ENDPOINT = "grok"

    keys = [one.key for one in choosable((), TODAY)]

    assert (keys[0], "sora-2" in keys) == ("grok", False)


def test_default_endpoint_exists_even_when_fal_has_retired_all() -> None:
    assert _default(CLIP, gone=tuple(one.endpoint_id for one in BUILT_IN.values())) == "sora-2"
