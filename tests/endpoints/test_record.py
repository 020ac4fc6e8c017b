"""The body is exactly what the record says, and unsendable values are refused before."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sora_remix.endpoints import (
    SORA_2,
    UNSET,
    Audio,
    Endpoint,
    Option,
    Price,
    References,
    Source,
)
from sora_remix.exceptions import RequestRefused
from tests.endpoints.clips import Clip

ANY = Endpoint(
    key="any",
    endpoint_id="fal-ai/any",
    label="Any",
    source=Source(kind="url", param="clips", as_list=True),
    price=Price(per_output_second={"": Decimal(1)}),
    references=References(param="images", as_list=True, maximum=2),
    options=(
        Option(name="sharp", kind="bool", default=True),
        Option(name="seed", kind="int", excludes=("images", "style")),
        Option(name="style", kind="text"),
    ),
    constants={"sync_mode": False},
)
URL = "https://x.example/v"


def _reasons(endpoint: Endpoint, options: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.field, str(one.message)) for one in endpoint.option_problems(options)]


def _refused(endpoint: Endpoint, options: dict[str, Any], **urls: Any) -> list[tuple[str, str]]:
    with pytest.raises(RequestRefused) as refused:
        endpoint.arguments(Clip(), "noir", options, **urls)
    return [(one.field, str(one.message)) for one in refused.value.reasons]


def test_body_uses_the_names_of_the_record() -> None:
    seed = Option(name="seed", kind="int")
    strength = Option(name="strength", kind="number", default=0.5)
    endpoint = replace(
        SORA_2,
        source=Source(kind="sora_id", param="clip_id"),
        prompt_param="text",
        options=(seed, strength),
    )

    arguments = endpoint.arguments(Clip(), "noir", {"seed": 0, "stranger": 1})

    body = '{"clip_id": "video_123", "text": "noir", "seed": 0, "strength": 0.5}'
    assert json.dumps(arguments) == body


def test_body_has_constants_source_prompt_options_and_references() -> None:
    options = {"seed": 7, "images": ["a.png", "https://x.example/b"]}

    arguments = ANY.arguments(
        Clip(), "noir", options, source_url=URL, urls={"a.png": "https://x.example/a"}
    )

    assert json.dumps(arguments) == (
        '{"sync_mode": false, "clips": ["https://x.example/v"], "prompt": "noir", "sharp": true, '
        '"seed": 7, "images": ["https://x.example/a", "https://x.example/b"]}'
    )


def test_single_reference_is_sent_as_text() -> None:
    one = replace(ANY, references=References(param="image", as_list=False, maximum=1))

    arguments = one.arguments(Clip(), "noir", {"image": ["https://x.example/b"]}, source_url=URL)

    assert arguments["image"] == "https://x.example/b"


@pytest.mark.parametrize("options", [{}, {"images": []}, {"images": UNSET}])
def test_body_without_references_has_no_reference_field(options: dict[str, Any]) -> None:
    assert ANY.complete(options) == {"sharp": True}
    assert ANY.option_problems(options) == []
    assert "images" not in ANY.arguments(Clip(), "noir", options, source_url=URL)


def test_references_are_completed_in_the_given_form() -> None:
    assert ANY.complete({"images": ["a.png"]}) == {"sharp": True, "images": ["a.png"]}
    assert "images" not in replace(ANY, references=None).complete({"images": ["a.png"]})


def test_only_storage_names_need_a_source_copy() -> None:
    options = {"images": ["a.png", "https://x.example/b"]}

    assert ANY.files(options) == ["a.png"]
    assert ANY.files({}) == []
    assert replace(ANY, references=None).files(options) == []


def test_file_without_url_is_not_sent() -> None:
    assert _refused(ANY, {}) == [("videos", "Its file has no URL yet.")]


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (["a.png"], "A reference image has no URL yet."),
        ("a.png", "“images” must be a list."),
        (["a.png"] * 3, "“images” has 3 images, but at most 2 are allowed."),
    ],
)
def test_unsendable_references_are_refused(images: object, reason: str) -> None:
    refused = _refused(ANY, {"images": images}, source_url=URL, urls={"b.png": URL})

    assert refused == [("images", reason)]


def test_option_without_default_is_sent_only_when_chosen() -> None:
    endpoint = replace(SORA_2, options=(Option(name="seed", kind="int"),))

    assert endpoint.complete({}) == {}
    assert endpoint.complete({"seed": UNSET}) == {}
    assert endpoint.complete({"seed": 7}) == {"seed": 7}
    assert endpoint.option_problems({"seed": UNSET}) == []


def test_option_with_null_default_is_sent() -> None:
    endpoint = replace(SORA_2, options=(Option(name="seed", kind="int", default=None),))

    assert endpoint.complete({}) == {"seed": None}


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (Clip(sora_id=""), "it has no Sora id"),
        (Clip(is_deleted_at_provider=True), "has deleted it"),
    ],
)
def test_video_that_can_not_be_the_source_is_refused(clip: Clip, reason: str) -> None:
    with pytest.raises(RequestRefused, match=reason) as refused:
        SORA_2.arguments(clip, "noir", {})

    assert [one.field for one in refused.value.reasons] == ["videos"]
    assert reason in str(SORA_2.refusal(clip))


def test_sora_generation_is_accepted() -> None:
    assert SORA_2.refusal(Clip()) is None


def test_limits_are_those_of_the_source() -> None:
    assert ANY.limits() == ["Files: MP4"]


@pytest.mark.parametrize(
    ("today", "retired"),
    [(date(2026, 9, 23), False), (date(2026, 9, 24), True), (date(2026, 9, 25), True)],
)
def test_endpoint_is_retired_from_its_last_day(today: date, retired: bool) -> None:
    assert SORA_2.is_retired(today) is retired


def test_endpoint_without_a_last_day_is_never_retired() -> None:
    assert not replace(SORA_2, ends_on=None).is_retired(date.max)


@pytest.mark.parametrize(
    ("seconds", "cost"),
    [
        (Decimal(4), Decimal("0.40")),
        (Decimal("0.001"), Decimal("0.0001")),
        (Decimal("8.333"), Decimal("0.8333")),
        (None, None),
    ],
)
def test_cost_depends_on_the_length_of_the_source(
    seconds: Decimal | None, cost: Decimal | None
) -> None:
    assert SORA_2.estimate(Clip(duration=seconds)) == cost


def test_cost_uses_the_defaults_of_omitted_options() -> None:
    size = Option(name="size", kind="enum", choices=("s", "m"), default="s")
    price = Price(by=("size",), per_run={"s": Decimal(1), "m": Decimal(2)})
    endpoint = replace(ANY, options=(size,), price=price)

    assert endpoint.estimate(Clip()) == 1
    assert endpoint.estimate(Clip(), {"size": "m"}) == 2
    assert endpoint.estimate(Clip(), {"size": UNSET}) is None


@pytest.mark.parametrize(
    ("seconds", "wanted", "warnings"),
    [
        (6, 5, ["The result is only 5 s long."]),
        (5, 5, []),
        (6, 0, []),
        (6, 7, []),
        (None, 5, []),
        (9, 5, ["Only its first 8 s are used.", "The result is only 5 s long."]),
        (9, 0, ["Only its first 8 s are used."]),
    ],
)
def test_result_shorter_than_the_video_is_a_warning(
    seconds: int | None, wanted: int, warnings: list[str]
) -> None:
    endpoint = replace(
        ANY,
        source=Source(kind="url", param="video_url", cut_at_seconds=8),
        options=(Option(name="duration", kind="int"),),
        price=Price(duration_option="duration"),
    )
    clip = Clip(duration=None if seconds is None else Decimal(seconds))

    assert endpoint.warnings(clip, {"duration": wanted}) == warnings


def test_audio_uses_the_defaults_of_omitted_options() -> None:
    endpoint = replace(ANY, audio=Audio(policy="switch", param="sharp", keep=True, drop=False))

    assert endpoint.sound({}) == "The video's sound is kept."
    assert endpoint.sound({"sharp": False}) == "The video's sound is removed."
    assert ANY.sound({}) == "It is unknown what happens to the sound."


@pytest.mark.parametrize(
    ("prompt", "most", "reason"),
    [
        ("", None, "The prompt is empty."),
        (" \n\t", None, "The prompt is empty."),
        ("12345", 4, "The prompt is longer than 4 characters."),
        ("1234", 4, None),
        ("x" * 20_000, None, None),
        ("x" * 20_001, None, "The prompt is longer than 20000 characters."),
    ],
)
def test_prompt_is_validated(prompt: str, most: int | None, reason: str | None) -> None:
    problem = replace(SORA_2, prompt_max=most).prompt_problem(prompt)

    assert problem == reason


def test_each_unsendable_option_is_named() -> None:
    assert _reasons(SORA_2, {"delete_video": "no", "seed": 1}) == [
        ("delete_video", "“delete_video” must be true or false."),
        ("seed", "“Sora 2” has no option “seed”."),
    ]
    assert _reasons(ANY, {"images": "a.png"}) == [("images", "“images” must be a list.")]


@pytest.mark.parametrize("value", [0, 7])
def test_each_pair_of_exclusive_options_is_named_once(value: int) -> None:
    reasons = _reasons(ANY, {"seed": value, "style": "noir", "images": ["a.png"]})

    assert reasons == [
        ("seed", "“seed” can't be set together with “images”."),
        ("seed", "“seed” can't be set together with “style”."),
    ]


@pytest.mark.parametrize("style", [{}, {"style": UNSET}, {"style": ""}])
def test_unset_option_excludes_nothing(style: dict[str, Any]) -> None:
    assert _reasons(ANY, {"seed": 7, "images": [], **style}) == []
    assert _reasons(ANY, {"style": "noir", "images": ["a.png"]}) == []


def test_switch_that_is_off_excludes_nothing() -> None:
    options = (Option(name="a", kind="bool", excludes=("b",)), Option(name="b", kind="bool"))
    endpoint = replace(ANY, options=options)

    assert _reasons(endpoint, {"a": True, "b": False}) == []
    assert _reasons(endpoint, {"a": False, "b": True}) == []
    assert len(_reasons(endpoint, {"a": True, "b": True})) == 1


def test_default_that_is_sent_excludes_other_options() -> None:
    first = Option(name="a", kind="text", default="x", excludes=("b",))
    endpoint = replace(ANY, options=(first, Option(name="b", kind="text")))

    assert _reasons(endpoint, {"b": "y"}) == [("a", "“a” can't be set together with “b”.")]
    assert _reasons(endpoint, {"a": UNSET, "b": "y"}) == []


@pytest.mark.parametrize(
    ("limits", "seconds", "most"),
    [
        ({"max_seconds": 10}, "4", "4"),
        ({"max_seconds": 10}, None, "10"),
        ({"below_seconds": 15}, None, "15"),
        ({"max_seconds": 60, "cut_at_seconds": 8}, None, "8"),
        ({"safe_seconds": 10}, None, None),
    ],
)
def test_largest_cost_is_that_of_the_longest_video(
    limits: dict[str, Any], seconds: str | None, most: str | None
) -> None:
    endpoint = replace(ANY, source=Source(kind="url", param="clip", **limits))
    length = None if seconds is None else Decimal(seconds)

    assert endpoint.most_cost(Clip(duration=length)) == (None if most is None else Decimal(most))


def test_largest_cost_uses_the_highest_rate_where_none_is_known() -> None:
    per_second = {"720p": Decimal(2), "1080p": Decimal(3)}
    price = Price(by=("size",), per_output_second=per_second, per_run={"": Decimal(1)})
    endpoint = replace(ANY, price=price, options=(Option(name="size", kind="text"),))

    costs = [endpoint.most_cost(Clip(duration=Decimal(4)), {"size": one}) for one in ("720p", "4k")]

    assert costs == [9, 13]


@pytest.mark.parametrize(
    ("endpoint", "options", "forgets"),
    [
        (SORA_2, {"delete_video": True}, True),
        (SORA_2, {"delete_video": False}, False),
        (SORA_2, {"delete_video": "false"}, False),
        (SORA_2, {}, False),
        (replace(SORA_2, deletes_result=""), {"": False, "delete_video": True}, False),
    ],
)
def test_endpoint_forgets_only_results_requested_to_be_deleted(
    endpoint: Endpoint, options: dict[str, Any], forgets: bool
) -> None:
    assert endpoint.forgets(options) is forgets
