"""Built-in records and those of the site are found by their keys."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from sora_remix.endpoints import (
    SORA_2,
    Outputs,
    all_endpoints,
    get_endpoint,
)
from sora_remix.exceptions import InvalidEndpoint, UnknownEndpoint
from tests.endpoints.clips import Clip

RECORD: dict[str, Any] = {
    "endpoint_id": "fal-ai/mine",
    "label": "Mine",
    "source": {"kind": "sora_id", "param": "clip_id"},
    "price": {"per_source_second": "0.05"},
}


def test_site_adds_an_endpoint_by_its_settings(settings: Settings) -> None:
    size = {"name": "size", "kind": "enum", "choices": ["s", "m"], "default": "s"}
    added = {**RECORD, "options": [size], "outputs": {"video": "clip"}}
    settings.SORA_REMIX_ENDPOINTS = {"mine": added}

    mine = get_endpoint("mine")

    assert (str(mine), mine.key, mine.outputs) == ("Mine", "mine", Outputs(video="clip"))
    assert mine.estimate(Clip()) == Decimal("0.20")
    body = {"clip_id": "video_123", "prompt": "noir", "size": "s"}
    assert mine.arguments(Clip(), "noir", {}) == body
    assert mine.arguments(Clip(), "noir", {"size": "m"}) == {**body, "size": "m"}


def test_site_replaces_a_built_in_endpoint_by_a_record(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"sora-2": replace(SORA_2, label="Ours")}

    assert [str(endpoint) for endpoint in all_endpoints().values()][:2] == ["Ours", "FLUX 3"]


def test_unknown_endpoint_error_lists_the_available_ones(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"mine": RECORD}

    with pytest.raises(
        UnknownEndpoint, match=r"“gone”. Choose one of these: sora-2, flux-3, .*, mine"
    ):
        get_endpoint("gone")


def test_wrong_record_is_refused_with_its_key_and_field(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"mine": {**RECORD, "lable": "x"}}

    with pytest.raises(InvalidEndpoint, match="mine: there is no field “lable”"):
        all_endpoints()


def test_successor_of_an_endpoint_must_exist(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"mine": {**RECORD, "successor": "flux-4"}}

    with pytest.raises(InvalidEndpoint, match=r"mine\.successor: there is no endpoint “flux-4”"):
        all_endpoints()

    settings.SORA_REMIX_ENDPOINTS = {"mine": {**RECORD, "successor": "flux-3"}}
    assert get_endpoint("mine").successor == "flux-3"
