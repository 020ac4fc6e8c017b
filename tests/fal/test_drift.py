"""Records are compared with fal's description of their endpoints."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import clock, fal
from sora_remix.endpoints import (
    SORA_2,
    Endpoint,
    Option,
    Price,
    References,
    Source,
    all_endpoints,
    get_endpoint,
)
from sora_remix.fal import Finding, ListedEndpoint, UnitPrice
from sora_remix.request_pool import wait_for

ID = "fal-ai/sea/edit"
TODAY = date(2026, 11, 25)
RECORD = Endpoint(
    key="sea",
    endpoint_id=ID,
    label="Sea",
    source=Source(kind="url", param="video_url"),
    price=Price(per_run={"": Decimal(1)}, unit_price=Decimal("0.10")),
    references=References(param="image_urls", as_list=True, maximum=4),
    options=(
        Option(name="size", kind="enum", choices=("small", "large"), default="small"),
        Option(name="length", kind="int", choices=(0, 5), default=0),
        Option(name="keep", kind="bool", default=False, endpoint_default=True),
        Option(name="seed", kind="int"),
        Option(name="strength", kind="number", default=0.5),
    ),
    constants={"sync_mode": False},
    ignored=("elements",),
)
TEXT: dict[str, Any] = {"type": "string"}
FIELDS: dict[str, Any] = {
    "prompt": TEXT,
    "video_url": TEXT,
    "image_urls": {"anyOf": [{"type": "array"}, {"type": "null"}]},
    "size": {"type": "string", "enum": ["large", "small"], "default": "small"},
    "length": {"type": "integer", "enum": [0, 5], "default": 0},
    "keep": {"type": "boolean", "default": True},
    "seed": {"type": "integer", "default": 7},
    "strength": {"type": "number", "default": Decimal("0.50")},
    "sync_mode": {"type": "boolean"},
    "elements": {"type": "array"},
}
REQUIRED = ("prompt", "video_url")


def model(
    fields: dict[str, Any] | None = None, required: tuple[str, ...] = REQUIRED, **values: Any
) -> ListedEndpoint:
    properties = {
        name: one for name, one in {**FIELDS, **(fields or {})}.items() if one is not None
    }
    schema = {"properties": properties, "required": required}
    body = {"content": {"application/json": {"schema": schema}}}
    document = {"paths": {f"/{ID}": {"post": {"requestBody": body}}}}
    return ListedEndpoint(**{"endpoint_id": ID, "status": "active", "schema": document, **values})


def texts(
    model: ListedEndpoint | None, price: UnitPrice | None = None, record: Endpoint = RECORD
) -> list[str]:
    findings = fal.drift(record, model, price, today=TODAY)
    assert {(finding.key, finding.is_known) for finding in findings} <= {("sea", False)}
    return [finding.text for finding in findings]


def test_no_built_in_record_differs_from_the_sandbox(
    sandbox: SandboxProcess, settings: Any
) -> None:
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url
    records = all_endpoints().values()
    ids = [record.endpoint_id for record in records]
    models, prices = wait_for(fal.listed_endpoints(ids)), wait_for(fal.prices(ids))

    for record in records:
        known = models.get(record.endpoint_id), prices.get(record.endpoint_id)
        assert None not in known
        assert fal.drift(record, *known, today=clock.today()) == []


@pytest.mark.parametrize(
    "record", [one for one in all_endpoints().values() if one.key != "gemini-omni"], ids=str
)
def test_every_built_in_record_has_a_price_to_compare(record: Endpoint) -> None:
    assert record.price.unit_price is not None


def test_matching_record_does_not_differ() -> None:
    assert texts(model(), UnitPrice(Decimal("0.1"), "seconds", "USD")) == []


def test_unlisted_endpoint_is_gone() -> None:
    assert texts(None) == [f"fal does not list {ID}: it was removed, is misspelt or is not public"]


@pytest.mark.parametrize("status", ["deprecated", "asleep"])
def test_inactive_endpoint_is_reported_without_other_differences(status: str) -> None:
    assert texts(model({"new": TEXT}, status=status)) == [f"fal calls {ID} {status}"]


@pytest.mark.parametrize(("days", "is_known"), [(0, True), (1, False)])
@pytest.mark.parametrize("said", [None, model(status="deprecated")])
def test_end_named_by_the_record_is_known(
    said: ListedEndpoint | None, days: int, *, is_known: bool
) -> None:
    record = replace(RECORD, ends_on=TODAY + timedelta(days=days))

    [finding] = fal.drift(record, said, None, today=TODAY)

    assert finding.is_known is is_known
    assert ("the record says that it was switched off on 2026-11-25" in finding.text) is is_known


@pytest.mark.parametrize("schema", [None, {"paths": {}}])
def test_unreadable_schema_is_reported_and_the_price_compared(schema: Any) -> None:
    first, second = texts(model(schema=schema), UnitPrice(Decimal(1), "seconds", "USD"))

    assert first.startswith("its schema can't be read: ")
    assert second == "a unit (seconds) costs 1 USD at fal, 0.1 USD in the record"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"video_url": None}, "fal no longer accepts “video_url”, which contains the video"),
        ({"prompt": None}, "fal no longer accepts “prompt”, which contains the prompt"),
        (
            {"image_urls": None},
            "fal no longer accepts “image_urls”, which contains the references",
        ),
        (
            {"video_url": {"type": "array"}},
            "fal now expects “video_url”, which contains the video, as a list",
        ),
        (
            {"image_urls": TEXT},
            "fal now expects “image_urls”, which contains the references, as one text",
        ),
        ({"sync_mode": None}, "fal no longer accepts “sync_mode”, which the app always sends"),
        ({"seed": None}, "fal no longer has the option “seed”"),
        ({"mood": TEXT}, "fal has an option “mood” that the record doesn't name"),
        (
            {"size": {**FIELDS["size"], "enum": ["small", "huge"]}},
            'the values of “size” are "small", "huge" at fal, "small", "large" in the record',
        ),
        (
            {"size": {**FIELDS["size"], "enum": ["small"]}},
            'the values of “size” are "small" at fal, "small", "large" in the record',
        ),
        (
            {"size": {"type": "string", "default": "small"}},
            'the values of “size” are any at fal, "small", "large" in the record',
        ),
        (
            {"length": {"enum": [False, 5], "default": 0}},
            "the values of “length” are false, 5 at fal, 0, 5 in the record",
        ),
        (
            {"length": {"enum": [0, "5"], "default": 0}},
            'the values of “length” are 0, "5" at fal, 0, 5 in the record',
        ),
        ({"seed": TEXT}, "the type of “seed” is string at fal, int in the record"),
        (
            {"strength": {"type": "integer", "default": 0.5}},
            "the type of “strength” is integer at fal, number in the record",
        ),
        (
            {"size": {**FIELDS["size"], "default": "large"}},
            'the default of “size” is "large" at fal, "small" in the record',
        ),
        (
            {"keep": {"type": "boolean", "default": False}},
            "the default of “keep” is false at fal, true in the record",
        ),
        (
            {"strength": {"type": "number", "default": Decimal("0.7")}},
            "the default of “strength” is 0.7 at fal, 0.5 in the record",
        ),
        (
            {"strength": {"type": "number"}},
            "the default of “strength” is none at fal, 0.5 in the record",
        ),
    ],
)
def test_each_difference_of_a_field_is_reported(fields: dict[str, Any], expected: str) -> None:
    assert texts(model(fields)) == [expected]


@pytest.mark.parametrize(
    "fields",
    [
        {"elements": None},
        {"seed": {"type": "integer"}},
        {"seed": {}},
        {"seed": {"type": "number"}},
        {"video_url": {}},
        {"length": {"enum": [0.0, 5], "default": 0.0}},
    ],
)
def test_irrelevant_differences_are_not_reported(fields: dict[str, Any]) -> None:
    assert texts(model(fields)) == []


@pytest.mark.parametrize("name", ["mood", "elements", "seed", "image_urls"])
def test_new_required_field_is_reported_unless_it_is_always_sent(name: str) -> None:
    fields = {"mood": TEXT}
    record = replace(RECORD, ignored=("elements", "mood"))
    always = (*REQUIRED, "size", "sync_mode")

    assert texts(model(fields, (*always, name)), record=record) == [
        f"fal requires “{name}”, which the app doesn't always send"
    ]
    assert texts(model(fields, always), record=record) == []


def test_record_without_references_needs_none() -> None:
    record = replace(RECORD, references=None)

    assert texts(model({"image_urls": None}), record=record) == []


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (
            UnitPrice(Decimal("0.1200"), "5 seconds", "USD"),
            ["a unit (5 seconds) costs 0.12 USD at fal, 0.1 USD in the record"],
        ),
        (
            UnitPrice(Decimal("0.10"), "seconds", "EUR"),
            ["a unit (seconds) costs 0.1 EUR at fal, 0.1 USD in the record"],
        ),
        (UnitPrice(Decimal("0.1000"), "units", "USD"), []),
        (None, []),
    ],
)
def test_changed_unit_price_is_reported(price: UnitPrice | None, expected: list[str]) -> None:
    assert texts(model(), price) == expected


@pytest.mark.parametrize(
    ("default", "shown"),
    [
        (Decimal("1e-999999999"), "1E-999999999"),
        (Decimal("1e999999999"), "1E+999999999"),
        ("x" * 1000, '"' + "x" * 400),
        ("a\0\x1b[2J\n", '"a\\u0000\\u001b[2J\\n"'),
    ],
)
def test_value_of_any_length_is_reported_in_a_short_line(default: Any, shown: str) -> None:
    field = {"type": "string", "enum": ["large", "small"], "default": default}

    [text] = texts(model({"size": field}))

    assert shown in text
    assert text.isprintable()
    assert len(text) <= 500


def test_name_is_reported_without_control_characters() -> None:
    assert texts(model({"\x1b[2Jse\ned\ud83d": TEXT})) == [
        "fal has an option “[2Jse ed” that the record doesn't name"
    ]


def test_price_missing_from_the_record_is_not_compared() -> None:
    record = replace(RECORD, price=Price(per_run={"": Decimal(1)}))

    assert texts(model(), UnitPrice(Decimal(9), "units", "EUR"), record) == []


def test_sandbox_reports_differences_as_fal_does(sandbox: SandboxProcess, settings: Any) -> None:
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url
    flux = get_endpoint("flux-3")
    sandbox.endpoint(flux.endpoint_id, schema={"properties": {"mood": {"type": "string"}}})
    models = wait_for(fal.listed_endpoints([flux.endpoint_id, SORA_2.endpoint_id]))

    assert fal.drift(flux, models[flux.endpoint_id], None, today=TODAY) == [
        Finding("flux-3", "fal has an option “mood” that the record doesn't name")
    ]
