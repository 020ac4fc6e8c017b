"""Without a word of the site or of a person, a living endpoint is used that takes the videos."""

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
        ([STORED_GENERATION], "sora-2"),
        ([CLIP, LONG], "gemini-omni"),
        ([CLIP, STORED_GENERATION], "flux-3"),
        ([CLIP, GENERATION], "flux-3"),
        ([GENERATION, CLIP, GENERATION], "sora-2"),
        ([ODD], "flux-3"),
    ],
)
def test_the_first_that_takes_all_is_used_else_a_living_one_that_takes_most(
    clips: list[Clip], expected: str
) -> None:
    assert _default(*clips) == expected


def test_what_ended_is_tried_for_generations_until_fal_has_said_that_it_is_gone() -> None:
    assert SORA_2.is_retired(TODAY)
    assert _default(GENERATION) == _default(STORED_GENERATION) == "sora-2"

    gone = (SORA_2.endpoint_id,)
    assert _default(STORED_GENERATION, gone=gone) == "flux-3"
    assert SORA_2 not in choosable(gone, TODAY)


def test_what_ended_is_not_offered_where_a_living_one_takes_the_same_kind(
    settings: Settings,
) -> None:
    yesterday = TODAY - timedelta(days=1)
    settings.SORA_REMIX_ENDPOINTS = {"flux-3": replace(BUILT_IN["flux-3"], ends_on=yesterday)}

    assert "flux-3" not in [one.key for one in choosable((), TODAY)]
    assert _default(CLIP) == "kling-o3"


def test_the_one_that_the_site_names_is_used_whatever_it_takes(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINT = "sora-2"

    assert _default(CLIP) == "sora-2"
    assert [one.key for one in choosable((), TODAY)][:2] == ["sora-2", "flux-3"]


def test_a_site_that_names_a_living_one_is_not_offered_what_ended(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINT = "grok"

    keys = [one.key for one in choosable((), TODAY)]

    assert (keys[0], "sora-2" in keys) == ("grok", False)


def test_there_is_a_default_even_when_fal_has_declared_all_gone() -> None:
    assert _default(CLIP, gone=tuple(one.endpoint_id for one in BUILT_IN.values())) == "sora-2"
