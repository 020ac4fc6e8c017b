"""Inconsistent records are refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sora_remix.endpoints import (
    Audio,
    Endpoint,
    Option,
    Price,
    References,
    Source,
)
from sora_remix.endpoints.reading import read_endpoint
from sora_remix.exceptions import InvalidEndpoint

SIZE = Option(name="size", kind="enum", choices=("s", 2, True), default="s")
SEED = Option(name="seed", kind="int")
IMAGES = References(param="images", as_list=True, maximum=3)
RIGHT = Endpoint(
    key="mine",
    endpoint_id="fal-ai/mine",
    label="Mine",
    source=Source(kind="url", param="clip"),
    price=Price(
        by=("size", "seed"),
        per_run={"": Decimal(1), "s|7": Decimal(1), "2|": Decimal(1), "true|0": Decimal(2)},
        duration_option="seed",
    ),
    references=IMAGES,
    options=(
        SIZE,
        replace(SEED, minimum=0, maximum=9),
        Option(name="loop", kind="bool", default=None, excludes=("images",)),
    ),
    constants={"sync": False},
    audio=Audio(policy="switch", param="size", keep="s", drop=2),
    deletes_result="loop",
)


def test_consistent_parts_are_accepted() -> None:
    assert read_endpoint("mine", RIGHT) is RIGHT


@pytest.mark.parametrize("options", [(), (replace(SIZE, name="other"),)])
def test_record_needs_neither_options_nor_references(options: tuple[Option, ...]) -> None:
    plain = replace(
        RIGHT,
        price=Price(),
        references=None,
        options=options,
        audio=Audio(policy="carried"),
        deletes_result="",
    )

    assert read_endpoint("mine", plain) is plain


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"options": (*RIGHT.options, SEED)},
            "mine.options[3].name: the request already has a “seed”.",
        ),
        (
            {"options": (*RIGHT.options, replace(SEED, name="clip"))},
            "mine.options[3].name: the request already has a “clip”.",
        ),
        (
            {"options": (*RIGHT.options, replace(SEED, name="prompt"))},
            "mine.options[3].name: the request already has a “prompt”.",
        ),
        (
            {"prompt_param": "clip"},
            "mine.prompt_param: the request already has a “clip”.",
        ),
        (
            {"constants": {"prompt": "x"}},
            "mine.constants: the request already has a “prompt”.",
        ),
        (
            {"references": References(param="sync", as_list=True, maximum=1)},
            "mine.references.param: the request already has a “sync”.",
        ),
        (
            {"source": Source(kind="url", param="clip", min_seconds=9, below_seconds=8)},
            "mine.source.min_seconds: it must not be above “below_seconds”.",
        ),
        (
            {"source": Source(kind="sora_id", param="clip", codecs=("h264",))},
            "mine.source.codecs: it has no effect: the request names an id and sends no file.",
        ),
        (
            {"references": replace(IMAGES, min_aspect=2, max_aspect=1)},
            "mine.references.min_aspect: it must not be above “max_aspect”.",
        ),
        (
            {"options": (SIZE, replace(SEED, minimum=1, maximum=0))},
            "mine.options[1].minimum: it must not be above “maximum”.",
        ),
        (
            {"options": (replace(SIZE, default="xl"),)},
            "mine.options[0].default: “size” must be one of: s, 2, True.",
        ),
        (
            {"options": (SIZE, replace(SEED, default="100%"))},
            "mine.options[1].default: “seed” must be a whole number.",
        ),
        (
            {"options": (SIZE, replace(SEED, choices=(1, "2")))},
            "mine.options[1].choices: “2” is not a value of the kind “int”.",
        ),
        (
            {"options": (replace(SIZE, choices=("s", ["m"])),)},
            "mine.options[0].choices: “['m']” is not a value of the kind “enum”.",
        ),
        (
            {"options": (SIZE, replace(SEED, excludes=("size", "50%")))},
            "mine.options[1].excludes: there is no option “50%”.",
        ),
        (
            {"options": (SIZE, replace(SEED, excludes=("seed",)))},
            "mine.options[1].excludes: there is no option “seed”.",
        ),
        (
            {"references": None},
            "mine.options[2].excludes: there is no option “images”.",
        ),
        (
            {"references": References(param="images", as_list=False, maximum=2)},
            "mine.references.maximum: it must be 1 unless “as_list” is set.",
        ),
        (
            {"audio": Audio(policy="switch", keep=True)},
            "mine.audio.param: there is no option “”.",
        ),
        (
            {"audio": Audio(policy="carried", param="keep")},
            "mine.audio.param: there is no option “keep”.",
        ),
        (
            {"audio": Audio(policy="switch", param="size", keep="m")},
            "mine.audio.keep: “size” must be one of: s, 2, True.",
        ),
        (
            {"audio": Audio(policy="switch", param="seed", keep=1, drop=False)},
            "mine.audio.drop: “seed” must be a whole number.",
        ),
        (
            {"price": Price(by=("size", "speed"))},
            "mine.price.by: there is no option “speed”.",
        ),
        (
            {"price": Price(duration_option="duration")},
            "mine.price.duration_option: there is no option “duration”.",
        ),
        ({"deletes_result": "delete"}, "mine.deletes_result: there is no option “delete”."),
        (
            {"price": Price(per_run={"s": Decimal(1)})},
            "mine.price.per_run: no choice of options leads to “s”.",
        ),
        (
            {"price": Price(by=("size",), per_output_second={"m": Decimal(1)})},
            "mine.price.per_output_second: no choice of options leads to “m”.",
        ),
        (
            {"price": Price(by=("size",), per_source_second={"s|7": Decimal(1)})},
            "mine.price.per_source_second: no choice of options leads to “s|7”.",
        ),
    ],
)
def test_inconsistent_part_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidEndpoint) as error:
        read_endpoint("mine", replace(RIGHT, **changes))

    assert str(error.value) == message
