"""Limits of values from fal equal those of the columns."""

from __future__ import annotations

from django.db.models import CharField, Model

from sora_remix.fal import answers, catalogue, queue
from sora_remix.models import EndpointFact, Remix, SourceCopy, Video


def test_limits_equal_those_of_the_columns() -> None:
    columns: dict[tuple[type[Model], str], int] = {
        (Remix, "request_id"): answers.MAX_ID,
        (Remix, "error_code"): answers.MAX_CODE,
        (SourceCopy, "error_code"): answers.MAX_CODE,
        (Video, "sora_id"): queue.SORA_ID,
        (EndpointFact, "endpoint_id"): catalogue.MAX_ENDPOINT_ID,
        (EndpointFact, "unit"): catalogue.MAX_UNIT,
        (EndpointFact, "currency"): catalogue.MAX_CURRENCY,
    }

    limits = {(model, name): _length(model, name) for model, name in columns}

    assert limits == columns


def _length(model: type[Model], name: str) -> int | None:
    field = model._meta.get_field(name)
    assert isinstance(field, CharField)
    return field.max_length
