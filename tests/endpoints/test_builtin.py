"""Built-in records: bodies, prices and limits as documented by the providers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sora_remix.endpoints import all_endpoints, get_endpoint
from sora_remix.endpoints.builtin import BUILT_IN
from sora_remix.endpoints.reading import read_endpoint
from tests.endpoints.clips import Clip

FIRST_CHECKED = date(2026, 11, 22)
CHECKED_AGAIN = dict.fromkeys(("lucy-restyle", "luma-3.2", "happy-horse"), date(2026, 11, 29))
"""Only where fal's own page could be read again."""

KLING_4 = {
    "endpoint_id": "kling/v4/video-to-video/edit",
    "label": "Kling 4",
    "source": {"kind": "url", "param": "video_url", "min_seconds": 3, "max_seconds": 30.05},
    "options": [
        {"name": "resolution", "kind": "enum", "choices": ["720p", "1080p"], "default": "720p"},
        {"name": "duration", "kind": "int", "minimum": 3, "maximum": 30},
    ],
    "price": {
        "by": ["resolution"],
        "per_source_second": {"720p": "0.094", "1080p": "0.141"},
        "per_output_second": {"720p": "0.094", "1080p": "0.141"},
        "min_source_as_output": True,
        "duration_option": "duration",
    },
}
KLING_O3_4K = {
    "endpoint_id": "fal-ai/kling-video/o3/4k/video-to-video/edit",
    "label": "Kling O3 4K",
    "source": {"kind": "url", "param": "video_url"},
    "price": {"per_output_second": 0.42},
}

BODIES: list[tuple[str, dict[str, Any], str]] = [
    (
        "sora-2",
        {"delete_video": True},
        '{"video_id": "video_123", "prompt": "noir", "delete_video": true}',
    ),
    (
        "flux-3",
        {"safety_tolerance": 0.5},
        '{"video_url": "https://x.example/v", "prompt": "noir", "safety_tolerance": 0.5}',
    ),
    (
        "kling-o3",
        {"keep_audio": False, "image_urls": ["https://x.example/1", "two.png"]},
        """{"video_url": "https://x.example/v", "prompt": "noir", "keep_audio": false,
            "image_urls": ["https://x.example/1", "https://x.example/2"]}""",
    ),
    (
        "kling-o3-pro",
        {"keep_audio": False, "image_urls": ["two.png"]},
        """{"video_url": "https://x.example/v", "prompt": "noir", "keep_audio": false,
            "image_urls": ["https://x.example/2"]}""",
    ),
    (
        "wan-2.7",
        {
            "reference_image_url": ["two.png"],
            "resolution": "720p",
            "aspect_ratio": "9:16",
            "duration": 5,
            "audio_setting": "origin",
            "seed": 0,
            "enable_safety_checker": False,
        },
        """{"video_url": "https://x.example/v", "prompt": "noir",
            "reference_image_url": "https://x.example/2", "resolution": "720p",
            "aspect_ratio": "9:16", "duration": 5, "audio_setting": "origin", "seed": 0,
            "enable_safety_checker": false}""",
    ),
    (
        "gemini-omni",
        {"resolution": "4k"},
        '{"video_url": "https://x.example/v", "prompt": "noir", "resolution": "4k"}',
    ),
    (
        "grok",
        {"resolution": "480p"},
        '{"video_url": "https://x.example/v", "prompt": "noir", "resolution": "480p"}',
    ),
    (
        "lucy-restyle",
        {"enhance_prompt": False, "seed": 7},
        """{"video_url": "https://x.example/v", "prompt": "noir", "sync_mode": false,
            "enhance_prompt": false, "seed": 7}""",
    ),
    (
        "luma-3.2",
        {
            "start_image_url": ["https://x.example/1"],
            "resolution": "1080p",
            "duration": "10s",
            "edit_strength": "reimagine_3",
            "auto_controls": False,
        },
        """{"video_url": "https://x.example/v", "prompt": "noir",
            "start_image_url": "https://x.example/1", "resolution": "1080p", "duration": "10s",
            "edit_strength": "reimagine_3", "auto_controls": false}""",
    ),
    (
        "happy-horse",
        {
            "reference_image_urls": ["two.png", "https://x.example/1"],
            "resolution": "720p",
            "audio_setting": "origin",
            "seed": -1,
            "enable_safety_checker": False,
        },
        """{"video_url": "https://x.example/v", "prompt": "noir",
            "reference_image_urls": ["https://x.example/2", "https://x.example/1"],
            "resolution": "720p", "audio_setting": "origin", "seed": -1,
            "enable_safety_checker": false}""",
    ),
]
SMALLEST: list[tuple[str, str]] = [
    ("sora-2", '{"video_id": "video_123", "prompt": "noir", "delete_video": false}'),
    ("flux-3", '{"video_url": "https://x.example/v", "prompt": "noir"}'),
    ("kling-o3", '{"video_url": "https://x.example/v", "prompt": "noir", "keep_audio": true}'),
    ("kling-o3-pro", '{"video_url": "https://x.example/v", "prompt": "noir", "keep_audio": true}'),
    (
        "wan-2.7",
        """{"video_url": "https://x.example/v", "prompt": "noir", "resolution": "1080p",
            "duration": 0, "audio_setting": "auto", "enable_safety_checker": true}""",
    ),
    (
        "gemini-omni",
        '{"video_url": "https://x.example/v", "prompt": "noir", "resolution": "720p"}',
    ),
    ("grok", '{"video_url": "https://x.example/v", "prompt": "noir", "resolution": "auto"}'),
    (
        "lucy-restyle",
        """{"video_url": "https://x.example/v", "prompt": "noir", "sync_mode": false,
            "enhance_prompt": true}""",
    ),
    (
        "luma-3.2",
        """{"video_url": "https://x.example/v", "prompt": "noir", "resolution": "540p",
            "duration": "5s"}""",
    ),
    (
        "happy-horse",
        """{"video_url": "https://x.example/v", "prompt": "noir", "resolution": "1080p",
            "audio_setting": "auto", "enable_safety_checker": true}""",
    ),
]


def _body(key: str, options: dict[str, Any]) -> str:
    arguments = get_endpoint(key).arguments(
        Clip(),
        "noir",
        options,
        source_url="https://x.example/v",
        urls={"two.png": "https://x.example/2"},
    )
    return json.dumps(arguments, sort_keys=True)


def _sorted(body: str) -> str:
    return json.dumps(json.loads(body), sort_keys=True)


def test_built_in_endpoints_are_ordered_by_rank() -> None:
    assert list(all_endpoints()) == [key for key, _options, _body in BODIES]


@pytest.mark.parametrize(("key", "options", "body"), BODIES)
def test_body_with_every_option_equals_the_handwritten_one(
    key: str, options: dict[str, Any], body: str
) -> None:
    assert get_endpoint(key).option_problems(options) == []
    assert _body(key, options) == _sorted(body)


@pytest.mark.parametrize(("key", "options", "body"), BODIES)
def test_handwritten_body_has_every_option(key: str, options: dict[str, Any], body: str) -> None:
    endpoint = get_endpoint(key)
    references = {endpoint.references.param} if endpoint.references else set()

    assert set(options) == {option.name for option in endpoint.options} | references


@pytest.mark.parametrize(("key", "body"), SMALLEST)
def test_body_without_options_equals_the_handwritten_one(key: str, body: str) -> None:
    assert _body(key, {}) == _sorted(body)


@pytest.mark.parametrize(
    ("key", "options", "seconds", "cost"),
    [
        ("sora-2", {}, "4", "0.40"),
        ("flux-3", {}, "10", "0.30"),
        ("kling-o3", {}, "5", "1.26"),
        ("kling-o3-pro", {}, "5", "1.68"),
        ("wan-2.7", {"resolution": "720p"}, "8", "0.80"),
        ("wan-2.7", {"resolution": "720p", "duration": 5}, "8", "0.50"),
        ("wan-2.7", {"resolution": "720p", "duration": 10}, "8", "0.80"),
        ("wan-2.7", {}, "8", "0.80"),
        ("gemini-omni", {"resolution": "360p"}, "5.034667", "0.15104"),
        ("gemini-omni", {}, "5", "0.50"),
        ("grok", {"resolution": "480p"}, "8", "0.48"),
        ("grok", {"resolution": "480p"}, "8.04", "0.48"),
        ("grok", {"resolution": "720p"}, "4", "0.32"),
        ("grok", {}, "8", None),
        ("lucy-restyle", {}, "1800", "18"),
        ("luma-3.2", {}, "8", "0.72"),
        ("luma-3.2", {"resolution": "1080p", "duration": "10s"}, "8", "4.32"),
        ("luma-3.2", {}, None, "0.72"),
        ("happy-horse", {"resolution": "720p"}, "5", "1.40"),
        ("happy-horse", {}, "60", "8.40"),
        ("sora-2", {}, None, None),
        ("flux-3", {}, None, None),
    ],
)
def test_cost_of_a_run_equals_the_recorded_or_published_one(
    key: str, options: dict[str, Any], seconds: str | None, cost: str | None
) -> None:
    duration = None if seconds is None else Decimal(seconds)

    estimate = get_endpoint(key).estimate(Clip(duration=duration), options)

    assert estimate == (None if cost is None else Decimal(cost).quantize(Decimal("0.000001")))


@pytest.mark.parametrize(
    ("record", "options", "cost"),
    [
        (KLING_4, {}, "0.94"),
        (KLING_4, {"duration": 8}, "1.504"),
        (KLING_4, {"resolution": "1080p"}, "1.41"),
        (KLING_O3_4K, {}, "2.10"),
    ],
)
def test_site_can_define_prices_of_every_form(
    record: dict[str, Any], options: dict[str, Any], cost: str
) -> None:
    endpoint = read_endpoint("mine", record)

    assert endpoint.estimate(Clip(duration=Decimal(5)), options) == Decimal(cost)


@pytest.mark.parametrize(
    ("key", "clip", "reason"),
    [
        ("flux-3", Clip(duration=Decimal("0.6")), "at least 0.7 s"),
        ("flux-3", Clip(duration=Decimal(15)), "under 15 s"),
        ("flux-3", Clip(size=50_000_000), "under 50 MB"),
        ("flux-3", Clip(extension=".mov"), "of type MOV"),
        ("kling-o3", Clip(duration=Decimal("2.9")), "at least 3 s"),
        ("kling-o3-pro", Clip(duration=Decimal(16)), "at most 15 s"),
        ("kling-o3", Clip(width=1280, height=700), "at least 720 px"),
        ("kling-o3", Clip(width=4000, height=720), "at most 3840 px"),
        ("kling-o3", Clip(size=200_000_001), "at most 200 MB"),
        ("wan-2.7", Clip(duration=Decimal("10.1")), "at most 10 s"),
        ("wan-2.7", Clip(duration=Decimal("1.9")), "at least 2 s"),
        ("wan-2.7", Clip(size=100_000_001), "at most 100 MB"),
        ("luma-3.2", Clip(duration=Decimal(31)), "at most 30 s"),
        ("lucy-restyle", Clip(duration=Decimal(1801)), "at most 1800 s"),
        ("happy-horse", Clip(duration=Decimal(61)), "at most 60 s"),
        ("happy-horse", Clip(duration=Decimal("2.9")), "at least 3 s"),
        ("happy-horse", Clip(width=2161, height=1000), "at most 2160 px"),
        ("happy-horse", Clip(width=400, height=319), "at least 320 px"),
        ("happy-horse", Clip(width=1001, height=400), "at most 2.5 : 1"),
        ("happy-horse", Clip(width=400, height=1001), "at least 0.4 : 1"),
        ("happy-horse", Clip(fps=Decimal(8)), "at least 8.001 frames"),
        ("happy-horse", Clip(size=100_000_001), "at most 100 MB"),
    ],
)
def test_video_over_the_limits_of_the_provider_is_refused(
    key: str, clip: Clip, reason: str
) -> None:
    assert reason in str(get_endpoint(key).refusal(clip))


@pytest.mark.parametrize("key", BUILT_IN)
def test_ordinary_clip_is_accepted_by_every_endpoint(key: str) -> None:
    clip = Clip(size=9_000_000, width=1280, height=720, fps=Decimal(30))

    assert get_endpoint(key).refusal(clip) is None


@pytest.mark.parametrize(
    ("key", "seconds", "warning"),
    [
        ("kling-o3", 12, "It is longer than 10 s and may be refused."),
        ("gemini-omni", 12, "It is longer than 10 s and may be refused."),
        ("grok", 12, "Only its first 8 s are used."),
        ("happy-horse", 20, "Only its first 15 s are used."),
        ("lucy-restyle", 601, "It is longer than 600 s and may be refused."),
        ("luma-3.2", 12, "The result is only 5 s long."),
    ],
)
def test_video_that_is_cut_or_doubtful_gets_a_warning(key: str, seconds: int, warning: str) -> None:
    endpoint = get_endpoint(key)

    assert endpoint.warnings(Clip(duration=Decimal(seconds))) == [warning]
    assert endpoint.warnings(Clip(duration=Decimal(5))) == []


def test_luma_accepts_either_the_strength_or_automatic_controls() -> None:
    chosen = {"edit_strength": "flex_1", "auto_controls": True}

    [reason] = get_endpoint("luma-3.2").option_problems(chosen)

    assert reason.field == "auto_controls"
    assert "“edit_strength”" in str(reason.message)


@pytest.mark.parametrize(
    ("key", "policy"),
    [
        ("sora-2", "generated"),
        ("flux-3", "carried"),
        ("kling-o3", "switch"),
        ("kling-o3-pro", "switch"),
        ("wan-2.7", "switch"),
        ("gemini-omni", "generated"),
        ("grok", "unknown"),
        ("lucy-restyle", "unknown"),
        ("luma-3.2", "unknown"),
        ("happy-horse", "switch"),
    ],
)
def test_audio_is_handled_as_the_provider_documents(key: str, policy: str) -> None:
    assert get_endpoint(key).audio.policy == policy


@pytest.mark.parametrize(
    ("key", "image", "bound"),
    [
        ("kling-o3", Clip(width=1001, height=400), "at most 2.5 : 1"),
        ("happy-horse", Clip(width=1001, height=400), "at most 2.5 : 1"),
        ("happy-horse", Clip(width=400, height=1001), "at least 0.4 : 1"),
        ("happy-horse", Clip(width=299, height=400), "at least 300 px"),
    ],
)
def test_image_over_the_limits_of_the_provider_is_refused(
    key: str, image: Clip, bound: str
) -> None:
    references = get_endpoint(key).references

    assert references and bound in str(references.refusal(replace(image, extension=".png")))


@pytest.mark.parametrize("key", BUILT_IN)
def test_every_record_is_consistent_and_has_a_check_date(key: str) -> None:
    endpoint = read_endpoint(key, BUILT_IN[key])

    assert endpoint.checked_on == endpoint.price.as_of == CHECKED_AGAIN.get(key, FIRST_CHECKED)
    assert endpoint.doc_url.startswith("https://")
    assert endpoint.price.url.startswith("https://")
    assert endpoint.vendor
    assert all(option.label for option in endpoint.options)


@pytest.mark.parametrize("key", BUILT_IN)
def test_safety_options_are_advanced(key: str) -> None:
    options = get_endpoint(key).options

    assert all(option.advanced for option in options if "safety" in option.name)


def test_only_prices_confirmed_by_all_sources_are_firm() -> None:
    firm = {key for key, endpoint in BUILT_IN.items() if endpoint.price.is_firm}

    assert firm == {"sora-2", "flux-3", "grok", "lucy-restyle", "luma-3.2"}


def test_sora_names_a_current_successor() -> None:
    successor = get_endpoint(get_endpoint("sora-2").successor)

    assert not successor.is_retired(date.max)
