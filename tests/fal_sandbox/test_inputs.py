"""The sandbox checks input by the schemas of the endpoints."""

from typing import Any

import httpx
import pytest

FLUX = "blackforestlabs/flux-3/edit-video"
KLING = "fal-ai/kling-video/o3/standard/video-to-video/edit"
KLING_PRO = "fal-ai/kling-video/o3/pro/video-to-video/edit"
GEMINI = "google/gemini-omni-flash/v1.1/edit"
WAN = "fal-ai/wan/v2.7/edit-video"
HORSE = "alibaba/happy-horse/video-edit"
GROK = "xai/grok-imagine-video/edit-video"
LUMA = "luma/agent/ray/v3.2/video-to-video"
LUCY = "decart/lucy-restyle"
ALL = [FLUX, KLING, KLING_PRO, GEMINI, WAN, HORSE, GROK, LUMA, LUCY]
ELEMENT = {"frontal_image_url": "x", "reference_image_urls": ["x"]}
JSON = dict[str, Any]


def problems(fal: httpx.Client, endpoint_id: str, **fields: Any) -> list[JSON]:
    """Submit a body that is valid but for the fields; `...` leaves a field out."""
    body = {"prompt": "noir", "video_url": "x"} | fields
    body = {name: value for name, value in body.items() if value is not ...}
    answer = fal.post(f"/{endpoint_id}", json=body)
    if answer.status_code == 200:
        return []
    assert answer.status_code == 422
    found: list[JSON] = answer.json()["detail"]
    return found


@pytest.mark.parametrize("endpoint_id", ALL)
def test_prompt_and_video_are_enough(fal: httpx.Client, endpoint_id: str) -> None:
    assert problems(fal, endpoint_id) == []


@pytest.mark.parametrize("endpoint_id", ALL)
@pytest.mark.parametrize("name", ["prompt", "video_url"])
def test_prompt_and_video_are_needed(fal: httpx.Client, endpoint_id: str, name: str) -> None:
    [missing] = problems(fal, endpoint_id, **{name: ...})

    assert (missing["loc"], missing["type"]) == (["body", name], "missing")


@pytest.mark.parametrize("endpoint_id", ALL)
def test_unknown_field_is_refused_by_all_but_flux(fal: httpx.Client, endpoint_id: str) -> None:
    found = problems(fal, endpoint_id, colour="red")

    expected = [] if endpoint_id == FLUX else [(["body", "colour"], "extra_forbidden")]
    assert [(one["loc"], one["type"]) for one in found] == expected


@pytest.mark.parametrize(
    ("endpoint_id", "fields"),
    [
        (FLUX, {"safety_tolerance": 4, "prompt": "x" * 4096}),
        (FLUX, {"safety_tolerance": 2.5}),
        (KLING, {"image_urls": ["x"], "elements": [ELEMENT] * 3, "keep_audio": False}),
        (KLING, {"image_urls": None, "elements": None}),
        (WAN, {"duration": 0, "seed": 0, "aspect_ratio": "9:16", "reference_image_url": None}),
        (HORSE, {"reference_image_urls": ["x"] * 5, "seed": 2147483647}),
        (LUMA, {"edit_strength": "flex_2", "auto_controls": False}),
        (LUMA, {"auto_controls": True, "edit_strength": None}),
        (LUCY, {"sync_mode": True, "enhance_prompt": False, "seed": None}),
    ],
)
def test_input_within_the_schema_is_accepted(
    fal: httpx.Client, endpoint_id: str, fields: JSON
) -> None:
    assert problems(fal, endpoint_id, **fields) == []


@pytest.mark.parametrize(
    ("endpoint_id", "field", "value", "kind"),
    [
        (FLUX, "safety_tolerance", "2", "float_type"),
        (FLUX, "safety_tolerance", True, "float_type"),
        (FLUX, "safety_tolerance", None, "float_type"),
        (KLING, "keep_audio", 1, "bool_type"),
        (KLING, "keep_audio", "true", "bool_type"),
        (KLING, "image_urls", "x", "list_type"),
        (GEMINI, "resolution", "720P", "literal_error"),
        (WAN, "duration", "5", "literal_error"),
        (WAN, "duration", True, "literal_error"),
        (WAN, "duration", 1, "literal_error"),
        (WAN, "duration", 2.0, "literal_error"),
        (WAN, "seed", "1", "int_type"),
        (WAN, "seed", True, "int_type"),
        (WAN, "seed", 1.0, "int_type"),
        (WAN, "prompt", None, "string_type"),
        (GROK, "resolution", "1080p", "literal_error"),
        (LUMA, "duration", 5, "literal_error"),
        (LUMA, "duration", "5", "literal_error"),
        (LUMA, "edit_strength", "adhere_4", "literal_error"),
        (LUCY, "resolution", "1080p", "literal_error"),
    ],
)
def test_types_and_choices_are_strict(
    fal: httpx.Client, endpoint_id: str, field: str, value: object, kind: str
) -> None:
    [complaint] = problems(fal, endpoint_id, **{field: value})

    assert (complaint["loc"], complaint["type"]) == (["body", field], kind)
    assert complaint["input"] == value


@pytest.mark.parametrize(
    ("endpoint_id", "field", "value", "kind", "context"),
    [
        (FLUX, "safety_tolerance", -1, "greater_than_equal", {"ge": 0}),
        (FLUX, "safety_tolerance", 4.5, "less_than_equal", {"le": 4}),
        (WAN, "seed", 2147483648, "less_than_equal", {"le": 2147483647}),
        (KLING, "prompt", "x" * 2501, "string_too_long", {"max_length": 2500}),
        (LUMA, "prompt", "", "string_too_short", {"min_length": 1}),
        (GEMINI, "resolution", "8k", "literal_error", None),
        (
            HORSE,
            "reference_image_urls",
            ["x"] * 6,
            "too_long",
            {"max_length": 5, "field_type": "List", "actual_length": 6},
        ),
    ],
)
def test_bounds_are_named_in_the_error(
    fal: httpx.Client, endpoint_id: str, field: str, value: object, kind: str, context: JSON | None
) -> None:
    [complaint] = problems(fal, endpoint_id, **{field: value})

    choices = {"expected": "'360p', '720p', '1080p' or '4k'"}
    assert (complaint["type"], complaint["ctx"]) == (kind, context or choices)


@pytest.mark.parametrize(
    ("elements", "place", "kind"),
    [
        ([{"frontal_image_url": "x"}], [0, "reference_image_urls"], "missing"),
        ([ELEMENT, ELEMENT | {"reference_image_urls": []}], [1, "reference_image_urls"], None),
        ([ELEMENT | {"name": "x"}], [0, "name"], "extra_forbidden"),
        (["x"], [0], "model_attributes_type"),
    ],
)
def test_nested_values_are_checked(
    fal: httpx.Client, elements: list[object], place: list[object], kind: str | None
) -> None:
    [complaint] = problems(fal, KLING, elements=elements)

    assert complaint["loc"] == ["body", "elements", *place]
    assert complaint["type"] == (kind or "too_short")


@pytest.mark.parametrize(
    ("endpoint_id", "fields"),
    [
        (LUMA, {"auto_controls": True, "edit_strength": "flex_1"}),
        (KLING_PRO, {"image_urls": ["x", "x"], "elements": [ELEMENT] * 3}),
    ],
)
def test_mutually_exclusive_fields_are_refused(
    fal: httpx.Client, endpoint_id: str, fields: JSON
) -> None:
    [complaint] = problems(fal, endpoint_id, **fields)

    assert (complaint["loc"], complaint["type"]) == (["body"], "value_error")
