"""What is sent is what the record says, to the last type; what it can't take is said before."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest
from pytest_django import Settings

from sora_remix.endpoints import (
    SORA_2,
    UNSET,
    Endpoint,
    Option,
    Outputs,
    Price,
    Source,
    all_endpoints,
    default_endpoint,
    get_endpoint,
)
from sora_remix.exceptions import InvalidEndpoint, RequestRefused, UnknownEndpoint

RECORD: dict[str, Any] = {
    "endpoint_id": "fal-ai/mine",
    "label": "Mine",
    "source": {"kind": "sora_id", "param": "clip_id"},
    "price": {"per_source_second": "0.05"},
}
Kind = Literal["bool", "int", "number", "enum", "text"]


@dataclass
class Clip:
    sora_id: str = "video_123"
    is_deleted_at_provider: bool = False
    duration: Decimal | None = Decimal(4)


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in RECORD.items() if key != name}


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, '{"video_id": "video_123", "prompt": "make it noir", "delete_video": false}'),
        (
            {"delete_video": True},
            '{"video_id": "video_123", "prompt": "make it noir", "delete_video": true}',
        ),
    ],
)
def test_the_body_for_sora_2_is_the_one_written_by_hand(options: dict[str, Any], body: str) -> None:
    arguments = SORA_2.arguments(Clip(), "make it noir", options)

    assert json.dumps(arguments) == body


def test_the_body_names_everything_as_the_record_does() -> None:
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


def test_an_option_without_default_is_sent_only_when_chosen() -> None:
    endpoint = replace(SORA_2, options=(Option(name="seed", kind="int"),))

    assert endpoint.complete({}) == {}
    assert endpoint.complete({"seed": UNSET}) == {}
    assert endpoint.complete({"seed": 7}) == {"seed": 7}


def test_an_option_whose_default_is_null_is_sent() -> None:
    endpoint = replace(SORA_2, options=(Option(name="seed", kind="int", default=None),))

    assert endpoint.complete({}) == {"seed": None}


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (Clip(sora_id=""), "it has no Sora id"),
        (Clip(is_deleted_at_provider=True), "has deleted it"),
    ],
)
def test_a_video_that_can_not_be_the_source_is_refused(clip: Clip, reason: str) -> None:
    with pytest.raises(RequestRefused, match=reason) as refused:
        SORA_2.arguments(clip, "noir", {})

    assert [one.field for one in refused.value.reasons] == ["videos"]
    assert reason in str(SORA_2.refusal(clip))


def test_a_sora_generation_is_not_refused() -> None:
    assert SORA_2.refusal(Clip()) is None


@pytest.mark.parametrize(
    ("today", "retired"),
    [(date(2026, 9, 23), False), (date(2026, 9, 24), True), (date(2026, 9, 25), True)],
)
def test_an_endpoint_is_retired_from_its_last_day_on(today: date, retired: bool) -> None:
    assert SORA_2.is_retired(today) is retired


def test_an_endpoint_without_a_last_day_is_never_retired() -> None:
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
def test_a_remix_costs_what_its_source_is_long(
    seconds: Decimal | None, cost: Decimal | None
) -> None:
    assert SORA_2.estimate(Clip(duration=seconds)) == cost


def test_an_estimate_fits_the_column_it_is_kept_in() -> None:
    price = Price(per_source_second=Decimal("0.3333333333"))

    assert price.estimate(Decimal("1.001")) == Decimal("0.333667")


@pytest.mark.parametrize(
    ("prompt", "most", "reason"),
    [
        ("", None, "The prompt is empty."),
        (" \n\t", None, "The prompt is empty."),
        ("12345", 4, "The prompt is longer than 4 characters."),
        ("1234", 4, None),
        ("x" * 100_000, None, None),
    ],
)
def test_a_prompt_is_looked_at_before_it_is_paid(
    prompt: str, most: int | None, reason: str | None
) -> None:
    problem = replace(SORA_2, prompt_max=most).prompt_problem(prompt)

    assert problem == reason


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bool", True),
        ("bool", False),
        ("int", 0),
        ("int", -7),
        ("number", 0),
        ("number", 0.5),
        ("text", ""),
        ("text", "noir"),
        ("enum", "any"),
    ],
)
def test_a_value_of_the_wire_type_is_no_problem(kind: Kind, value: object) -> None:
    assert Option(name="it", kind=kind).problem(value) is None


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("bool", 0, "true or false"),
        ("bool", 1, "true or false"),
        ("bool", "true", "true or false"),
        ("bool", None, "true or false"),
        ("int", True, "a whole number"),
        ("int", 1.0, "a whole number"),
        ("int", "1", "a whole number"),
        ("number", False, "a number"),
        ("number", "0.5", "a number"),
        ("number", Decimal("0.5"), "a number"),
        ("text", 5, "a text"),
        ("text", None, "a text"),
        ("enum", True, "a text"),
    ],
)
def test_a_value_of_another_type_is_named(kind: Kind, value: object, expected: str) -> None:
    assert Option(name="it", kind=kind).problem(value) == f"“it” must be {expected}."


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_does_not_have_is_a_problem(value: float) -> None:
    assert Option(name="it", kind="number").problem(value)


@pytest.mark.parametrize(
    ("choices", "value"), [((0, 5), 0), (("0", "5"), "0"), ((True,), True), ((0.0, 1.0), 1.0)]
)
def test_a_choice_is_no_problem(choices: tuple[Any, ...], value: object) -> None:
    assert Option(name="it", kind="enum", choices=choices).problem(value) is None


@pytest.mark.parametrize(
    ("choices", "value"),
    [
        ((0, 5), "0"),
        ((0, 5), False),
        ((0, 5), 0.0),
        (("0", "5"), 0),
        ((True,), 1),
        (("a", "b"), "A"),
        (("a", "b"), ["a"]),
    ],
)
def test_what_only_looks_like_a_choice_is_named_with_those_there_are(
    choices: tuple[Any, ...], value: object
) -> None:
    problem = Option(name="it", kind="enum", choices=choices).problem(value)

    assert problem == f"“it” must be one of: {', '.join(map(str, choices))}."


@pytest.mark.parametrize(
    ("least", "most", "value", "span"),
    [
        (1, 10, 0, "from 1 to 10"),
        (1, 10, 11, "from 1 to 10"),
        (1, None, 0, "from 1 to …"),
        (None, 10, 11, "from … to 10"),
        (0, None, -1, "from 0 to …"),
    ],
)
def test_a_number_out_of_bounds_is_named_with_them(
    least: float | None, most: float | None, value: int, span: str
) -> None:
    option = Option(name="it", kind="int", minimum=least, maximum=most)

    assert option.problem(value) == f"“it” must be {span}."


@pytest.mark.parametrize("value", [1, 10])
def test_the_bounds_themselves_are_allowed(value: int) -> None:
    assert Option(name="it", kind="int", minimum=1, maximum=10).problem(value) is None


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        (Option(name="it", kind="bool"), "true", True),
        (Option(name="it", kind="bool"), "False", False),
        (Option(name="it", kind="int"), "-7", -7),
        (Option(name="it", kind="number"), "0.5", 0.5),
        (Option(name="it", kind="text"), "5", "5"),
        (Option(name="it", kind="enum", choices=(5, 10)), "10", 10),
        (Option(name="it", kind="enum", choices=("5", "10")), "10", "10"),
    ],
)
def test_typed_text_becomes_a_value_of_the_wire_type(
    option: Option, text: str, value: object
) -> None:
    read = option.read(text)

    assert (read, type(read)) == (value, type(value))
    assert option.problem(read) is None


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (Option(name="it", kind="bool"), "yes"),
        (Option(name="it", kind="int"), "1.5"),
        (Option(name="it", kind="number"), "much"),
        (Option(name="it", kind="enum", choices=(5, 10)), "7"),
        (Option(name="it", kind="int", choices=(5, 10)), "7"),
    ],
)
def test_typed_text_that_can_not_be_read_is_a_problem_later(option: Option, text: str) -> None:
    assert option.problem(option.read(text))


def test_each_option_that_can_not_be_sent_is_named() -> None:
    reasons = SORA_2.option_problems({"delete_video": "no", "seed": 1})

    assert [(reason.field, str(reason.message)) for reason in reasons] == [
        ("delete_video", "“delete_video” must be true or false."),
        ("seed", "“Sora 2” has no option “seed”."),
    ]


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
def test_only_a_result_that_was_asked_to_be_deleted_is_forgotten(
    endpoint: Endpoint, options: dict[str, Any], forgets: bool
) -> None:
    assert endpoint.forgets(options) is forgets


def test_a_site_adds_an_endpoint_by_its_settings(settings: Settings) -> None:
    size = {"name": "size", "kind": "enum", "choices": ["s", "m"], "default": "s"}
    added = {**RECORD, "options": [size], "outputs": {"video": "clip"}}
    settings.SORA_REMIX_ENDPOINTS = {"mine": added}

    mine = get_endpoint("mine")

    assert (str(mine), mine.key, mine.outputs) == ("Mine", "mine", Outputs(video="clip"))
    assert mine.estimate(Clip()) == Decimal("0.20")
    body = {"clip_id": "video_123", "prompt": "noir", "size": "s"}
    assert mine.arguments(Clip(), "noir", {}) == body
    assert mine.arguments(Clip(), "noir", {"size": "m"}) == {**body, "size": "m"}


@pytest.mark.parametrize("amount", ["0.05", 0.05, Decimal("0.05")])
def test_a_price_is_exact_however_it_is_written(settings: Settings, amount: object) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"mine": {**RECORD, "price": {"per_source_second": amount}}}

    assert get_endpoint("mine").price == Price(per_source_second=Decimal("0.05"))


def test_a_site_replaces_a_built_in_endpoint_by_a_record(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"sora-2": replace(SORA_2, label="Ours")}

    assert [str(endpoint) for endpoint in all_endpoints().values()] == ["Ours"]


def test_the_endpoint_that_is_set_is_offered_first(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"mine": RECORD}
    settings.SORA_REMIX_ENDPOINT = "mine"

    assert default_endpoint().key == "mine"


def test_without_settings_sora_2_is_offered_first() -> None:
    assert default_endpoint() == SORA_2


def test_an_unknown_endpoint_is_answered_with_those_there_are(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"mine": RECORD}

    with pytest.raises(UnknownEndpoint, match="“gone”; there are: sora-2, mine"):
        get_endpoint("gone")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({**RECORD, "lable": "x"}, "mine: there is no field “lable”."),
        (_without("label"), "mine: the field “label” is missing."),
        (_without("price"), "mine: the field “price” is missing."),
        (
            {**RECORD, "source": {"kind": "sora_id"}},
            "mine.source: the field “param” is missing.",
        ),
        (
            {**RECORD, "price": {"per_second": "1"}},
            "mine.price: there is no field “per_second”.",
        ),
        (
            {**RECORD, "price": {"per_source_second": "a lot"}},
            "mine.price: “a lot” is not an amount.",
        ),
        ({**RECORD, "outputs": {"clip": "x"}}, "mine.outputs: there is no field “clip”."),
        (
            {**RECORD, "options": [{"name": "a", "kind": "int"}, {"name": "b"}]},
            "mine.options[1]: the field “kind” is missing.",
        ),
    ],
)
def test_a_wrong_record_is_refused_with_its_key_and_field(
    settings: Settings, record: dict[str, Any], message: str
) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"mine": record}

    with pytest.raises(InvalidEndpoint) as error:
        all_endpoints()

    assert str(error.value) == message


@pytest.mark.parametrize(
    "record",
    [
        "fal-ai/mine",
        {**RECORD, "price": 0.05},
        {**RECORD, "price": {"per_source_second": "NaN"}},
        {**RECORD, "source": {"kind": "video_uri", "param": "video"}},
        {**RECORD, "options": [{"name": "seed", "kind": "integer"}]},
        {**RECORD, "ends_on": "2026-09-24"},
        {**RECORD, "key": "yours"},
    ],
)
def test_a_value_that_would_break_later_is_refused_when_the_record_is_read(
    settings: Settings, record: Any
) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"mine": record}

    with pytest.raises(InvalidEndpoint, match="mine"):
        all_endpoints()
