"""A wrong record in the settings is reported at start with the path to the error."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import gettext_lazy

from sora_remix.endpoints import (
    SORA_2,
    UNSET,
    Audio,
    Endpoint,
    Option,
    Outputs,
    Price,
    References,
    Source,
)
from sora_remix.endpoints.reading import read_endpoint, readers
from sora_remix.exceptions import InvalidEndpoint

RECORD: dict[str, Any] = {
    "endpoint_id": "fal-ai/mine",
    "label": "Mine",
    "source": {"kind": "url", "param": "clip"},
    "price": {"per_source_second": "0.05"},
    "references": {"param": "images", "as_list": True, "maximum": 3},
    "audio": {"policy": "unknown"},
    "options": [
        {"name": "size", "kind": "enum", "choices": ["s", 2], "default": "s"},
        {"name": "loop", "kind": "bool"},
        {"name": "seed", "kind": "int", "minimum": 0, "maximum": 9},
    ],
}


def _changed(path: str, value: object) -> dict[str, Any]:
    """Return the record with one value replaced, like `source.param` or `options[2]`."""
    *parents, last = path.split(".")
    if not parents:
        return {**RECORD, last: value}
    [parent] = parents
    if parent.startswith("options["):
        options = list(RECORD["options"])
        options[int(parent[8])] = {**options[int(parent[8])], last: value}
        return {**RECORD, "options": options}
    return {**RECORD, parent: {**RECORD.get(parent, {}), last: value}}


def _message(record: object) -> str:
    with pytest.raises(InvalidEndpoint) as error:
        read_endpoint("mine", record)
    return str(error.value)


def test_record_in_plain_terms_is_read_completely() -> None:
    record = {
        "key": "mine",
        "endpoint_id": "fal-ai/mine",
        "label": gettext_lazy("Mine"),
        "vendor": "Us",
        "source": {
            "kind": "url",
            "param": "clips",
            "as_list": True,
            "extensions": [".mp4", ".mov"],
            "codecs": ["h264", "hevc"],
            "min_seconds": 0.7,
            "max_seconds": Decimal("30.05"),
            "max_bytes": 1000,
            "safe_side": None,
        },
        "price": {
            "by": ["size"],
            "per_run": {"s": 1, "m": "0.5"},
            "per_output_second": 0.1,
            "floor": "0.2",
            "as_of": date(2026, 1, 2),
            "is_firm": False,
        },
        "references": {"param": "images", "as_list": True, "maximum": 3, "max_aspect": 2.5},
        "options": (
            {"name": "size", "kind": "enum", "choices": ["s", "m"], "default": "s"},
            {"name": "seed", "kind": "int", "default": UNSET, "excludes": ["images", "size"]},
        ),
        "constants": {"sync": False},
        "audio": {"policy": "switch", "param": "size", "keep": "m"},
        "outputs": {"video": "clip"},
        "ends_on": date(2027, 1, 1),
    }

    assert read_endpoint("mine", record) == Endpoint(
        key="mine",
        endpoint_id="fal-ai/mine",
        label="Mine",
        vendor="Us",
        source=Source(
            kind="url",
            param="clips",
            as_list=True,
            extensions=(".mp4", ".mov"),
            codecs=("h264", "hevc"),
            min_seconds=Decimal("0.7"),
            max_seconds=Decimal("30.05"),
            max_bytes=1000,
        ),
        price=Price(
            by=("size",),
            per_run={"s": Decimal(1), "m": Decimal("0.5")},
            per_output_second={"": Decimal("0.1")},
            floor=Decimal("0.2"),
            as_of=date(2026, 1, 2),
            is_firm=False,
        ),
        references=References(param="images", as_list=True, maximum=3, max_aspect=Decimal("2.5")),
        options=(
            Option(name="size", kind="enum", choices=("s", "m"), default="s"),
            Option(name="seed", kind="int", excludes=("images", "size")),
        ),
        constants={"sync": False},
        audio=Audio(policy="switch", param="size", keep="m"),
        outputs=Outputs(video="clip"),
        ends_on=date(2027, 1, 1),
    )


@pytest.mark.parametrize("amount", ["0.05", 0.05, Decimal("0.05"), {"": "0.05"}])
def test_price_is_exact_in_any_notation(amount: object) -> None:
    endpoint = read_endpoint("mine", _changed("price.per_source_second", amount))

    assert endpoint.price == Price(per_source_second={"": Decimal("0.05")})


@pytest.mark.parametrize("kind", [Endpoint, Source, References, Option, Audio, Price, Outputs])
def test_every_field_has_a_reader(kind: type) -> None:
    assert {field.name for field in fields(kind)} == readers(kind).keys()


def test_endpoint_object_is_accepted_under_its_own_key() -> None:
    mine = replace(SORA_2, key="mine")

    assert read_endpoint("mine", mine) is mine
    assert _message(SORA_2) == "mine: the record has another key, “sora-2”."
    assert _message({**RECORD, "key": "yours"}) == "mine: the record has another key, “yours”."


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("lable", "x", "mine: there is no field “lable”."),
        ("source.max_second", 1, "mine.source: there is no field “max_second”."),
        ("price.per_second", "1", "mine.price: there is no field “per_second”."),
        ("references.number", 1, "mine.references: there is no field “number”."),
        ("audio.kept", 1, "mine.audio: there is no field “kept”."),
        ("outputs.clip", "x", "mine.outputs: there is no field “clip”."),
        ("options[1].typ", "x", "mine.options[1]: there is no field “typ”."),
        ("source", {"kind": "url"}, "mine.source: the field “param” is missing."),
        ("audio", {}, "mine.audio: the field “policy” is missing."),
        (
            "references",
            {"param": "x", "as_list": True},
            "mine.references: the field “maximum” is missing.",
        ),
        ("options", [{"name": "a"}], "mine.options[0]: the field “kind” is missing."),
        ("source.kind", "video_uri", "mine.source.kind: “video_uri” is not a known kind."),
        ("options[0].kind", ["int"], "mine.options[0].kind: “['int']” is not a known kind."),
        ("audio.policy", "loud", "mine.audio.policy: “loud” is not a known kind."),
        ("options", {}, "mine.options: “{}” is not a list."),
        ("options", "seed", "mine.options: “seed” is not a list."),
        ("options", ["seed"], "mine.options[0]: “seed” is not a dictionary of fields."),
        ("price", 0.05, "mine.price: “0.05” is not a dictionary of fields."),
        ("constants", {1: 2}, "mine.constants: “1” is not a name."),
        ("ends_on", "2026-09-24", "mine.ends_on: “2026-09-24” is not a date."),
        ("source.extensions", ".mp4", "mine.source.extensions: “.mp4” is not a list."),
        (
            "source.extensions",
            ["mp4"],
            "mine.source.extensions: “mp4” is not an extension such as “.mp4”.",
        ),
        (
            "source.extensions",
            [".MP4"],
            "mine.source.extensions: “.MP4” is not an extension such as “.mp4”.",
        ),
        *(
            (
                "source.codecs",
                [name],
                f"mine.source.codecs: “{name}” is not FFmpeg's name of a codec, such as “h264”.",
            )
            for name in ("H264", "H.264", "h264 hevc", "h264\n")
        ),
        ("source.min_seconds", "3", "mine.source.min_seconds: “3” is not a number."),
        ("source.max_bytes", 1.5, "mine.source.max_bytes: “1.5” is not a whole number above 0."),
        ("source.as_list", 1, "mine.source.as_list: “1” is neither True nor False."),
        (
            "price.per_source_second",
            "a lot",
            "mine.price.per_source_second: “a lot” is not an amount.",
        ),
        ("price.per_run", {"": "NaN"}, "mine.price.per_run: “NaN” is not an amount."),
        ("price.per_run", {1: 1}, "mine.price.per_run: “1” is not a text."),
    ],
)
def test_unreadable_part_is_named_with_its_path(path: str, value: object, message: str) -> None:
    assert _message(_changed(path, value)) == message


@pytest.mark.parametrize("name", ["endpoint_id", "label", "source", "price"])
def test_missing_part_is_named(name: str) -> None:
    record = {key: value for key, value in RECORD.items() if key != name}

    assert _message(record) == f"mine: the field “{name}” is missing."


def test_value_that_is_not_a_record_is_named() -> None:
    assert _message("fal-ai/mine") == "mine: “fal-ai/mine” is not a dictionary of fields."


TEXTS = [
    "label",
    "vendor",
    "prompt_hint",
    "deletes_result",
    "successor",
    "note",
    "doc_url",
    "references.tag",
    "references.label",
    "references.help",
    "options[0].label",
    "options[0].help",
    "audio.param",
    "price.duration_option",
    "price.url",
    "outputs.sora_id",
    "outputs.thumbnail",
    "outputs.spritesheet",
]
NAMES = [
    "endpoint_id",
    "prompt_param",
    "source.param",
    "references.param",
    "options[0].name",
    "outputs.video",
]
SWITCHES = [
    "source.as_list",
    "references.as_list",
    "options[0].advanced",
    "price.min_source_as_output",
    "price.duration_cuts",
    "price.is_firm",
]
COUNTS = [
    "prompt_max",
    "typical_seconds",
    "source.max_bytes",
    "source.below_bytes",
    "source.min_side",
    "source.max_side",
    "source.safe_side",
    "references.maximum",
    "references.max_bytes",
    "references.min_side",
]
NUMBERS = [
    "source.min_seconds",
    "source.max_seconds",
    "source.below_seconds",
    "source.cut_at_seconds",
    "source.safe_seconds",
    "source.min_aspect",
    "source.max_aspect",
    "source.min_fps",
    "source.max_fps",
    "references.min_aspect",
    "references.max_aspect",
]
LISTS = [
    "options",
    "source.extensions",
    "source.codecs",
    "references.extensions",
    "options[0].choices",
    "options[0].excludes",
    "price.by",
]
AMOUNTS = ["price.per_source_second", "price.per_output_second", "price.per_run", "price.floor"]
MAPPINGS = ["source", "price", "references", "audio", "outputs", "constants"]
DATES = ["ends_on", "checked_on", "price.as_of"]
WRONG: dict[str, tuple[list[str], list[Any]]] = {
    "text": (TEXTS, [5, None, ["x"]]),
    "name": (NAMES, [5, None, ""]),
    "switch": (SWITCHES, [1, "true", None]),
    "count": (COUNTS, ["5", True, 0, -1, 1.5]),
    "number": (NUMBERS, ["5", True, -1, float("nan"), float("inf"), [5]]),
    "bound": (["options[2].minimum", "options[2].maximum"], ["5", True, float("inf"), [5]]),
    "list": (LISTS, ["x", {"x": 1}, 5, None]),
    "names": (
        ["source.extensions", "source.codecs", "options[0].excludes", "price.by"],
        [[5], [""]],
    ),
    "amount": (AMOUNTS, ["a lot", True, -1, "-1", "Infinity", [5]]),
    "mapping": (MAPPINGS, ["x", 5, ["x"]]),
    "date": (DATES, ["2026-09-24", 5, datetime(2026, 9, 24, tzinfo=UTC)]),
    "json": (["constants"], [{"x": {1}}, {"x": float("nan")}, {"x": object()}]),
}


@pytest.mark.parametrize(
    ("path", "value"),
    [(path, value) for paths, values in WRONG.values() for path in paths for value in values],
)
def test_value_of_another_type_is_refused_everywhere(path: str, value: object) -> None:
    assert _message(_changed(path, value)).startswith(f"mine.{path}")


@pytest.mark.parametrize("path", ["prompt_max", "references", "ends_on", "source.max_seconds"])
def test_optional_part_can_be_none(path: str) -> None:
    assert read_endpoint("mine", _changed(path, None)).key == "mine"


def test_record_used_by_these_tests_is_valid() -> None:
    assert read_endpoint("mine", RECORD).key == "mine"
